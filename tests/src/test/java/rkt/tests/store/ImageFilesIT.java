package rkt.tests.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import rkt.tests.Result;
import rkt.tests.Rkt;

/** Images in files, read by other people's tools and by ours. */
@Tag("privileged")
@TestInstance(Lifecycle.PER_CLASS)
class ImageFilesIT {
  private static final String BYPASS = "--insecure-options=image";
  private static final String RUN = "--net=none";

  private Rkt rkt;
  private String aci;

  @BeforeAll
  void open() throws Exception {
    rkt = Rkt.fresh();
    Path file =
        new BuiltImage(rkt, "plain")
            .withShell("sh", "cat")
            .file("words", "plain words\n".getBytes(UTF_8))
            .build("plain", ",\"labels\":[{\"name\":\"version\",\"value\":\"1\"}]");
    aci = rkt.ok(BYPASS, "image", "import", file.toString()).out().strip();
  }

  @AfterAll
  void close() throws Exception {
    rkt.close();
  }

  private String out(String name) {
    return rkt.home().resolve(name).toString();
  }

  @Test
  void aManifestOnStandardInputIsReadByTheProcessThatBuilds() throws Exception {
    Path rootfs = Files.createDirectories(Path.of(out("piped"), "etc"));
    Files.writeString(rootfs.resolve("motd"), "hello\n");
    String[] words = {"image", "build", "--rootfs=" + out("piped"), "--manifest=-", out("p.aci")};
    Result built =
        rkt.call(words)
            .stdin(
                """
                {"acKind":"ImageManifest","acVersion":"0.8.11","name":"example.com/store/piped",
                 "app":{"exec":["/bin/x"],"user":"0","group":"0"}}\
                """
                    .getBytes(UTF_8))
            .run();
    assertThat(built.status()).as("%s", built).isZero();
    assertThat(rkt.ok("image", "validate", out("p.aci")).out())
        .isEqualTo(out("p.aci") + ": valid, " + built.out());
    assertThat(rkt.run("image", "export", aci, out("nowhere/x.aci")).err())
        .startsWith("usage: cannot write ")
        .contains("there is no directory " + out("nowhere"));
  }

  @Test
  void skopeoUmociAndPodmanReadWhatIsExported() throws Exception {
    rkt.ok("image", "export", "--format=oci", aci, out("oci"));
    rkt.ok("image", "export", "--format=oci-archive", aci, out("oci.tar"));
    rkt.ok("image", "export", "--format=docker-archive", aci, out("docker.tar"));
    String skopeo =
        BuiltImage.ok("skopeo", "inspect", "--config", "oci:" + out("oci") + ":1").out();
    assertThat(skopeo).contains("cat /words");
    BuiltImage.ok("skopeo", "copy", "-q", "oci-archive:" + out("oci.tar"), "dir:" + out("copied"));
    BuiltImage.ok("umoci", "unpack", "--image", out("oci") + ":1", out("bundle"));
    assertThat(Path.of(out("bundle"), "rootfs/words")).hasContent("plain words");
    assertThat(
            BuiltImage.ok(
                    "podman",
                    "--root=" + out("podman"),
                    "--runroot=" + out("podman-run"),
                    "--storage-driver=vfs",
                    "load",
                    "-q",
                    "-i",
                    out("docker.tar"))
                .out())
        .contains("example.com/store/plain:1");
  }

  @Test
  void whatOthersMadeIsImportedWhateverItsKind() throws Exception {
    rkt.ok("image", "export", "--format=oci", aci, out("ours"));
    BuiltImage.ok(
        "skopeo", "copy", "-q", "oci:" + out("ours") + ":1", "docker-archive:" + out("theirs.tar"));
    BuiltImage.ok(
        "skopeo", "copy", "-q", "oci:" + out("ours") + ":1", "oci-archive:" + out("a.tar"));
    for (String file : new String[] {"theirs.tar", "a.tar", "ours"}) {
      String name = "--image-name=example.com/store/imported";
      String id = rkt.ok(BYPASS, "image", "import", name, out(file)).out().strip();
      assertThat(rkt.ok(BYPASS, "run", RUN, id).out()).as(file).isEqualTo("plain words\n");
    }
  }

  @Test
  void theStoreIsALayoutThatOthersRead() throws Exception {
    String reference = "oci:" + rkt.data().resolve("store") + ":example.com/store/plain:1";
    assertThat(BuiltImage.ok("skopeo", "inspect", "--raw", reference).out())
        .contains("\"artifactType\":\"application/vnd.appc.image.v1\"");
  }

  @Test
  void aTreeThatSomebodyWroteToIsReportedAndLeftAlone() throws Exception {
    Path file =
        new BuiltImage(rkt, "tampered")
            .withShell("sh", "cat")
            .file("words", "true words\n".getBytes(UTF_8))
            .build("tampered", "");
    String id = rkt.ok(BYPASS, "image", "import", file.toString()).out().strip();
    assertThat(rkt.ok(BYPASS, "run", RUN, id).out()).isEqualTo("true words\n");
    assertThat(rkt.ok("image", "verify", id).out()).isEqualTo(id + " intact\n");
    Path words = rkt.data().resolve("trees").resolve(id).resolve("rootfs/words");
    FileTime time = Files.getLastModifiedTime(words);
    Files.writeString(words, "lies\nlies\n.");
    Files.setLastModifiedTime(words, time);
    for (int round = 0; round < 2; round++) {
      Result damaged = rkt.run("image", "verify", id);
      assertThat(damaged.status()).isEqualTo(254);
      assertThat(damaged.out())
          .isEqualTo(id + " damaged\n  tree " + id + ": words has other contents\n");
      assertThat(damaged.err()).startsWith("integrity: 1 of 1 images are damaged");
    }
    rkt.ok("image", "rm", id);
    rkt.ok(BYPASS, "image", "import", file.toString());
    assertThat(rkt.ok(BYPASS, "run", RUN, id).out()).isEqualTo("true words\n");
  }

  @Test
  void anImageRunsWithItsDependenciesAndNotWithoutOne() throws Exception {
    Path base =
        new BuiltImage(rkt, "base")
            .withShell("sh", "cat")
            .file("below", "base\n".getBytes(UTF_8))
            .build("base", "");
    Path top =
        new BuiltImage(rkt, "top")
            .file("words", "top\n".getBytes(UTF_8))
            .build("top", ",\"dependencies\":[{\"imageName\":\"example.com/store/base\"}]");
    String below = rkt.ok(BYPASS, "fetch", base.toString()).out().strip();
    String id = rkt.ok(BYPASS, "fetch", top.toString()).out().strip();
    assertThat(rkt.ok(BYPASS, "run", RUN, id).out()).isEqualTo("top\nbase\n");
    assertThat(rkt.ok("image", "verify", id).out()).isEqualTo(id + " intact\n");
    aVerdictForEach(base, top, id);
    Result refused = rkt.run("image", "rm", below);
    assertThat(refused.status()).isEqualTo(254);
    assertThat(refused.err()).contains("depends on it");
    assertThat(rkt.ok("image", "rm", below, id).lines())
        .as("what depends on another goes first")
        .containsExactly(id, below);
  }

  /** A start records what was decided about the image and about each that it depends on. */
  private void aVerdictForEach(Path base, Path top, String id) throws Exception {
    Path policy = rkt.home().resolve("local/policy.d/example.com/store/policy.json");
    Files.createDirectories(policy.getParent());
    Files.writeString(
        policy,
        "{\"rktKind\":\"policy\",\"rktVersion\":\"v1\",\"require\":{\"type\":\"accept-unsigned\"}}");
    try {
      rkt.ok("fetch", "--image-name=example.com/store/base", base.toString());
      rkt.ok("fetch", "--image-name=example.com/store/top", top.toString());
      rkt.ok("run", RUN, id);
      List<String> verdicts =
          rkt.ok("audit", "log", "--event=verdict", "--format=json")
              .out()
              .lines()
              .filter(line -> line.contains("\"purpose\":\"run\""))
              .toList();
      assertThat(verdicts.subList(verdicts.size() - 2, verdicts.size()))
          .allMatch(line -> line.contains("\"rule\":\"accept-unsigned\""))
          .anyMatch(line -> line.contains("\"name\":\"example.com/store/base\""))
          .anyMatch(line -> line.contains("\"name\":\"example.com/store/top\""));
    } finally {
      Files.delete(policy);
    }
  }
}
