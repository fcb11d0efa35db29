package rkt.verify.openpgp;

import java.util.List;

/**
 * One signature in its parsed form: all that the rules ask, and all that the mathematics need.
 * Times are seconds since 1970, bytes are lowercase hex. spec/trust.md#evidence
 *
 * @param version of the signature packet
 * @param type of the signature; 0 signs a binary document
 * @param keyAlgorithm the OpenPGP number of the public key algorithm
 * @param hashAlgorithm the OpenPGP number of the hash
 * @param issuerFingerprint lowercase hex, as the signature claims; empty if it claims none
 * @param issuerKeyId 16 lowercase hex digits; empty if it claims none
 * @param created when it says that it was made; 0 if it does not say
 * @param expires when it says that it ends; 0 for never
 * @param defects what forbids to accept it, found while reading
 * @param salt what is hashed before the document; empty in v4
 * @param trailer the bytes that are hashed after the document
 * @param digestPrefix the two first bytes of the digest, as the signature says
 * @param values RSA: one number; ECDSA: two; EdDSA: the raw signature; else none
 * @param digestState the state of the hash after salt and document, to be judged by it at any time;
 *     empty if the hash is not one of ours
 * @param digest instead of it, the finished hash over salt, document and trailer, to be judged by
 *     it now; empty if there is a state
 */
public record SignatureFacts(
    int version,
    int type,
    int keyAlgorithm,
    int hashAlgorithm,
    String issuerFingerprint,
    String issuerKeyId,
    long created,
    long expires,
    List<Defect> defects,
    String salt,
    String trailer,
    String digestPrefix,
    List<String> values,
    String digestState,
    String digest) {

  /** Something in a signature that forbids to accept it. */
  public record Defect(Rule rule, String words) {}

  public SignatureFacts {
    defects = List.copyOf(defects);
    values = List.copyOf(values);
    if (!digestState.isEmpty() && !digest.isEmpty()) {
      throw new IllegalArgumentException(
          "a signature is over a state or a finished hash, not both");
    }
  }

  /** The same signature over the bytes that led to {@code state}. */
  SignatureFacts over(String state) {
    return with(state, "");
  }

  /** The same signature over the bytes whose hash, with salt and trailer, is {@code finished}. */
  SignatureFacts about(String finished) {
    return with("", finished);
  }

  private SignatureFacts with(String state, String finished) {
    return new SignatureFacts(
        version,
        type,
        keyAlgorithm,
        hashAlgorithm,
        issuerFingerprint,
        issuerKeyId,
        created,
        expires,
        defects,
        salt,
        trailer,
        digestPrefix,
        values,
        state,
        finished);
  }

  /**
   * Whom the signature claims to be by, for people: a fingerprint, a key ID, or "an unnamed key".
   */
  public String issuer() {
    if (!issuerFingerprint.isEmpty()) {
      return issuerFingerprint;
    }
    return issuerKeyId.isEmpty() ? "an unnamed key" : issuerKeyId;
  }

  /** Whether the signature claims to be by {@code key}. */
  public boolean claims(KeyFacts.Component key) {
    if (!issuerFingerprint.isEmpty()) {
      return issuerFingerprint.equals(key.fingerprint());
    }
    return issuerKeyId.equals(key.keyId());
  }

  /** A signature that {@code key} could make at {@code moment}; it has no numbers. */
  static SignatureFacts by(KeyFacts.Component key, long moment) {
    return new SignatureFacts(
        key.version(),
        0,
        key.key().algorithm(),
        8,
        key.fingerprint(),
        key.keyId(),
        moment,
        0,
        List.of(),
        "",
        "",
        "",
        List.of(),
        "",
        "");
  }
}
