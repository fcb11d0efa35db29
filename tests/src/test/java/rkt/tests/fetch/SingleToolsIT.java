package rkt.tests.fetch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.tests.Call;
import rkt.tests.Images;
import rkt.tests.Result;
import rkt.tests.Rkt;

/** The tools one by one, and in a pipe: what one prints is what the next one reads. */
@Tag("privileged")
@TestInstance(Lifecycle.PER_CLASS)
class SingleToolsIT {
  private Rkt rkt;
  private Path signed;
  private Path unsigned;
  private String signedId;
  private String unsignedId;

  @BeforeAll
  void open() throws Exception {
    rkt = Rkt.fresh();
    Images.trust(rkt);
    signed = Images.busybox().exec("/bin/sh", "-c", "echo pod; exit 3").make();
    unsigned = Images.busybox().exec("/bin/sh", "-c", "echo bad").make();
    Files.delete(Path.of(unsigned + ".asc"));
    signedId = rkt.tool("rkt-fetch", "--quiet", signed.toString()).run().out().strip();
    unsignedId = rkt.tool("rkt-fetch", "--quiet", unsigned.toString()).run().out().strip();
  }

  @AfterAll
  void close() throws Exception {
    rkt.close();
  }

  private Result pipe(Path image) throws Exception {
    String directories =
        " --dir="
            + rkt.data()
            + " --system-config="
            + rkt.home()
            + "/system --local-config="
            + rkt.home()
            + "/local";
    String script =
        "set -o pipefail; cd "
            + Rkt.DISTRIBUTION
            + "/bin; ./rkt-fetch --quiet --dir="
            + rkt.data()
            + " "
            + image
            + " | ./rkt-verify"
            + directories
            + " | xargs -r ./rkt-run"
            + directories
            + " --net=none;"
            + " echo ${PIPESTATUS[*]}";
    return new Call(List.of("bash", "-c", script)).run();
  }

  @Test
  void thePipeRunsWhatIsTrusted() throws Exception {
    Result result = pipe(signed);
    // xargs: 123 if what it started ended with 1 to 125
    assertThat(result.out()).as("%s", result).isEqualTo("pod\n0 0 123\n");
    assertThat(result.err()).isEmpty();
  }

  @Test
  void thePipeRunsNothingElse() throws Exception {
    Result result = pipe(unsigned);
    assertThat(result.out()).as("%s", result).isEqualTo("0 12 0\n");
    Rkt.assertRefusalText("trust", result);
    result = pipe(Path.of("/nowhere.aci"));
    assertThat(result.out()).as("%s", result).isEqualTo("10 0 0\n");
    Rkt.assertRefusalText("not-found", result);
  }

  @Test
  void verifyGoesOnAndGivesTheStatusOfTheFirstRefusal() throws Exception {
    Result result =
        rkt.tool("rkt-verify")
            .stdin((unsignedId + "\n" + signedId + "\nnothing\n").getBytes(UTF_8))
            .run();
    assertThat(result.status()).isEqualTo(12);
    assertThat(result.out()).isEqualTo(signedId + "\n");
    assertThat(result.err()).contains("trust: ").contains("not-found: ");
    Result json = rkt.tool("rkt-verify", "--format=json", unsignedId, signedId).run();
    assertThat(json.status()).isEqualTo(12);
    assertThat(json.lines()).hasSize(2);
  }

  @Test
  void theStatusTellsTheClass() throws Exception {
    Path damaged = rkt.home().resolve("damaged.aci");
    byte[] bytes = Files.readAllBytes(signed);
    Files.write(damaged, Arrays.copyOf(bytes, 700));
    Tools.refuses(rkt, "usage", 2, rkt.tool("rkt-fetch"));
    Tools.refuses(rkt, "usage", 2, rkt.tool("rkt-fetch", "http://127.0.0.1/x.aci"));
    Tools.refuses(rkt, "usage", 2, rkt.tool("rkt-fetch", "https://127.0.0.1:65536/x.aci"));
    Tools.refuses(rkt, "not-found", 10, rkt.tool("rkt-fetch", "/nowhere.aci"));
    Tools.refuses(rkt, "network", 11, rkt.tool("rkt-fetch", "https://127.0.0.1:1/x.aci"));
    Tools.refuses(rkt, "integrity", 13, rkt.tool("rkt-fetch", damaged.toString()));

    Tools.refuses(rkt, "usage", 2, rkt.tool("rkt-verify", "--nonsense"));
    Tools.refuses(rkt, "not-found", 10, rkt.tool("rkt-verify", "example.com/nothing"));
    Tools.refuses(rkt, "trust", 12, rkt.tool("rkt-verify", unsignedId));

    Tools.refuses(rkt, "usage", 2, rkt.tool("rkt-render"));
    Tools.refuses(rkt, "not-found", 10, rkt.tool("rkt-render", "example.com/nothing"));
    Result rendered = rkt.tool("rkt-render", signedId).run();
    assertThat(rendered.status()).as("%s", rendered).isZero();
    assertThat(Path.of(rendered.out().strip().split(" ", -1)[1]).resolve("bin/busybox")).exists();

    Tools.refuses(rkt, "usage", 254, rkt.tool("rkt-run"));
    Tools.refuses(rkt, "not-found", 254, rkt.tool("rkt-run", "example.com/nothing"));
    Tools.refuses(rkt, "trust", 254, rkt.tool("rkt-run", "--net=none", unsignedId));
    assertThat(rkt.tool("rkt-run", "--net=none", signedId).run().status()).isEqualTo(3);
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "bzip2", "xz", "zstd -q"})
  void aCompressedImageIsTakenWholeAndRefusedCut(String program) throws Exception {
    Path image = rkt.home().resolve("compressed.aci");
    Tools.ok("sh", "-c", program + " -c < " + unsigned + " > " + image);
    Result whole = rkt.tool("rkt-fetch", "--quiet", image.toString()).run();
    assertThat(whole.out()).as("%s", whole).isEqualTo(unsignedId + "\n");
    byte[] bytes = Files.readAllBytes(image);
    for (int length : new int[] {10, 1000, bytes.length / 2, bytes.length - 1}) {
      Files.write(image, Arrays.copyOf(bytes, length));
      Tools.refuses(rkt, "integrity", 13, rkt.tool("rkt-fetch", "--quiet", image.toString()));
    }
  }

  @Test
  void aDirectoryThatCannotBeWrittenIsOfTheSystem() throws Exception {
    Path file = rkt.home().resolve("file");
    Files.writeString(file, "");
    Result result =
        rkt.withData(file.resolve("data")).tool("rkt-fetch", "--quiet", signed.toString()).run();
    assertThat(result.status()).as("%s", result).isEqualTo(15);
    Rkt.assertRefusalText("system", result);
  }
}
