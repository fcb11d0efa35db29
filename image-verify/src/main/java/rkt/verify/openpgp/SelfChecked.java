package rkt.verify.openpgp;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.bouncycastle.crypto.digests.SHA256Digest;
import rkt.spec.json.JsonWriter;

/**
 * JSON documents that notice accidents: the last member is the SHA-256 of all before it, and a
 * document is accepted only if writing what was read gives the same bytes again. This is against
 * flipped bits, not against whoever may write the files: only root may.
 */
final class SelfChecked {
  private SelfChecked() {}

  /** Closes the one open object of {@code json} with its seal. */
  static byte[] seal(JsonWriter json) {
    byte[] sealed = json.put("sha256", "").end().bytes();
    // {..., "sha256":""}  hashed with the empty value, then filled in.
    byte[] hex = sha256(sealed).getBytes(StandardCharsets.US_ASCII);
    byte[] result = new byte[sealed.length + hex.length];
    int tail = 2; // the closing quote and brace
    System.arraycopy(sealed, 0, result, 0, sealed.length - tail);
    System.arraycopy(hex, 0, result, sealed.length - tail, hex.length);
    System.arraycopy(sealed, sealed.length - tail, result, result.length - tail, tail);
    return result;
  }

  /** The SHA-256 of {@code bytes} in hex, without waking the JDK's security providers. */
  static String sha256(byte[] bytes) {
    SHA256Digest digest = new SHA256Digest();
    digest.update(bytes, 0, bytes.length);
    byte[] hash = new byte[HashAlgorithm.SHA256.length()];
    digest.doFinal(hash, 0);
    return HexFormat.of().formatHex(hash);
  }

  /** Whether {@code read}, as it was found, is what {@code written} says again. */
  static boolean same(byte[] read, byte[] written) {
    return Arrays.equals(read, written);
  }
}
