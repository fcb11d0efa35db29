package rkt.verify.sigstore;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import rkt.verify.claim.Statement;

/** An attestation in an envelope, to which entries of logs and timestamps are added. */
final class Attested {
  static final String TYPE = "application/vnd.in-toto+json";

  private final byte[] payload;
  final Instance.Holder signer;
  final byte[] signature;
  final List<String> entries = new ArrayList<>();
  final List<byte[]> timestamps = new ArrayList<>();

  Attested(byte[] payload, Instance.Holder signer, String algorithm) throws Exception {
    this.payload = payload;
    this.signer = signer;
    this.signature = Instance.sign(algorithm, signer.keys().getPrivate(), pae(payload));
  }

  /** What a signature of the envelope is over. */
  static byte[] pae(byte[] payload) {
    return ("DSSEv1 28 " + TYPE + " " + payload.length + " " + new String(payload, UTF_8))
        .getBytes(UTF_8);
  }

  /** The body of an entry about it. */
  String body(EntryKind kind) throws Exception {
    return kind.body(pae(payload), payload, signature, signer.certificate().getEncoded());
  }

  String entry(Instance.Log log, EntryKind kind, @Nullable Instant time) throws Exception {
    return Instance.entry(log, kind.kind, kind.version, body(kind), time);
  }

  String envelope() {
    return "{\"payload\":\""
        + Instance.base64(payload)
        + "\",\"payloadType\":\""
        + TYPE
        + "\",\"signatures\":[{\"sig\":\""
        + Instance.base64(signature)
        + "\"}]}";
  }

  /** All of it in a bundle. */
  Statement statement() throws Exception {
    List<String> stamps = new ArrayList<>();
    for (byte[] timestamp : timestamps) {
      stamps.add("{\"signedTimestamp\":\"" + Instance.base64(timestamp) + "\"}");
    }
    String bundle =
        "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\",\"verificationMaterial\":"
            + "{\"certificate\":{\"rawBytes\":\""
            + Instance.base64(signer.certificate().getEncoded())
            + "\"},\"tlogEntries\":["
            + String.join(",", entries)
            + "],\"timestampVerificationData\":{\"rfc3161Timestamps\":["
            + String.join(",", stamps)
            + "]}},\"dsseEnvelope\":"
            + envelope()
            + "}";
    return new Statement(Statement.Kind.BUNDLE, bundle.getBytes(UTF_8), Map.of());
  }
}
