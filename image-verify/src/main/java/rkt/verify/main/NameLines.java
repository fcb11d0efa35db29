package rkt.verify.main;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import rkt.spec.Printable;
import rkt.spec.SpecException;

/**
 * What images are called, a line each: as they come, of any number, in bounded memory. Whatever is
 * no line end belongs to a name.
 */
final class NameLines {
  private static final int LONGEST = 64 << 10;

  private final InputStream in;

  NameLines(InputStream in) {
    this.in = new BufferedInputStream(in);
  }

  /**
   * The next line that is not empty; null behind the last.
   *
   * @throws SpecException of class usage, if it is no name; the next call gives the line behind it
   */
  @Nullable String next() throws SpecException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    long length = 0;
    try {
      for (int b = in.read(); ; b = in.read()) {
        if (b >= 0 && b != '\n') {
          length++;
          if (length <= LONGEST) {
            line.write(b);
          }
        } else if (length > LONGEST) {
          throw SpecException.usage("a line of stdin has " + length + " bytes");
        } else if (length > 0) {
          return text(line.toByteArray());
        } else if (b < 0) {
          return null;
        }
      }
    } catch (CharacterCodingException e) {
      throw notUtf8(line.toString(StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      throw SpecException.system("cannot read stdin: " + e.getMessage(), e);
    }
  }

  /** Refuses a word that Java has read with a mark for each byte that it could not. */
  static void requireText(String word) throws SpecException {
    if (word.indexOf('\ufffd') >= 0) {
      throw notUtf8(word);
    }
  }

  private static String text(byte[] line) throws CharacterCodingException {
    return StandardCharsets.UTF_8
        .newDecoder()
        .onMalformedInput(CodingErrorAction.REPORT)
        .onUnmappableCharacter(CodingErrorAction.REPORT)
        .decode(ByteBuffer.wrap(line))
        .toString();
  }

  private static SpecException notUtf8(String name) {
    StringBuilder shown = new StringBuilder();
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      shown.append(c >= 0x80 && c < 0x100 ? "\\x" + Integer.toHexString(c) : String.valueOf(c));
    }
    return SpecException.usage(
        "the name \""
            + Printable.of(shown.toString())
            + "\" is not UTF-8, and no such file can be opened",
        "rename it, or make a link of another name to it");
  }
}
