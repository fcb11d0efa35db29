package rkt.verify.sigstore;

/**
 * How many independent witnesses a signature with a certificate needs; two words of one are one.
 * spec/sigstore.md#proof
 *
 * @param logs transparency logs that recorded the signature
 * @param certificateLogs logs that recorded the certificate
 * @param times logs and timestamp authorities that vouch for the time
 */
public record Thresholds(int logs, int certificateLogs, int times) {
  /** One of each. */
  public static final Thresholds DEFAULT = new Thresholds(1, 1, 1);

  public Thresholds {
    if (logs < 0 || certificateLogs < 0 || times < 1) {
      throw new IllegalArgumentException("a certificate is worth something at a proven time only");
    }
  }
}
