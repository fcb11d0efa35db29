package rkt.verify.policy;

import java.nio.charset.StandardCharsets;
import java.security.PublicKey;
import rkt.spec.SpecException;
import rkt.verify.sigstore.PublicKeyFile;

/**
 * A public key that a policy names. spec/policy.md#cosign
 *
 * @param fingerprint SHA-256 of its SubjectPublicKeyInfo, lowercase hex: what claims call it
 */
public record PolicyKey(String fingerprint, PublicKey key) {
  /**
   * Reads the one key of a document.
   *
   * @param what names the document in errors
   * @throws SpecException if it is not one key that may sign
   */
  static PolicyKey parse(byte[] document, String what) throws SpecException {
    if (new String(document, StandardCharsets.ISO_8859_1).contains("PRIVATE KEY")) {
      throw SpecException.integrity(
          what + " holds a private key: put the public one there, and make a new pair");
    }
    PublicKey key = PublicKeyFile.parse(document, what);
    return new PolicyKey(PublicKeyFile.fingerprint(key), key);
  }
}
