package rkt.verify.sigstore;

import java.util.Set;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

/**
 * A sigstore bundle: a signature over a digest, or over an envelope, and what proves it.
 * spec/sigstore.md#bundles
 *
 * @param subject what is signed
 */
record Bundle(Content subject, Signature signature, Material material) {
  private static final String MEDIA_TYPE = "application/vnd.dev.sigstore.bundle";
  private static final String FIRST = MEDIA_TYPE + "+json;version=0.1";
  private static final Set<String> OTHERS =
      Set.of(
          MEDIA_TYPE + "+json;version=0.2",
          MEDIA_TYPE + "+json;version=0.3",
          MEDIA_TYPE + ".v0.3+json");

  /** Bytes that may be a signature. */
  static final class Signature {
    private final byte[] bytes;

    Signature(byte[] bytes) {
      this.bytes = bytes;
    }

    byte[] bytes() {
      return bytes;
    }
  }

  static Bundle parse(byte[] document) throws SpecException, SigstoreException {
    JsonObject bundle = JsonObject.parse(document, "the bundle");
    String mediaType = bundle.string("mediaType");
    if (!mediaType.equals(FIRST) && !OTHERS.contains(mediaType)) {
      throw SigstoreException.malformed("bundles of type \"" + mediaType + "\" are not understood");
    }
    Material material =
        Material.parse(bundle.object("verificationMaterial"), !mediaType.equals(FIRST));
    JsonObject message = bundle.findObject("messageSignature").orElse(null);
    JsonObject envelope = bundle.findObject("dsseEnvelope").orElse(null);
    if (message != null && envelope == null) {
      return ofMessage(message, material);
    }
    if (envelope != null && message == null) {
      return ofEnvelope(envelope, material);
    }
    throw SigstoreException.malformed("a bundle holds either a signature or an envelope");
  }

  private static Bundle ofEnvelope(JsonObject object, Material material)
      throws SpecException, SigstoreException {
    Envelope envelope = Envelope.parse(object);
    if (envelope.signatures().size() != 1) {
      throw SigstoreException.malformed("the envelope in a bundle has exactly one signature");
    }
    return new Bundle(
        Content.envelope(envelope), new Signature(envelope.signatures().get(0)), material);
  }

  private static Bundle ofMessage(JsonObject message, Material material)
      throws SpecException, SigstoreException {
    JsonObject digest = message.object("messageDigest");
    return new Bundle(
        Content.digest(
            digest.string("algorithm"),
            Encoding.base64(digest.string("digest"), "the digest of a bundle")),
        new Signature(Encoding.base64(message.string("signature"), "the signature of a bundle")),
        material);
  }
}
