package rkt.verify.audit;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where the log ends: what a later look at it is compared with. Written {@code SEQ:LINK}, which
 * somebody may keep elsewhere. spec/audit.md#head
 *
 * @param sequence the number of the last record; 0 for an empty log
 * @param link the SHA-256 of its line, 64 lowercase hex digits
 */
public record AuditHead(long sequence, String link) {
  /** Of a log in which nothing was recorded yet. */
  public static final AuditHead EMPTY = new AuditHead(0, Chain.START);

  /** More than the longest needs, and less than the smallest that a disk writes at once. */
  static final int FILE_BYTES = 96;

  public AuditHead {
    if (sequence < 0 || !isLink(link)) {
      throw new IllegalArgumentException("not the end of an audit log: " + sequence + ":" + link);
    }
  }

  /** Reads {@code SEQ:LINK}; empty if {@code text} is anything else. */
  public static Optional<AuditHead> parse(String text) {
    int colon = text.indexOf(':');
    if (colon < 1 || colon > 18) {
      return Optional.empty();
    }
    long sequence = 0;
    for (int i = 0; i < colon; i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return Optional.empty();
      }
      sequence = 10 * sequence + (c - '0');
    }
    String link = text.substring(colon + 1);
    return isLink(link) ? Optional.of(new AuditHead(sequence, link)) : Optional.empty();
  }

  /** The file: always of one length, so that it is replaced where it is. */
  byte[] bytes() {
    byte[] bytes = new byte[FILE_BYTES];
    byte[] text = toString().getBytes(US_ASCII);
    Arrays.fill(bytes, (byte) ' ');
    System.arraycopy(text, 0, bytes, 0, text.length);
    bytes[FILE_BYTES - 1] = '\n';
    return bytes;
  }

  private static boolean isLink(String text) {
    if (text.length() != 64) {
      return false;
    }
    for (int i = 0; i < 64; i++) {
      char c = text.charAt(i);
      if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
        return false;
      }
    }
    return true;
  }

  @Override
  public String toString() {
    return sequence + ":" + link;
  }

  // By hand: the first equals that the compiler writes for a record costs 20 ms of a start.
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof AuditHead that && sequence == that.sequence && link.equals(that.link);
  }

  @Override
  public int hashCode() {
    return link.hashCode();
  }
}
