package rkt.verify.sigstore;

/**
 * The rules of spec/sigstore.md#rules, by the identifiers that verdicts carry. An identifier never
 * changes meaning.
 */
public enum Refusal {
  /** Bytes that are not what the format, or our strict subset of it, allows. */
  MALFORMED("malformed"),
  /** More signatures, entries or subjects, or larger parts, than are read. */
  LIMIT("limit"),
  /** No key was given under which the signature holds. */
  UNKNOWN_KEY("unknown-key"),
  /** Not RSA of 2048 to 8192 bits, ECDSA on P-256, P-384 or P-521, or Ed25519. */
  ALGORITHM("algorithm"),
  /** The mathematics fail: other bytes, or another key, were signed. */
  BAD_SIGNATURE("bad-signature"),
  /** The signed bytes do not say, or not strictly, what is signed. */
  PAYLOAD("payload"),
  /** A certificate is there, but no trusted root was installed, or none of it vouches for it. */
  CERTIFICATE("certificate"),
  /** No log of issued certificates that the root names has recorded the certificate. */
  CERTIFICATE_LOG("certificate-log"),
  /** No transparency log that the root names has recorded the signature. */
  LOG("log"),
  /** A log recorded another digest, signature or key than those at hand. */
  LOG_MISMATCH("log-mismatch"),
  /** Nobody whom the root names vouches for the time of the signature. */
  TIMESTAMP("timestamp"),
  /** A time in the future, or outside the validity of a key or certificate. */
  TIME("time");

  private final String label;

  Refusal(String label) {
    this.label = label;
  }

  /** The identifier in verdicts. */
  public String label() {
    return label;
  }
}
