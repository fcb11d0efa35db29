package rkt.verify.openpgp;

/**
 * The rules of spec/trust.md, by the identifiers that verdicts carry. An identifier never changes
 * meaning.
 */
public enum Rule {
  /** The signature holds: made by a trusted key, over these bytes, at a time when it might. */
  VALID("valid"),
  /** No signature was given, or none could be read. */
  UNSIGNED("unsigned"),
  /** Bytes that are not what the OpenPGP format, or our strict subset of it, allows. */
  MALFORMED("malformed"),
  /** More signatures, or larger files, than are read. */
  LIMIT("limit"),
  /** No trusted key has the identity that the signature claims. */
  UNKNOWN_KEY("unknown-key"),
  /** The key is trusted, but for other names. */
  OTHER_PREFIX("other-prefix"),
  /** The mathematics fail: other bytes, or another key, were signed. */
  BAD_SIGNATURE("bad-signature"),
  /** A signature version other than 4 and 6, or one that does not go with its key. */
  VERSION("version"),
  /** Not a signature over a binary document. */
  TYPE("type"),
  /** Not SHA-256, SHA-384 or SHA-512. */
  HASH("hash"),
  /** Not RSA, ECDSA over P-256, P-384 or P-521, Ed25519 or Ed448; or RSA below 2048 bits. */
  ALGORITHM("algorithm"),
  /** A critical subpacket or notation that is not understood. */
  CRITICAL("critical"),
  /** Made in the future, or before its key. */
  TIME("time"),
  /** The signature itself expired. */
  SIGNATURE_EXPIRED("signature-expired"),
  /** The key, or the subkey, expired. */
  KEY_EXPIRED("key-expired"),
  /** The key, or the subkey, was revoked. */
  KEY_REVOKED("key-revoked"),
  /** No valid self-signature vouches for the key. */
  KEY_UNBOUND("key-unbound"),
  /** The key may not sign, or a subkey did not confirm that it belongs to its primary key. */
  KEY_USAGE("key-usage"),
  /** A file of the trust store with the wrong name, owner, mode or content. */
  TRUST_STORE("trust-store"),
  /** A policy accepts what nobody has signed. */
  ACCEPT_UNSIGNED("accept-unsigned"),
  /** What the policy for the name asks for was not found. */
  POLICY("policy"),
  /** The policy for the name refuses every image. */
  REJECTED("rejected"),
  /** A file of a policy with the wrong owner, mode or content. */
  POLICY_FILE("policy-file"),
  /** The evidence does not belong to the image, or was damaged. */
  EVIDENCE("evidence");

  private final String label;

  Rule(String label) {
    this.label = label;
  }

  /** The identifier in verdicts. */
  public String label() {
    return label;
  }

  /**
   * The rule with an identifier.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Rule parse(String label) {
    for (Rule rule : values()) {
      if (rule.label.equals(label)) {
        return rule;
      }
    }
    throw new IllegalArgumentException("no rule is called \"" + label + "\"");
  }
}
