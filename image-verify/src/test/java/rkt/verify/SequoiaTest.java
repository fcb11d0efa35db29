package rkt.verify;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.spec.ImageName;
import rkt.spec.image.ImageId;
import rkt.verify.openpgp.Evidence;
import rkt.verify.policy.PolicyStore;
import rkt.verify.trust.Scope;
import rkt.verify.trust.TrustStore;

/**
 * Keys and signatures of another implementation than gpg: Sequoia's sq, which signs by a subkey.
 */
class SequoiaTest {
  @TempDir Path dir;

  @ParameterizedTest
  @ValueSource(strings = {"cv25519", "rsa3k"})
  void keysAndSignaturesOfSequoiaVerify(String suite) throws Exception {
    Path data = Files.writeString(dir.resolve("data"), "the bytes of an image");
    sq("key", "generate", "--cipher-suite", suite, "--userid", "T", "--export", "key");
    sq("key", "extract-cert", "--output", "cert", "key");
    sq("sign", "--detached", "--signer-key", "key", "--output", "signature", "data");
    TrustStore trust = TrustStore.open(dir.resolve("system"), dir.resolve("local"), null);
    String key =
        trust
            .add(Scope.ROOT, Files.readAllBytes(dir.resolve("cert")), "cert")
            .facts()
            .fingerprint();

    Evidence evidence = Evidence.collect(Files.readAllBytes(dir.resolve("signature")), data);
    Verified verified =
        new Verifier(
                trust, PolicyStore.open(dir, dir), InstantSource.system(), Verifier.Purpose.USE)
            .verify(
                new Candidate(
                    new ImageId(ImageId.Kind.OCI, evidence.subject()),
                    new ImageName("example.com/app"),
                    evidence.subject(),
                    evidence.subject(),
                    evidence,
                    Candidate.StatementSource.NONE));

    assertThat(verified.fingerprint()).isEqualTo(key);
    assertThat(verified.signingKey()).isNotEqualTo(key);
  }

  private void sq(String... arguments) throws Exception {
    List<String> command = new java.util.ArrayList<>(List.of("sq"));
    command.addAll(List.of(arguments));
    Path log = dir.resolve("log");
    int status =
        new ProcessBuilder(command)
            .directory(dir.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start()
            .waitFor();
    assertThat(status).as("%s: %s", command, Files.readString(log)).isZero();
  }
}
