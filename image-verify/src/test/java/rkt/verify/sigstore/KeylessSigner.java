package rkt.verify.sigstore;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bouncycastle.asn1.x509.GeneralName;
import rkt.spec.Digest;
import rkt.verify.claim.Signer;
import rkt.verify.claim.Statement;

/**
 * Signs without a key of its own, as cosign does: the authority of an {@link Instance} certifies a
 * fresh key for whoever it is that signs, and its logs and timestamp authority witness it.
 */
public final class KeylessSigner {
  /** The predicate by which bundles say that an image is signed, and no more. */
  private static final String SIGNATURE = "https://sigstore.dev/cosign/sign/v1";

  private final Instance instance = new Instance();
  private final Instant signed;

  /**
   * Founds an instance.
   *
   * @param signed when all that is signed by it is signed, in whole seconds
   */
  public KeylessSigner(Instant signed) throws Exception {
    this.signed = signed;
  }

  /** The {@code trusted_root.json} of the instance. */
  public String trustedRoot() throws Exception {
    return instance.trustedRoot("\"start\":\"2025-01-01T00:00:00Z\"");
  }

  /** One of which all parts are believed until {@code end}. */
  public String trustedRoot(Instant end) throws Exception {
    return instance.trustedRoot("\"start\":\"2025-01-01T00:00:00Z\",\"end\":\"" + end + "\"");
  }

  /** A signature with its proofs in annotations. */
  public Statement signature(Signer.Identity who, Digest image, String reference) throws Exception {
    byte[] payload = payload(image, reference);
    return signature(who, payload, payload);
  }

  /** One whose entry of the log is about the signature of {@code recorded}. */
  public Statement signatureRecordedAs(
      Digest recorded, Signer.Identity who, Digest image, String reference) throws Exception {
    return signature(who, payload(image, reference), payload(recorded, reference));
  }

  private Statement signature(Signer.Identity who, byte[] payload, byte[] recorded)
      throws Exception {
    Instance.Holder signer = certify(who);
    byte[] signature = Instance.sign("SHA256withECDSA", signer.keys().getPrivate(), payload);
    byte[] certificate = signer.certificate().getEncoded();
    Map<String, String> annotations = new HashMap<>();
    annotations.put("dev.cosignproject.cosign/signature", Instance.base64(signature));
    prove(
        annotations,
        certificate,
        EntryKind.HASHEDREKORD_1.body(recorded, recorded, signature, certificate),
        signature);
    return new Statement(Statement.Kind.COSIGN, payload, annotations);
  }

  /** A signature in a bundle, with an entry of the log and a timestamp. */
  public Statement bundle(Signer.Identity who, Digest image, String name) throws Exception {
    return bundle(who, image, name, SIGNATURE, "{}");
  }

  /** A signature in a bundle, which so many logs recorded: one or two. */
  public Statement bundle(Signer.Identity who, Digest image, String name, int logs)
      throws Exception {
    Attested attested = attested(who, image, name, SIGNATURE, "{}");
    for (Instance.Log log : List.of(instance.log, instance.edLog).subList(0, logs)) {
      attested.entries.add(attested.entry(log, EntryKind.DSSE_1, signed));
    }
    attested.timestamps.add(Instance.timestamp(instance.stamp, attested.signature, signed, true));
    return attested.statement();
  }

  /** An attestation in a bundle. */
  public Statement bundle(
      Signer.Identity who, Digest image, String name, String predicateType, String predicate)
      throws Exception {
    Attested attested = attested(who, image, name, predicateType, predicate);
    attested.entries.add(attested.entry(instance.log, EntryKind.DSSE_1, signed));
    attested.timestamps.add(Instance.timestamp(instance.stamp, attested.signature, signed, true));
    return attested.statement();
  }

  /** An attestation in an envelope, with its proofs in annotations. */
  public Statement attestation(
      Signer.Identity who, Digest image, String name, String predicateType, String predicate)
      throws Exception {
    Attested attested = attested(who, image, name, predicateType, predicate);
    byte[] envelope = attested.envelope().getBytes(UTF_8);
    Map<String, String> annotations = new HashMap<>();
    annotations.put("dev.cosignproject.cosign/signature", "");
    annotations.put("predicateType", predicateType);
    prove(
        annotations,
        attested.signer.certificate().getEncoded(),
        attested.body(EntryKind.INTOTO_2),
        envelope);
    return new Statement(Statement.Kind.DSSE, envelope, annotations);
  }

  private Attested attested(
      Signer.Identity who, Digest image, String name, String predicateType, String predicate)
      throws Exception {
    String statement =
        "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"name\":\"%s\",\"digest\":{\"sha256\":\"%s\"}}],\"predicateType\":\"%s\",\"predicate\":%s}"
            .formatted(name, image.hex(), predicateType, predicate);
    return new Attested(statement.getBytes(UTF_8), certify(who), "SHA256withECDSA");
  }

  private void prove(
      Map<String, String> annotations, byte[] certificate, String record, byte[] stamped)
      throws Exception {
    byte[] timestamp = Instance.timestamp(instance.stamp, stamped, signed, true);
    annotations.put("dev.sigstore.cosign/certificate", Encoding.pem(certificate, "CERTIFICATE"));
    annotations.put(
        "dev.sigstore.cosign/chain",
        Encoding.pem(instance.intermediate.certificate().getEncoded(), "CERTIFICATE")
            + Encoding.pem(instance.root.certificate().getEncoded(), "CERTIFICATE"));
    annotations.put(
        "dev.sigstore.cosign/bundle", Instance.annotation(instance.log, record, signed));
    annotations.put(
        "dev.sigstore.cosign/rfc3161timestamp",
        "{\"SignedRFC3161Timestamp\":\"" + Instance.base64(timestamp) + "\"}");
  }

  /** A certificate for ten minutes, by the identity provider that {@code who} came from. */
  private Instance.Holder certify(Signer.Identity who) throws Exception {
    Instance.Leaf leaf = new Instance.Leaf();
    leaf.start = signed.minusSeconds(1);
    leaf.end = signed.plusSeconds(600);
    leaf.logged = signed.minusSeconds(1);
    leaf.issuer = who.issuer();
    leaf.oldIssuer = who.issuer();
    int kind =
        who.subject().contains("://")
            ? GeneralName.uniformResourceIdentifier
            : GeneralName.rfc822Name;
    leaf.names = new GeneralName[] {new GeneralName(kind, who.subject())};
    return instance.leaf(leaf);
  }

  private static byte[] payload(Digest image, String reference) {
    return "{\"critical\":{\"identity\":{\"docker-reference\":\"%s\"},\"image\":{\"docker-manifest-digest\":\"%s\"},\"type\":\"cosign container image signature\"},\"optional\":null}"
        .formatted(reference, image)
        .getBytes(UTF_8);
  }
}
