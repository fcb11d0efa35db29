package rkt.verify.main;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import rkt.spec.ErrorClass;
import rkt.spec.json.JsonObject;
import rkt.verify.Gpg;
import rkt.verify.openpgp.Rule;

/** {@code rkt-verify --detached}, as a script calls it. spec/trust.md#detached */
class DetachedTest {
  private static final byte[] DATA = "signed bytes".getBytes(UTF_8);
  private static final String NOW = "2025-06-01T00:00:00Z";

  private static Gpg gpg;
  private static String alice;
  private static String subkey;
  private static String bob;

  @TempDir Path dir;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeAll
  static void makeKeys() throws Exception {
    gpg = new Gpg().at("2025-01-01 00:00:00");
    alice = gpg.key("Alice", "ed25519", "cert", "never");
    gpg.run("--quick-add-key", alice, "rsa2048", "sign", "never");
    subkey = gpg.fingerprints(alice).get(1);
    bob = gpg.key("Bob", "nistp384", "sign", "never");
  }

  @AfterAll
  static void close() throws Exception {
    gpg.close();
  }

  @BeforeEach
  void write() throws IOException {
    Files.write(dir.resolve("data"), DATA);
    Files.write(dir.resolve("alice"), gpg.export(alice));
    Files.write(dir.resolve("bob"), gpg.export(bob));
  }

  @Test
  void printsTimeSigningKeyAndPrimaryKeyOfEachSignatureThatCounts() throws Exception {
    Path both = file("both", concat(sign(alice), sign(bob)));
    assertThat(run("", "--detached", both, "--cert", "alice", "--cert", "bob", "data")).isZero();
    assertThat(out.toString(UTF_8))
        .isEqualTo(
            "2025-01-01T00:00:00Z %s %s mode:binary\n"
                    .formatted(subkey, alice)
                    .toUpperCase(Locale.ROOT)
                    .replace("MODE:BINARY", "mode:binary")
                + "2025-01-01T00:00:00Z %s %s mode:binary\n"
                    .formatted(bob, bob)
                    .toUpperCase(Locale.ROOT)
                    .replace("MODE:BINARY", "mode:binary"));
    assertThat(err.toString(UTF_8)).isEmpty();
  }

  @Test
  void oneOfSeveralIsEnoughAndTheOtherIsToldOnStderr() throws Exception {
    Path both = file("both", concat(sign(bob), sign(alice)));
    assertThat(run("signed bytes", "--detached", both, "--cert=alice")).isZero();
    assertThat(out.toString(UTF_8).lines()).hasSize(1);
    assertThat(err.toString(UTF_8))
        .isEqualTo(
            "trust: the signature by "
                + bob
                + " is refused: no trusted key has that fingerprint\n");
  }

  @Test
  void aForgeryInTheNameOfACertificateRefusesAll() throws Exception {
    byte[] forged = gpg.run(gpg.sign("other".getBytes(UTF_8), bob), "--dearmor");
    Path both = file("both", concat(sign(alice), forged));
    assertThat(run("", "--detached", both, "--cert=alice", "--cert=bob", "data")).isEqualTo(3);
    assertThat(out.toString(UTF_8)).isEmpty();
    assertThat(run("", "--detached", both, "--cert=alice", "data")).isZero();
  }

  @Test
  void whatNoCertificateSignedHasNoSignature() throws Exception {
    Path signature = file("sig", sign(alice));
    assertThat(run("", "--detached", signature, "--cert=bob", "data")).isEqualTo(3);
    assertThat(run("other bytes", "--detached", signature, "--cert=alice", "-")).isEqualTo(3);
    assertThat(out.toString(UTF_8)).isEmpty();
    assertThat(err.toString(UTF_8)).contains("other bytes were signed");
  }

  @ParameterizedTest
  @CsvSource({
    "--not-before=2025-01-01T00:00:00Z, 0",
    "--not-before=2025-01-01T00:00:01Z, 3",
    "--not-after=2025-01-01T01:00:00+01:00, 0",
    "--not-after=2024-12-31T23:59:59Z, 3",
    "--not-after=now, 0",
    "--not-before=now, 3",
    "--not-before=-, 0",
    "--not-after=yesterday, 2"
  })
  void theTimeOfASignatureCanBeLimited(String option, int status) throws Exception {
    Path signature = file("sig", sign(alice));
    assertThat(run("", option, "--detached", signature, "--cert=alice", "data")).isEqualTo(status);
  }

  @Test
  void whatCannotBeReadHasTheStatusesOfTheStatelessInterface() throws Exception {
    Path signature = file("sig", sign(alice));
    Path rubbish = file("rubbish", DATA);
    Path two = file("two", (text("alice") + text("bob")).getBytes(UTF_8));
    assertThat(run("", "--detached", rubbish, "--cert=alice", "data")).isEqualTo(41);
    assertThat(run("", "--detached", "alice", "--cert=alice", "data")).isEqualTo(41);
    assertThat(run("", "--detached", signature, "--cert", rubbish, "data")).isEqualTo(41);
    assertThat(run("", "--detached", signature, "--cert", two, "data")).isEqualTo(41);
    assertThat(run("", "--detached", signature, "--cert=none", "data")).isEqualTo(61);
    assertThat(run("", "--detached", "none", "--cert=alice", "data")).isEqualTo(61);
    assertThat(run("", "--detached", signature, "--cert=alice", "none")).isEqualTo(61);
    assertThat(run("", "--detached", signature, "data")).isEqualTo(19);
    assertThat(run("", "--cert=alice", "data")).isEqualTo(19);
    assertThat(run("", "--detached", signature, "--cert=alice", "data", "data")).isEqualTo(19);
    assertThat(run("", "--format=json", "--detached", signature, "--cert=alice", "data"))
        .isEqualTo(ErrorClass.USAGE.status());
    assertThat(out.toString(UTF_8)).isEmpty();
  }

  static List<Path> vectors() throws IOException {
    try (Stream<Path> cases = Files.list(Path.of("../spec/vectors/trust"))) {
      return cases.filter(Files::isDirectory).sorted().toList();
    }
  }

  /** The hash of the JDK and the saved state of the other lead to the same verdict. */
  @ParameterizedTest
  @MethodSource("vectors")
  void judgesTheTrustVectorsAsImagesAreJudged(Path vector) throws Exception {
    JsonObject expect = JsonObject.parse(Files.readAllBytes(vector.resolve("expect.json")), "x");
    Rule rule = Rule.parse(expect.string("rule"));
    int status =
        runAt(
            expect.string("now"),
            "",
            "--detached",
            vector.resolve("data.asc").toString(),
            "--cert",
            vector.resolve("key.asc").toString(),
            vector.resolve("data").toString());
    assertThat(status)
        .as(err.toString(UTF_8))
        .isEqualTo(
            switch (rule) {
              case VALID -> 0;
              case MALFORMED -> 41;
              default -> 3;
            });
    assertThat(out.size() > 0).isEqualTo(rule == Rule.VALID);
  }

  private int run(String stdin, Object... words) {
    List<String> arguments = Stream.of(words).map(this::resolved).toList();
    return runAt(NOW, stdin, arguments.toArray(String[]::new));
  }

  /** Names of files are those of the test's directory. */
  private String resolved(Object word) {
    String text = word.toString();
    if (text.startsWith("--cert=")) {
      return "--cert=" + dir.resolve(text.substring(7));
    }
    return text.startsWith("-") ? text : dir.resolve(text).toString();
  }

  private int runAt(String now, String stdin, String... arguments) {
    out.reset();
    err.reset();
    return new Main(
            new ByteArrayInputStream(stdin.getBytes(UTF_8)),
            new PrintStream(out, true, UTF_8),
            new PrintStream(err, true, UTF_8),
            InstantSource.fixed(Instant.parse(now)))
        .run(arguments);
  }

  private Path file(String name, byte[] bytes) throws IOException {
    return Files.write(dir.resolve(name), bytes);
  }

  private String text(String name) throws IOException {
    return Files.readString(dir.resolve(name));
  }

  private static byte[] sign(String key) {
    return gpg.run(gpg.sign(DATA, key), "--dearmor");
  }

  private static byte[] concat(byte[] first, byte[] second) {
    ByteArrayOutputStream both = new ByteArrayOutputStream();
    both.writeBytes(first);
    both.writeBytes(second);
    return both.toByteArray();
  }
}
