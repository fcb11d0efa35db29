package rkt.verify.audit;

import java.util.HexFormat;
import org.bouncycastle.crypto.digests.SHA256Digest;

/** What ties each line to the one before. spec/audit.md#chain */
final class Chain {
  /** Stands before the first line. */
  static final String START = "0".repeat(64);

  private Chain() {}

  /**
   * The link that the next line carries: SHA-256 of this one, without its line end, in hex. Not the
   * JDK's: waking its provider framework takes longer than a start can spare.
   */
  static String link(byte[] line) {
    SHA256Digest digest = new SHA256Digest();
    digest.update(line, 0, line.length);
    byte[] hash = new byte[digest.getDigestSize()];
    digest.doFinal(hash, 0);
    return HexFormat.of().formatHex(hash);
  }
}
