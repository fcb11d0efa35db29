package rkt.verify;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import rkt.spec.ImageName;
import rkt.spec.image.ImageId;
import rkt.spec.json.JsonObject;
import rkt.verify.openpgp.Evidence;
import rkt.verify.openpgp.TrustException;
import rkt.verify.policy.PolicyStore;
import rkt.verify.trust.Scope;
import rkt.verify.trust.TrustStore;

/** spec/vectors/trust: what the specification says of files, not of code. */
class TrustVectorsTest {
  private static final Path VECTORS = Path.of("../spec/vectors/trust");

  @TempDir Path dir;

  static List<Path> vectors() throws IOException {
    try (Stream<Path> cases = Files.list(VECTORS)) {
      List<Path> result = cases.filter(Files::isDirectory).sorted().toList();
      assertThat(result).hasSizeGreaterThan(20);
      return result;
    }
  }

  @ParameterizedTest
  @MethodSource("vectors")
  void theRuleThatDecidesIsTheOneThatTheVectorNames(Path vector) throws Exception {
    JsonObject expect =
        JsonObject.parse(Files.readAllBytes(vector.resolve("expect.json")), "expect.json");
    TrustStore trust = TrustStore.open(dir.resolve("system"), dir.resolve("local"), null);
    trust.add(Scope.ROOT, Files.readAllBytes(vector.resolve("key.asc")), "key.asc");
    Instant now = Instant.parse(expect.string("now"));
    PolicyStore none = PolicyStore.open(dir, dir);
    assertThat(
            judge(
                vector, new Verifier(trust, none, InstantSource.fixed(now), Verifier.Purpose.USE)))
        .isEqualTo(expect.string("rule"));
  }

  private static String judge(Path vector, Verifier verifier) throws Exception {
    try {
      byte[] signature = Files.readAllBytes(vector.resolve("data.asc"));
      Evidence evidence = Evidence.collect(signature, vector.resolve("data"));
      Path kept = vector.resolve("evidence.json");
      if (Files.exists(kept)) {
        // What another version of the program wrote must still be readable, digest state included.
        assertThat(Evidence.fromJson(Files.readAllBytes(kept), "kept")).isEqualTo(evidence);
        assertThat(kept).hasBinaryContent(evidence.toJson());
      }
      ImageId id = new ImageId(ImageId.Kind.OCI, evidence.subject());
      ImageName name = new ImageName("example.com/app");
      Verdict verdict =
          verifier.judge(
              new Candidate(
                  id,
                  name,
                  evidence.subject(),
                  evidence.subject(),
                  evidence,
                  Candidate.StatementSource.NONE));
      JsonObject json = JsonObject.parse(verdict.toJson(), "verdict");
      assertThat(json.string("rule")).isEqualTo(verdict.rule().label());
      return verdict.rule().label();
    } catch (TrustException e) {
      return e.rule().label();
    }
  }
}
