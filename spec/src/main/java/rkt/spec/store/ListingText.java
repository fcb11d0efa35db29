package rkt.spec.store;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * {@code images.text}: a long listing as it was last printed, for as long as the store is what it
 * was then, and for whoever asks for the same. spec/store.md#listing
 */
public final class ListingText {
  private static final String FIRST = "rkt-text 1 ";
  private static final int SUM_BYTES = 9;

  private final Path file;

  /** The first line. */
  private final byte[] head;

  private ListingText(Path file, byte[] head) {
    this.file = file;
    this.head = head;
  }

  /** For the state of {@code list}; empty if that is short, or the state cannot be told. */
  static Optional<ListingText> of(Path root, ListFile list, String form) throws IOException {
    Optional<String> state = list.state();
    if (state.isEmpty()) {
      return Optional.empty();
    }
    byte[] head = (FIRST + state.get() + " " + form + "\n").getBytes(StandardCharsets.UTF_8);
    return Optional.of(new ListingText(root.resolve("images.text"), head));
  }

  /** Writes the text, if it was kept; whether it was. */
  boolean writeTo(OutputStream out) throws IOException {
    byte[] kept;
    try {
      kept = Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      return false;
    }
    int start = head.length + SUM_BYTES;
    if (kept.length < start
        || !Arrays.equals(kept, 0, head.length, head, 0, head.length)
        || !Arrays.equals(sum(kept, start), Arrays.copyOfRange(kept, head.length, start))) {
      return false;
    }
    out.write(kept, start, kept.length - start);
    return true;
  }

  /** Keeps the text; {@code scratch} is a directory on the same file system. */
  void keep(byte[] text, Path scratch) throws IOException {
    byte[] kept = new byte[head.length + SUM_BYTES + text.length];
    int start = head.length + SUM_BYTES;
    System.arraycopy(head, 0, kept, 0, head.length);
    System.arraycopy(text, 0, kept, start, text.length);
    System.arraycopy(sum(kept, start), 0, kept, head.length, SUM_BYTES);
    Path draft = scratch.resolve("images.text");
    // Not synced: what a power loss cuts, or leaves empty, has another sum.
    Durable.writeUnsynced(draft, kept);
    Durable.move(draft, file);
  }

  /** The second line: what tells a text that was cut. */
  private static byte[] sum(byte[] bytes, int start) {
    CRC32 crc = new CRC32();
    crc.update(bytes, start, bytes.length - start);
    String digits = Long.toHexString(crc.getValue() | 1L << 32).substring(1);
    return (digits + "\n").getBytes(StandardCharsets.UTF_8);
  }
}
