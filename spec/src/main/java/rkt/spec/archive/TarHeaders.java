package rkt.spec.archive;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.commons.compress.archivers.tar.TarUtils;
import org.jspecify.annotations.Nullable;
import rkt.spec.SpecException;

/**
 * Walks the headers of a tar: names, types and sizes, with bounded memory. The library's own reader
 * is not used, because it reads an extended header of any length into memory.
 */
public final class TarHeaders {
  private static final int BLOCK = 512;
  private static final int MAX_HEADER = 1 << 20;

  /** As paths in layers: what is longer no kernel opens. spec/rendering.md */
  private static final int LONGEST_NAME = 4096;

  private static final int SKIP = 256 << 10;

  private final InputStream in;
  private final String what;
  private final byte[] block = new byte[BLOCK];
  private final byte[] skipped = new byte[SKIP];
  private long left;

  /** The size of the entry that {@link #next} gave. */
  private long current;

  /**
   * @param in skipped over where nothing is wanted, so what must see every byte overrides skip
   */
  public TarHeaders(InputStream in, String what) {
    this.in = in;
    this.what = what;
  }

  /**
   * An entry; its name as it was written, one char for each byte.
   *
   * @param link what a link leads to; empty for anything else
   */
  public record Entry(String name, char type, long sizeBytes, String link) {

    public boolean isFile() {
      return (type == '0' || type == 0 || type == '7') && !name.endsWith("/");
    }

    /** Whether it stands for another entry, hard or symbolic. */
    public boolean isLink() {
      return type == '1' || type == '2';
    }

    public boolean isDirectory() {
      return type == '5' || ((type == '0' || type == 0) && name.endsWith("/"));
    }

    /** The first component. */
    public String top() {
      String plain = plain();
      int slash = plain.indexOf('/');
      return slash < 0 ? plain : plain.substring(0, slash);
    }

    /** How many components the name has. */
    public int depth() {
      String plain = plain();
      return plain.isEmpty() ? 0 : plain.split("/+", -1).length;
    }

    /** The name without {@code ./} before it and {@code /} behind it. */
    public String plain() {
      String plain = name;
      while (plain.startsWith("./")) {
        plain = plain.substring(2);
      }
      while (plain.endsWith("/")) {
        plain = plain.substring(0, plain.length() - 1);
      }
      return plain;
    }
  }

  /** The next entry, or null at the end; what is left of the entry before it is skipped. */
  public @Nullable Entry next() throws IOException, SpecException {
    skip(left);
    left = 0;
    String longName = null;
    String longLink = null;
    Pax pax = null;
    while (header()) {
      char type = (char) (block[156] & 0xff);
      long size = number(124, 12);
      switch (type) {
        case 'L' -> longName = untilNul(extended(size));
        case 'K' -> longLink = untilNul(extended(size));
        case 'x' -> pax = Pax.parse(extended(size), what);
        case 'g' -> Pax.parse(extended(size), what).requireHarmless(what);
        default -> {
          String name = longName != null ? longName : headerName();
          if (pax != null) {
            name = pax.path != null ? pax.path : name;
            size = pax.size >= 0 ? pax.size : size;
          }
          boolean isLink = type == '1' || type == '2';
          String link = isLink ? link(longLink, pax) : "";
          if (name.length() > LONGEST_NAME || link.length() > LONGEST_NAME) {
            throw SpecException.integrity(what + " has a name that is too long");
          }
          if (size > Long.MAX_VALUE - BLOCK) {
            throw SpecException.integrity(what + " has a tar entry of " + size + " bytes");
          }
          if (type == 'S') {
            skipSparseMap();
          }
          left = padded(size);
          current = size;
          return new Entry(name, type, size, link);
        }
      }
    }
    return null;
  }

  /** The bytes of the entry that {@link #next} gave; the caller knows that they are few. */
  public byte[] contents() throws IOException, SpecException {
    int size = Math.toIntExact(left);
    byte[] padded = in.readNBytes(size);
    if (padded.length < size) {
      throw cut();
    }
    left = 0;
    return Arrays.copyOf(padded, Math.toIntExact(current));
  }

  /** Reads a header into the block; false at the end mark or the end of the stream. */
  private boolean header() throws IOException, SpecException {
    int read = in.readNBytes(block, 0, BLOCK);
    if (read == 0 || (read == BLOCK && isZero())) {
      return false;
    }
    if (read < BLOCK) {
      throw cut();
    }
    boolean matches;
    try {
      matches = TarUtils.verifyCheckSum(block);
    } catch (IllegalArgumentException e) {
      matches = false; // it is no number
    }
    if (!matches) {
      throw SpecException.integrity(what + " has a tar header with a wrong checksum");
    }
    return true;
  }

  private boolean isZero() {
    for (byte b : block) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }

  private byte[] extended(long size) throws IOException, SpecException {
    if (size > MAX_HEADER) {
      throw SpecException.integrity(what + " has an extended tar header of " + size + " bytes");
    }
    byte[] bytes = in.readNBytes(Math.toIntExact(padded(size)));
    if (bytes.length < size) {
      throw cut();
    }
    return Arrays.copyOf(bytes, Math.toIntExact(size));
  }

  /** GNU's old sparse format: more blocks of the map follow while a flag says so. */
  private void skipSparseMap() throws IOException, SpecException {
    boolean more = block[482] != 0;
    while (more) {
      if (in.readNBytes(block, 0, BLOCK) < BLOCK) {
        throw cut();
      }
      more = block[504] != 0;
    }
  }

  private void skip(long count) throws IOException, SpecException {
    long remaining = count;
    // A file skips past its own end in silence, so the last piece is read.
    while (remaining > skipped.length) {
      long done = in.skip(remaining - skipped.length);
      if (done <= 0) {
        break;
      }
      remaining -= done;
    }
    while (remaining > 0) {
      int read = in.read(skipped, 0, (int) Math.min(skipped.length, remaining));
      if (read < 0) {
        throw cut();
      }
      remaining -= read;
    }
  }

  private String link(@Nullable String longLink, @Nullable Pax pax) {
    if (pax != null && pax.link != null) {
      return pax.link;
    }
    return longLink != null ? longLink : untilNul(Arrays.copyOfRange(block, 157, 257));
  }

  private long number(int offset, int length) throws SpecException {
    long value;
    try {
      value = TarUtils.parseOctalOrBinary(block, offset, length);
    } catch (IllegalArgumentException e) {
      throw SpecException.integrity(what + " has a tar header with a bad number", e);
    }
    if (value < 0) {
      throw SpecException.integrity(what + " has a tar header with a negative number");
    }
    return value;
  }

  private String headerName() {
    String name = untilNul(Arrays.copyOfRange(block, 0, 100));
    // Only POSIX has a prefix; GNU keeps times in those bytes. The sixth byte of the magic tells.
    boolean posix = block[257] == 'u' && block[262] == 0;
    String prefix = posix ? untilNul(Arrays.copyOfRange(block, 345, 500)) : "";
    return prefix.isEmpty() ? name : prefix + "/" + name;
  }

  private static long padded(long size) {
    return (size + BLOCK - 1) / BLOCK * BLOCK;
  }

  private static String untilNul(byte[] bytes) {
    int end = 0;
    while (end < bytes.length && bytes[end] != 0) {
      end++;
    }
    return new String(bytes, 0, end, StandardCharsets.ISO_8859_1);
  }

  private SpecException cut() {
    return SpecException.integrity(what + " ends within a tar entry");
  }

  /** The records of a pax header that matter here. */
  private static final class Pax {
    private @Nullable String path;
    private @Nullable String link;
    private long size = -1;

    static Pax parse(byte[] records, String what) throws SpecException {
      Pax pax = new Pax();
      String text = new String(records, StandardCharsets.ISO_8859_1);
      for (int at = 0; at < text.length() && text.charAt(at) != 0; ) {
        int space = text.indexOf(' ', at);
        int equals = text.indexOf('=', at);
        int length;
        try {
          length = Integer.parseInt(text.substring(at, Math.max(at, space)));
        } catch (NumberFormatException e) {
          throw broken(what, e);
        }
        int end = at + length;
        if (length <= 0
            || end > text.length()
            || equals <= space
            || equals >= end
            || text.charAt(end - 1) != '\n') {
          throw broken(what, null);
        }
        pax.set(text.substring(space + 1, equals), text.substring(equals + 1, end - 1), what);
        at = end;
      }
      return pax;
    }

    private void set(String key, String value, String what) throws SpecException {
      switch (key) {
        case "path", "GNU.sparse.name" -> path = value;
        case "linkpath" -> link = value;
        case "size" -> {
          try {
            size = Long.parseLong(value);
          } catch (NumberFormatException e) {
            throw broken(what, e);
          }
          if (size < 0) {
            throw broken(what, null);
          }
        }
        default -> {}
      }
    }

    void requireHarmless(String what) throws SpecException {
      if (path != null || size >= 0) {
        throw SpecException.integrity(what + " has a global tar header that names files");
      }
    }

    private static SpecException broken(String what, @Nullable Throwable cause) {
      return SpecException.integrity(what + " has a broken extended tar header", cause);
    }
  }
}
