package rkt.verify.sigstore;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.HexFormat;

/** A kind of log entry, and how its body is written. */
enum EntryKind {
  HASHEDREKORD_1("hashedrekord", "0.0.1"),
  HASHEDREKORD_2("hashedrekord", "0.0.2"),
  DSSE_1("dsse", "0.0.1"),
  DSSE_2("dsse", "0.0.2"),
  INTOTO_2("intoto", "0.0.2");

  final String kind;
  final String version;

  EntryKind(String kind, String version) {
    this.kind = kind;
    this.version = version;
  }

  String body(byte[] signed, byte[] payload, byte[] signature, byte[] certificate) {
    String pem = Instance.base64(Encoding.pem(certificate, "CERTIFICATE").getBytes(UTF_8));
    String sig = Instance.base64(signature);
    String der = Instance.base64(certificate);
    String spec =
        switch (this) {
          case HASHEDREKORD_1 ->
              "{\"data\":{\"hash\":{\"algorithm\":\"sha256\",\"value\":\"%s\"}},\"signature\":{\"content\":\"%s\",\"publicKey\":{\"content\":\"%s\"}}}"
                  .formatted(hex(signed), sig, pem);
          case HASHEDREKORD_2 ->
              "{\"hashedRekordV002\":{\"data\":{\"algorithm\":\"SHA2_256\",\"digest\":\"%s\"},\"signature\":{\"content\":\"%s\",\"verifier\":{\"keyDetails\":\"x\",\"x509Certificate\":{\"rawBytes\":\"%s\"}}}}}"
                  .formatted(Instance.base64(Hashes.sha256(signed)), sig, der);
          case DSSE_1 ->
              "{\"payloadHash\":{\"algorithm\":\"sha256\",\"value\":\"%s\"},\"signatures\":[{\"signature\":\"%s\",\"verifier\":\"%s\"}]}"
                  .formatted(hex(payload), sig, pem);
          case DSSE_2 ->
              "{\"dsseV002\":{\"payloadHash\":{\"algorithm\":\"SHA2_256\",\"digest\":\"%s\"},\"signatures\":[{\"content\":\"%s\",\"verifier\":{\"x509Certificate\":{\"rawBytes\":\"%s\"}}}]}}"
                  .formatted(Instance.base64(Hashes.sha256(payload)), sig, der);
          case INTOTO_2 ->
              "{\"content\":{\"envelope\":{\"payloadType\":\"%s\",\"signatures\":[{\"publicKey\":\"%s\",\"sig\":\"%s\"}]},\"payloadHash\":{\"algorithm\":\"sha256\",\"value\":\"%s\"}}}"
                  .formatted(
                      Attested.TYPE, pem, Instance.base64(sig.getBytes(UTF_8)), hex(payload));
        };
    return "{\"apiVersion\":\"" + version + "\",\"kind\":\"" + kind + "\",\"spec\":" + spec + "}";
  }

  private static String hex(byte[] hashed) {
    return HexFormat.of().formatHex(Hashes.sha256(hashed));
  }
}
