package rkt.verify.sigstore;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

/**
 * What came with a signature to prove it: a certificate, entries of logs, timestamps. As read;
 * nothing in it is verified.
 *
 * @param certificate in DER, in base64; null if a bare key signed
 * @param timestamps TimeStampResp in DER
 */
record Material(
    @Nullable Certificate certificate, List<LogEntry> entries, List<byte[]> timestamps) {
  static final int MOST = 32;

  private static final String PREFIX = "dev.sigstore.cosign/";
  private static final String CERTIFICATE = PREFIX + "certificate";
  private static final String BUNDLE = PREFIX + "bundle";
  private static final String TIMESTAMP = PREFIX + "rfc3161timestamp";

  /** Bytes that may be a certificate. */
  static final class Certificate {
    private final byte[] der;

    Certificate(byte[] der) {
      this.der = der;
    }

    byte[] der() {
      return der;
    }
  }

  Material {
    entries = List.copyOf(entries);
    timestamps = List.copyOf(timestamps);
  }

  /** What cosign keeps in annotations. The chain among them proves nothing and is not read. */
  static Material ofAnnotations(Map<String, String> annotations)
      throws SpecException, SigstoreException {
    String certificate = annotations.getOrDefault(CERTIFICATE, "");
    String bundle = annotations.getOrDefault(BUNDLE, "");
    String timestamp = annotations.getOrDefault(TIMESTAMP, "");
    return new Material(
        certificate.isEmpty() ? null : pem(certificate),
        bundle.isEmpty() ? List.of() : List.of(LogEntry.parseAnnotation(bundle)),
        timestamp.isEmpty() ? List.of() : List.of(timestamp(timestamp)));
  }

  private static Certificate pem(String text) throws SigstoreException {
    List<byte[]> found = Encoding.pem(text, "CERTIFICATE", 1, "the annotation " + CERTIFICATE);
    if (found.isEmpty()) {
      throw SigstoreException.malformed("the annotation " + CERTIFICATE + " holds none");
    }
    return new Certificate(found.get(0));
  }

  private static byte[] timestamp(String text) throws SpecException, SigstoreException {
    JsonObject json = JsonObject.parse(text.getBytes(UTF_8), "the annotation " + TIMESTAMP);
    return Encoding.base64(json.string("SignedRFC3161Timestamp"), "a timestamp");
  }

  /** The {@code verificationMaterial} of a bundle. */
  static Material parse(JsonObject material, boolean needsProofs)
      throws SpecException, SigstoreException {
    List<LogEntry> entries = new ArrayList<>();
    for (JsonObject entry : limited(material, "tlogEntries")) {
      LogEntry read = LogEntry.parse(entry);
      if (needsProofs && !read.hasProof()) {
        throw new SigstoreException(Refusal.LOG, "an entry of a log without an inclusion proof");
      }
      entries.add(read);
    }
    List<byte[]> timestamps = new ArrayList<>();
    JsonObject data = material.findObject("timestampVerificationData").orElse(null);
    if (data != null) {
      for (JsonObject timestamp : limited(data, "rfc3161Timestamps")) {
        timestamps.add(Encoding.base64(timestamp.string("signedTimestamp"), "a timestamp"));
      }
    }
    return new Material(certificate(material), entries, timestamps);
  }

  private static @Nullable Certificate certificate(JsonObject material)
      throws SpecException, SigstoreException {
    JsonObject one = material.findObject("certificate").orElse(null);
    JsonObject chain = material.findObject("x509CertificateChain").orElse(null);
    boolean key = material.findObject("publicKey").isPresent();
    if ((one == null ? 0 : 1) + (chain == null ? 0 : 1) + (key ? 1 : 0) != 1) {
      throw SigstoreException.malformed("a bundle has a certificate or the hint of a key");
    }
    if (chain != null) {
      List<JsonObject> certificates = limited(chain, "certificates");
      if (certificates.isEmpty()) {
        throw SigstoreException.malformed("a bundle with an empty list of certificates");
      }
      one = certificates.get(0);
    }
    return one == null
        ? null
        : new Certificate(Encoding.base64(one.string("rawBytes"), "a certificate"));
  }

  private static List<JsonObject> limited(JsonObject owner, String member)
      throws SpecException, SigstoreException {
    List<JsonObject> found = owner.objects(member);
    if (found.size() > MOST) {
      throw new SigstoreException(
          Refusal.LIMIT, "a bundle with " + found.size() + " " + member + "; 32 are read");
    }
    return found;
  }
}
