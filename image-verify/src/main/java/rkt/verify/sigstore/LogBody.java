package rkt.verify.sigstore;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

/**
 * Whether a log recorded the very digest, signature and key or certificate that are at hand: an
 * entry about anything else proves nothing about them. spec/sigstore.md#log-entries
 */
final class LogBody {
  private final Content content;
  private final byte[] signature;
  private final Verifier verifier;

  /** The key or certificate that verified the signature, in DER. */
  private record Verifier(String type, String der) {}

  private LogBody(Content content, byte[] signature, Verifier verifier) {
    this.content = content;
    this.signature = signature;
    this.verifier = verifier;
  }

  /** What an entry about a signature by a bare key must hold. */
  static LogBody of(Content content, byte[] signature, VerifyingKey key) {
    return new LogBody(content, signature, verifier("PUBLIC KEY", key.encoded()));
  }

  /** What an entry about a signature by the key of a certificate must hold. */
  static LogBody ofCertificate(Content content, byte[] signature, byte[] certificate) {
    return new LogBody(content, signature, verifier("CERTIFICATE", certificate));
  }

  private static Verifier verifier(String type, byte[] der) {
    return new Verifier(type, Base64.getEncoder().encodeToString(der));
  }

  /** Refuses unless {@code entry} holds it. */
  void check(LogEntry entry) throws SigstoreException {
    try {
      JsonObject body = JsonObject.parse(entry.body(), "the entry of the log");
      String kind = body.string("kind") + "/" + body.string("apiVersion");
      if (entry.kind() != null && !kind.equals(entry.kind())) {
        throw mismatch("is of kind " + kind + ", not " + entry.kind());
      }
      JsonObject spec = body.object("spec");
      switch (kind) {
        case "hashedrekord/0.0.1" -> hashedRekord(spec);
        case "hashedrekord/0.0.2" -> hashedRekord2(spec.object("hashedRekordV002"));
        case "dsse/0.0.1" -> dsse(spec);
        case "dsse/0.0.2" -> dsse2(spec.object("dsseV002"));
        case "intoto/0.0.2" -> inToto(spec.object("content"));
        default -> throw mismatch("is of kind " + kind + ", which is not understood");
      }
    } catch (SpecException e) {
      throw mismatch("cannot be read: " + e.getMessage());
    }
  }

  private void hashedRekord(JsonObject spec) throws SpecException, SigstoreException {
    JsonObject hash = spec.object("data").object("hash");
    sameDigest(hash.string("algorithm"), hex(hash.string("value")));
    JsonObject recorded = spec.object("signature");
    sameSignature(Encoding.base64(recorded.string("content"), "a recorded signature"));
    samePem(recorded.object("publicKey").string("content"));
  }

  private void hashedRekord2(JsonObject spec) throws SpecException, SigstoreException {
    JsonObject data = spec.object("data");
    sameDigest(
        data.string("algorithm"), Encoding.base64(data.string("digest"), "a recorded digest"));
    JsonObject recorded = spec.object("signature");
    sameSignature(Encoding.base64(recorded.string("content"), "a recorded signature"));
    sameVerifier(recorded.object("verifier"));
  }

  private void dsse(JsonObject spec) throws SpecException, SigstoreException {
    JsonObject hash = spec.object("payloadHash");
    samePayload(hash.string("algorithm"), hex(hash.string("value")));
    JsonObject recorded = only(spec.objects("signatures"));
    sameSignature(Encoding.base64(recorded.string("signature"), "a recorded signature"));
    samePem(recorded.string("verifier"));
  }

  private void dsse2(JsonObject spec) throws SpecException, SigstoreException {
    JsonObject hash = spec.object("payloadHash");
    samePayload(
        hash.string("algorithm"), Encoding.base64(hash.string("digest"), "a recorded digest"));
    JsonObject recorded = only(spec.objects("signatures"));
    sameSignature(Encoding.base64(recorded.string("content"), "a recorded signature"));
    sameVerifier(recorded.object("verifier"));
  }

  /** Its signature is in base64 twice. */
  private void inToto(JsonObject recordedContent) throws SpecException, SigstoreException {
    JsonObject hash = recordedContent.object("payloadHash");
    samePayload(hash.string("algorithm"), hex(hash.string("value")));
    JsonObject envelope = recordedContent.object("envelope");
    Envelope signed = content.envelope();
    if (signed == null || !envelope.string("payloadType").equals(signed.payloadType())) {
      throw mismatch("is about a payload of another type");
    }
    JsonObject recorded = only(envelope.objects("signatures"));
    byte[] once = Encoding.base64(recorded.string("sig"), "a recorded signature");
    sameSignature(Encoding.base64(new String(once, UTF_8), "a recorded signature"));
    samePem(recorded.string("publicKey"));
  }

  private static JsonObject only(List<JsonObject> signatures) throws SigstoreException {
    if (signatures.size() != 1) {
      throw mismatch("has " + signatures.size() + " signatures instead of one");
    }
    return signatures.get(0);
  }

  private void sameDigest(String algorithm, byte[] digest) throws SigstoreException {
    if (!content.hashesTo(algorithm, digest)) {
      throw mismatch("is about another digest");
    }
  }

  private void samePayload(String algorithm, byte[] digest) throws SigstoreException {
    Envelope envelope = content.envelope();
    if (envelope == null || !Content.message(envelope.payload()).hashesTo(algorithm, digest)) {
      throw mismatch("is about another payload");
    }
  }

  private void sameSignature(byte[] recorded) throws SigstoreException {
    if (!Arrays.equals(recorded, signature)) {
      throw mismatch("is about another signature");
    }
  }

  /** A key or certificate in PEM, in base64. */
  private void samePem(String recorded) throws SigstoreException {
    String pem = new String(Encoding.base64(recorded, "a recorded key"), UTF_8);
    List<byte[]> blocks = Encoding.pem(pem, verifier.type(), 1, "a recorded key");
    if (blocks.size() != 1 || !verifier(verifier.type(), blocks.get(0)).equals(verifier)) {
      throw mismatch("is about another key or certificate");
    }
  }

  private void sameVerifier(JsonObject recorded) throws SpecException, SigstoreException {
    String member = verifier.type().equals("CERTIFICATE") ? "x509Certificate" : "publicKey";
    JsonObject found = recorded.findObject(member).orElse(null);
    if (found == null || !found.string("rawBytes").equals(verifier.der())) {
      throw mismatch("is about another key or certificate");
    }
  }

  private static byte[] hex(String text) throws SigstoreException {
    try {
      return HexFormat.of().parseHex(text);
    } catch (IllegalArgumentException e) {
      throw mismatch("has a digest that is not hex");
    }
  }

  private static SigstoreException mismatch(@Nullable String why) {
    return new SigstoreException(Refusal.LOG_MISMATCH, "the entry of the log " + why);
  }
}
