package rkt.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code rkt-verify} says of files, and what it records, are what the schemas say. */
class VerifyFilesTest {
  private static final Path FIXTURES = Path.of("src/main/training").toAbsolutePath();

  @TempDir Path directory;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private Cli cli;
  private String unsigned;

  @BeforeEach
  void files() throws IOException {
    cli = new Cli(directory);
    Path copy = directory.resolve("unsigned.aci");
    unsigned = Files.copy(FIXTURES.resolve("image.aci"), copy).toString();
  }

  private int verify(String... files) {
    out.reset();
    err.reset();
    String[] words = new String[files.length + 4];
    words[0] = "--dir=" + directory.resolve("data");
    words[1] = "--system-config=" + directory.resolve("system");
    words[2] = "--local-config=" + directory.resolve("local");
    words[3] = "--format=json";
    System.arraycopy(files, 0, words, 4, files.length);
    return new rkt.verify.main.Main(
            InputStream.nullInputStream(),
            new PrintStream(out, true, UTF_8),
            new PrintStream(err, true, UTF_8),
            InstantSource.system())
        .run(words);
  }

  @Test
  void verdictsErrorsAndRecordsFollowTheirSchemas() throws Exception {
    String signed = FIXTURES.resolve("image.aci").toString();
    Path broken = directory.resolve("broken.aci");
    Files.copy(Path.of(signed), broken);
    Files.writeString(Path.of(broken + ".asc"), "no signature\n");
    assertThat(verify(signed, unsigned, broken.toString())).isEqualTo(12);
    assertThat(out.toString(UTF_8).lines()).hasSize(3);
    cli.rkt("trust", "--root", FIXTURES.resolve("ed25519.asc").toString());
    String before = out.toString(UTF_8);
    assertThat(verify(signed, unsigned, directory.resolve("none.aci").toString())).isEqualTo(12);
    assertThat(err.toString(UTF_8).lines()).hasSize(2);
    Schemas.check("error", err.toString(UTF_8));
    assertThat(out.toString(UTF_8)).contains("\"accepted\":true,\"rule\":\"valid\"");
    Schemas.check("verdict", before + out.toString(UTF_8));
    Cli.Result log = cli.rkt("audit", "log", "--event=verdict", "--format=json");
    assertThat(log.out().lines()).hasSizeGreaterThanOrEqualTo(2);
    Schemas.check("audit-record", log.out());
  }

  @Test
  void aPolicyIsExplainedInTheVerdictOnAFile() throws Exception {
    cli.rkt("trust", "--root", FIXTURES.resolve("ed25519.asc").toString());
    Path policy = directory.resolve("local/policy.d/policy.json");
    Files.createDirectories(policy.getParent());
    Files.writeString(
        policy,
        "{\"rktKind\":\"policy\",\"rktVersion\":\"v1\",\"require\":{\"type\":\"accept-unsigned\"}}");
    assertThat(verify(FIXTURES.resolve("image.aci").toString())).isZero();
    Schemas.check("verdict", out.toString(UTF_8));
    assertThat(verify(unsigned)).isEqualTo(12);
    Schemas.check("verdict", out.toString(UTF_8));
    assertThat(out.toString(UTF_8))
        .contains("\"accepted\":false,\"rule\":\"unsigned\"")
        .contains("does not choose its policy");
  }
}
