package rkt.verify.signing;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.spec.json.JsonWriter;
import rkt.verify.claim.Statement;

/** The documents that are signed about an image. spec/signing.md#statements */
public final class Payload {
  /** The annotation of a cosign payload that has its signature. */
  public static final String SIGNATURE = "dev.cosignproject.cosign/signature";

  /** The annotation of an attestation that says what it attests. */
  public static final String PREDICATE_TYPE = "predicateType";

  private static final String COSIGN = "cosign container image signature";
  private static final String ATOMIC = "atomic container signature";
  private static final String IN_TOTO = "application/vnd.in-toto+json";
  private static final int LARGEST_PREDICATE = 2 << 20;

  private Payload() {}

  /** The short names that cosign has for types of predicates. */
  private static final Map<String, String> TYPES =
      Map.of(
          "slsaprovenance", "https://slsa.dev/provenance/v0.2",
          "slsaprovenance02", "https://slsa.dev/provenance/v0.2",
          "slsaprovenance1", "https://slsa.dev/provenance/v1",
          "spdx", "https://spdx.dev/Document",
          "spdxjson", "https://spdx.dev/Document",
          "cyclonedx", "https://cyclonedx.org/bom",
          "link", "https://in-toto.io/Link/v1",
          "vuln", "https://cosign.sigstore.dev/attestation/vuln/v1",
          "openvex", "https://openvex.dev/ns");

  /**
   * The URI that {@code type} is, or is short for.
   *
   * @throws SpecException of class usage if it is neither
   */
  public static String predicateType(String type) throws SpecException {
    String known = TYPES.get(type);
    if (known != null) {
      return known;
    }
    if (type.matches("[a-z][a-z0-9+.-]*:[\\x21-\\x7e]{1,1000}")) {
      return type;
    }
    throw SpecException.usage(
        "\"" + type + "\" is no type of predicate",
        "give a URI, or one of slsaprovenance, slsaprovenance1, spdx, spdxjson, cyclonedx, link,"
            + " vuln, openvex");
  }

  /** A cosign signature: {@code manifest} is an image that is called {@code reference}. */
  public static Statement cosign(SigningKey key, Digest manifest, String reference, Instant now) {
    byte[] payload = simpleSigning(COSIGN, manifest, reference, now);
    return new Statement(
        Statement.Kind.COSIGN,
        payload,
        Map.of(SIGNATURE, Base64.getEncoder().encodeToString(key.sign(payload))));
  }

  /** What an OpenPGP message of simple signing holds. */
  public static byte[] atomic(Digest manifest, String reference, Instant now) {
    return simpleSigning(ATOMIC, manifest, reference, now);
  }

  private static byte[] simpleSigning(String type, Digest manifest, String reference, Instant now) {
    return new JsonWriter()
        .object()
        .object("critical")
        .object("identity")
        .put("docker-reference", reference)
        .end()
        .object("image")
        .put("docker-manifest-digest", manifest.toString())
        .end()
        .put("type", type)
        .end()
        .object("optional")
        .put("creator", "rkt")
        .put("timestamp", now.getEpochSecond())
        .end()
        .end()
        .bytes();
  }

  /**
   * An attestation: an in-toto statement that {@code predicate} is true of {@code manifest}, in a
   * DSSE envelope.
   *
   * @param predicate a JSON object
   * @param type its type, a URI
   */
  public static Statement attestation(
      SigningKey key, Digest manifest, ImageName name, String type, byte[] predicate)
      throws SpecException {
    if (predicate.length > LARGEST_PREDICATE) {
      throw SpecException.usage("the predicate is larger than " + LARGEST_PREDICATE + " bytes");
    }
    // Read and written again: what was not strict JSON must not be signed as if it were.
    String json = JsonObject.parse(predicate, "the predicate").json();
    byte[] payload =
        new JsonWriter()
            .object()
            .put("_type", "https://in-toto.io/Statement/v1")
            .array("subject")
            .object()
            .put("name", name.text())
            .object("digest")
            .put(manifest.algorithm().label(), manifest.hex())
            .end()
            .end()
            .end()
            .put("predicateType", type)
            .putJson("predicate", json)
            .end()
            .bytes();
    Base64.Encoder base64 = Base64.getEncoder();
    byte[] envelope =
        new JsonWriter()
            .object()
            .put("payloadType", IN_TOTO)
            .put("payload", base64.encodeToString(payload))
            .array("signatures")
            .object()
            .put("keyid", "")
            .put("sig", base64.encodeToString(key.sign(preAuthentication(IN_TOTO, payload))))
            .end()
            .end()
            .end()
            .bytes();
    if (envelope.length > Statement.LARGEST) {
      throw SpecException.usage("the predicate is too large to be kept beside the image");
    }
    return new Statement(
        Statement.Kind.DSSE, envelope, Map.of(SIGNATURE, "", PREDICATE_TYPE, type));
  }

  /** The bytes that a DSSE signature covers. */
  static byte[] preAuthentication(String type, byte[] payload) {
    byte[] head =
        ("DSSEv1 " + type.length() + " " + type + " " + payload.length + " ")
            .getBytes(StandardCharsets.US_ASCII);
    byte[] result = new byte[head.length + payload.length];
    System.arraycopy(head, 0, result, 0, head.length);
    System.arraycopy(payload, 0, result, head.length, payload.length);
    return result;
  }
}
