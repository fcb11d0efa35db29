package rkt.verify.sigstore;

import java.time.Instant;
import java.util.Base64;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

/**
 * A log of signatures or of certificates that the trusted root names.
 *
 * @param name where it is reached, for people and in checkpoints
 * @param id its key's identifier, in base64
 */
record TrustedLog(String name, String id, VerifyingKey key, Validity validity) {
  static TrustedLog of(JsonObject log) throws SpecException, SigstoreException {
    JsonObject key = log.object("publicKey");
    String id = log.object("logId").string("keyId");
    Encoding.base64(id, "the identifier of a log");
    return new TrustedLog(
        log.findString("baseUrl").orElse(""),
        id,
        VerifyingKey.of(Encoding.base64(key.string("rawBytes"), "the key of a log")),
        Validity.of(key));
  }

  /** One that is known by its key alone. */
  static TrustedLog of(VerifyingKey key) {
    return new TrustedLog(
        "of the key " + key.fingerprint(),
        Base64.getEncoder().encodeToString(Hashes.sha256(key.encoded())),
        key,
        new Validity(Instant.EPOCH, null));
  }

  /** Its identifier as bytes. */
  byte[] idBytes() {
    return Base64.getDecoder().decode(id);
  }
}
