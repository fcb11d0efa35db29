package rkt.verify.sigstore;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.verify.claim.Statement;

/** Reads the parts of signatures one by one, for those outside of the package who break them. */
public final class SigstoreProbe {
  private static final Path VECTORS = Path.of("../spec/vectors/sigstore");
  private static final Path TIMESTAMPED =
      VECTORS.resolve("bundle/dsse-with-hashedrekord-happy-path/bundle.sigstore.json");
  private static final Instant NOW = Instant.parse("2026-11-28T00:00:00Z");

  /** Something that reads. */
  private interface Reading {
    void run() throws SpecException, SigstoreException;
  }

  private SigstoreProbe() {}

  /** Verifies a statement of that kind: whatever it is, the answer is a result, and knows why. */
  public static void statement(Statement.Kind kind, byte[] body) {
    if (body.length > Statement.LARGEST) {
      return;
    }
    Statement statement =
        new Statement(kind, body, Map.of("dev.cosignproject.cosign/signature", "MAYCAQECAQE="));
    Result result = new SigstoreVerifier(List.of(), root()).check(statement, NOW);
    if (result instanceof Result.Refused refused
        && refused.why().startsWith("the statement cannot be read")) {
      throw new AssertionError("stumbled: " + refused.why());
    }
  }

  /** What cosign signs, as if the signature held. */
  public static void payload(byte[] payload) {
    read(() -> SimpleSigningPayload.parse(payload));
  }

  /** A record of a log in an annotation, and whether it is about something. */
  public static void logEntry(byte[] annotation) {
    read(() -> {
      LogEntry entry = LogEntry.parseAnnotation(new String(annotation, UTF_8));
      LogBody.ofCertificate(Content.message(annotation), annotation, annotation).check(entry);
    });
  }

  /** A timestamp, whose signature is asked for. */
  public static void timestamp(byte[] response) {
    TrustedRoot root = root();
    read(() -> TimestampToken.parse(response).verify(response, root));
  }

  /** A certificate, whom it names and which logs recorded it. */
  public static void certificate(byte[] der) {
    TrustedRoot root = root();
    read(() -> {
      SigningCertificate certificate = SigningCertificate.of(der);
      certificate.identity();
      certificate.logs(root, root.certificateAuthorities().get(1), NOW);
    });
  }

  private static void read(Reading reading) {
    try {
      reading.run();
    } catch (SpecException | SigstoreException e) {
      if (e.getMessage() == null || e.getMessage().isEmpty()) {
        throw new AssertionError("a refusal without words", e);
      }
    }
  }

  /** The certificates of bundles and of the public root. */
  public static List<byte[]> certificates() throws Exception {
    List<byte[]> certificates = new ArrayList<>();
    for (Authority authority : root().certificateAuthorities()) {
      certificates.add(authority.root().getEncoded());
    }
    JsonObject material =
        JsonObject.parse(Files.readAllBytes(TIMESTAMPED), "the bundle")
            .object("verificationMaterial");
    certificates.add(Base64.getDecoder().decode(material.object("certificate").string("rawBytes")));
    return certificates;
  }

  /** The timestamps of a bundle. */
  public static List<byte[]> timestamps() throws Exception {
    return Bundle.parse(Files.readAllBytes(TIMESTAMPED)).material().timestamps();
  }

  private static TrustedRoot root() {
    return Root.READ;
  }

  /** Read once. */
  private static final class Root {
    private static final TrustedRoot READ = read();

    private static TrustedRoot read() {
      try {
        return TrustedRoot.parse(
            Files.readAllBytes(VECTORS.resolve("public-good/trusted_root.json")), "root");
      } catch (IOException | SpecException e) {
        throw new AssertionError(e);
      }
    }
  }
}
