package rkt.verify.sigstore;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import rkt.spec.Digest;
import rkt.verify.claim.Statement;

/** Signs as cosign does, by the authorities and logs of an {@link Instance}, well or badly. */
public final class CosignSigner {
  public static final Instant NOW = Instance.SIGNED.plus(Duration.ofDays(1));
  public static final String ISSUER = Instance.ISSUER;
  public static final String EMAIL = Instance.SUBJECT;

  private final Instance instance = new Instance();
  private final Instance other = new Instance();
  private final Instance old = new Instance(Instance.SIGNED.minusSeconds(30));
  private final KeyPair keys = Instance.ec("secp256r1");
  private final KeyPair otherKeys = Instance.ec("secp256r1");

  public CosignSigner() throws Exception {}

  /** Writes what a policy may name. */
  public void publish(Path dir) throws Exception {
    certificates(dir.resolve("root.pem"), instance.root.certificate());
    certificates(dir.resolve("intermediate.pem"), instance.intermediate.certificate());
    certificates(
        dir.resolve("both.pem"),
        instance.root.certificate(),
        instance.intermediate.certificate(),
        old.root.certificate());
    certificates(dir.resolve("other.pem"), other.root.certificate());
    key(dir.resolve("log.pub"), instance.log.keys());
    key(dir.resolve("other-log.pub"), other.log.keys());
    key(dir.resolve("ed-log.pub"), instance.edLog.keys());
    key(dir.resolve("key.pub"), keys);
    key(dir.resolve("other-key.pub"), otherKeys);
  }

  private static void certificates(Path file, X509Certificate... certificates) throws Exception {
    StringBuilder text = new StringBuilder();
    for (X509Certificate certificate : certificates) {
      text.append(Encoding.pem(certificate.getEncoded(), "CERTIFICATE"));
    }
    Files.writeString(file, text);
  }

  private static void key(Path file, KeyPair keys) throws Exception {
    Files.writeString(file, Encoding.pem(keys.getPublic().getEncoded(), "PUBLIC KEY"));
  }

  /**
   * A signature about {@code image}.
   *
   * @param how {@code key} or {@code certificate}, and what is unusual about it
   */
  public Statement sign(List<String> how, Digest image, String reference) throws Exception {
    Digest subject = how.contains("another-digest") ? Digest.sha256(new byte[] {1}) : image;
    byte[] payload = payload(subject, reference);
    boolean bare = how.contains("key");
    Instance issuer = how.contains("old-intermediate") ? old : instance;
    Instance.Holder leaf = issuer.leaf(leaf(how));
    KeyPair signer = bare ? keys : leaf.keys();
    KeyPair signing = how.contains("forged") ? otherKeys : signer;
    byte[] signature = Instance.sign("SHA256withECDSA", signing.getPrivate(), payload);
    String verifier =
        bare
            ? Encoding.pem(keys.getPublic().getEncoded(), "PUBLIC KEY")
            : Encoding.pem(leaf.certificate().getEncoded(), "CERTIFICATE");
    Map<String, String> annotations = new HashMap<>();
    annotations.put("dev.cosignproject.cosign/signature", Instance.base64(signature));
    if (!bare && !how.contains("no-certificate")) {
      annotations.put("dev.sigstore.cosign/certificate", verifier);
    }
    if (!bare && !how.contains("no-chain")) {
      annotations.put(
          "dev.sigstore.cosign/chain",
          Encoding.pem(issuer.intermediate.certificate().getEncoded(), "CERTIFICATE")
              + Encoding.pem(issuer.root.certificate().getEncoded(), "CERTIFICATE"));
    }
    if (!how.contains("unrecorded")) {
      byte[] recorded = how.contains("other-record") ? "{}".getBytes(UTF_8) : payload;
      String record =
          Instance.annotation(
              how.contains("other-log") ? other.log : instance.log,
              entry(recorded, signature, verifier),
              recordedAt(how));
      annotations.put(
          "dev.sigstore.cosign/bundle",
          how.contains("forged-record")
              ? record.replace("\"logIndex\":5", "\"logIndex\":6")
              : record);
    }
    return new Statement(Statement.Kind.COSIGN, payload, annotations);
  }

  private static Instant recordedAt(List<String> how) {
    if (how.contains("recorded-late")) {
      return Instance.SIGNED.plusSeconds(3600);
    }
    if (how.contains("recorded-early")) {
      return Instance.SIGNED.minusSeconds(3600);
    }
    if (how.contains("recorded-soon")) {
      return Instance.SIGNED.minusSeconds(45);
    }
    return how.contains("recorded-never") ? Instant.EPOCH : Instance.SIGNED;
  }

  private static Instance.Leaf leaf(List<String> how) {
    Instance.Leaf leaf = new Instance.Leaf();
    if (how.contains("other-issuer")) {
      leaf.issuer = "https://evil.example.com";
      leaf.oldIssuer = leaf.issuer;
    }
    if (how.contains("two-issuers")) {
      leaf.oldIssuer = "https://evil.example.com";
    }
    if (how.contains("new-issuer")) {
      leaf.oldIssuer = null;
    }
    if (how.contains("old-issuer")) {
      leaf.issuer = null;
    }
    if (how.contains("no-issuer")) {
      leaf.issuer = null;
      leaf.oldIssuer = null;
    }
    if (how.contains("other-email")) {
      leaf.names = names(GeneralName.rfc822Name, "bob@example.com");
    }
    if (how.contains("email-in-capitals")) {
      leaf.names = names(GeneralName.rfc822Name, "ANN@example.com");
    }
    if (how.contains("several-names")) {
      leaf.names =
          new GeneralName[] {
            new GeneralName(GeneralName.rfc822Name, "bob@example.com"),
            new GeneralName(GeneralName.rfc822Name, EMAIL)
          };
    }
    for (String word : how) {
      if (word.startsWith("host=")) {
        leaf.names = names(GeneralName.dNSName, word.substring("host=".length()));
      } else if (word.startsWith("uri=")) {
        leaf.names = names(GeneralName.uniformResourceIdentifier, word.substring("uri=".length()));
      } else if (word.startsWith("address=")) {
        leaf.names = names(GeneralName.iPAddress, word.substring("address=".length()));
      }
    }
    if (how.contains("long")) {
      leaf.end = NOW.plusSeconds(60);
    }
    if (how.contains("for-servers")) {
      leaf.purpose = KeyPurposeId.id_kp_serverAuth;
    }
    leaf.authority = how.contains("authority");
    return leaf;
  }

  private static GeneralName[] names(int kind, String name) {
    return new GeneralName[] {new GeneralName(kind, name)};
  }

  private static byte[] payload(Digest image, String reference) {
    return ("{\"critical\":{\"identity\":{\"docker-reference\":\""
            + reference
            + "\"},\"image\":{\"docker-manifest-digest\":\""
            + image
            + "\"},\"type\":\"cosign container image signature\"},\"optional\":{}}")
        .getBytes(UTF_8);
  }

  private static String entry(byte[] payload, byte[] signature, String verifier) {
    return "{\"apiVersion\":\"0.0.1\",\"kind\":\"hashedrekord\",\"spec\":{\"data\":{\"hash\":{"
        + "\"algorithm\":\"sha256\",\"value\":\""
        + HexFormat.of().formatHex(Hashes.sha256(payload))
        + "\"}},\"signature\":{\"content\":\""
        + Instance.base64(signature)
        + "\",\"publicKey\":{\"content\":\""
        + Instance.base64(verifier.getBytes(UTF_8))
        + "\"}}}}";
  }
}
