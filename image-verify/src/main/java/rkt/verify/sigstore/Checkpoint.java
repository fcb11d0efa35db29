package rkt.verify.sigstore;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.List;

/**
 * The size and root of a log's tree, as the log signed them.
 *
 * @param size how many entries
 * @param root in base64
 */
record Checkpoint(long size, String root) {
  private static final int MAX_LETTERS = 16 << 10;
  private static final int MAX_SIGNATURES = 32;
  private static final String MARK = "\u2014 ";
  private static final int KEY_ID_BYTES = 4;

  /** Reads a signed note, of which one signature must be by {@code log}. */
  static Checkpoint verified(String note, TrustedLog log) throws SigstoreException {
    int end = note.indexOf("\n\n");
    if (note.length() > MAX_LETTERS || end < 0) {
      throw SigstoreException.malformed("the checkpoint of the log is not a signed note");
    }
    String text = note.substring(0, end + 1);
    List<String> lines = List.of(text.split("\n", -1));
    if (lines.size() < 4 || lines.get(0).isEmpty()) {
      throw SigstoreException.malformed("the checkpoint of the log is too short");
    }
    if (!signed(text, note.substring(end + 2), log)) {
      throw new SigstoreException(
          Refusal.LOG, "the checkpoint is not signed by the log " + log.name());
    }
    return new Checkpoint(number(lines.get(1)), lines.get(2));
  }

  private static boolean signed(String text, String signatures, TrustedLog log)
      throws SigstoreException {
    byte[] id = log.idBytes();
    int count = 0;
    for (String line : signatures.split("\n", MAX_SIGNATURES + 2)) {
      if (line.isEmpty()) {
        continue;
      }
      int space = line.lastIndexOf(' ');
      if (!line.startsWith(MARK) || space < MARK.length() || ++count > MAX_SIGNATURES) {
        throw SigstoreException.malformed("the checkpoint of the log has a broken signature");
      }
      byte[] signature = Encoding.base64(line.substring(space + 1), "a checkpoint's signature");
      if (signature.length > KEY_ID_BYTES
          && id.length >= KEY_ID_BYTES
          && Arrays.equals(signature, 0, KEY_ID_BYTES, id, 0, KEY_ID_BYTES)
          && log.key()
              .signed(
                  text.getBytes(UTF_8),
                  Arrays.copyOfRange(signature, KEY_ID_BYTES, signature.length))) {
        return true;
      }
    }
    return false;
  }

  private static long number(String text) throws SigstoreException {
    try {
      long number = Long.parseLong(text);
      if (number > 0 && Long.toString(number).equals(text)) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw new SigstoreException(Refusal.MALFORMED, "the checkpoint of the log has no size");
    }
    throw SigstoreException.malformed("the checkpoint of the log has no size");
  }
}
