package rkt.verify.sigstore;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

/** A DSSE envelope: bytes, their type, and signatures over both. spec/sigstore.md#envelopes */
final class Envelope {
  private static final int MAX_SIGNATURES = 32;

  private final String payloadType;
  private final byte[] payload;
  private final List<byte[]> signatures;

  private Envelope(String payloadType, byte[] payload, List<byte[]> signatures) {
    this.payloadType = payloadType;
    this.payload = payload;
    this.signatures = List.copyOf(signatures);
  }

  static Envelope parse(byte[] document) throws SpecException, SigstoreException {
    return parse(JsonObject.parse(document, "the envelope"));
  }

  static Envelope parse(JsonObject envelope) throws SpecException, SigstoreException {
    List<JsonObject> found = envelope.objects("signatures");
    if (found.isEmpty()) {
      throw SigstoreException.malformed("the envelope has no signature");
    }
    if (found.size() > MAX_SIGNATURES) {
      throw new SigstoreException(
          Refusal.LIMIT, "the envelope has " + found.size() + " signatures; 32 are read");
    }
    List<byte[]> signatures = new ArrayList<>();
    for (JsonObject signature : found) {
      signatures.add(Encoding.base64(signature.string("sig"), "a signature"));
    }
    return new Envelope(
        envelope.string("payloadType"),
        Encoding.base64(envelope.string("payload"), "the payload"),
        signatures);
  }

  String payloadType() {
    return payloadType;
  }

  /** What was signed; not a copy. */
  byte[] payload() {
    return payload;
  }

  List<byte[]> signatures() {
    return signatures;
  }

  /** What the signatures are over: the type and the payload with their lengths. */
  byte[] signedBytes() {
    byte[] type = payloadType.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(payload.length + type.length + 32);
    bytes.writeBytes(ascii("DSSEv1 " + type.length + " "));
    bytes.writeBytes(type);
    bytes.writeBytes(ascii(" " + payload.length + " "));
    bytes.writeBytes(payload);
    return bytes.toByteArray();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
