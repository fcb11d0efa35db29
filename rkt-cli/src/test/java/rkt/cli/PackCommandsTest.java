package rkt.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images made, judged, exported, imported and unpacked. */
class PackCommandsTest {
  private static final String BYPASS = "--insecure-options=image";
  private static final String MANIFEST =
      """
      {"acKind":"ImageManifest","acVersion":"0.8.11","name":"example.com/pack/%s",
       "labels":[{"name":"version","value":"1.2"}]%s,
       "app":{"exec":["/bin/sh","-c","true"],"user":"0","group":"0",
         "environment":[{"name":"A","value":"b"}],
         "ports":[{"name":"web","protocol":"tcp","port":8080}],
         "mountPoints":[{"name":"data","path":"/data"}]}}\
      """;

  @TempDir Path directory;
  private Cli cli;
  private Path rootfs;

  @BeforeEach
  void rootfs() throws Exception {
    cli = new Cli(directory).withEnvironment(Map.of("SOURCE_DATE_EPOCH", "1000"));
    rootfs = Files.createDirectories(directory.resolve("rootfs"));
    fill(rootfs);
  }

  private static void fill(Path root) throws IOException {
    Path deep = root.resolve("d".repeat(120)).resolve("e".repeat(120));
    Files.createDirectories(deep);
    Files.writeString(deep.resolve("file"), "deep");
    Files.createDirectories(root.resolve("etc"));
    Files.writeString(root.resolve("etc/passwd"), "root:x:0:0::/:/bin/sh\n");
    Files.createLink(root.resolve("etc/copy"), root.resolve("etc/passwd"));
    Files.createSymbolicLink(root.resolve("etc/link"), Path.of("../../../outside"));
    Files.createFile(root.resolve("empty"));
  }

  private Path manifest(String name, String more) throws IOException {
    Path file = directory.resolve(name + ".json");
    return Files.writeString(file, MANIFEST.formatted(name, more));
  }

  private Cli.Result ok(String... words) {
    Cli.Result result = cli.rkt(words);
    assertThat(result.status()).as("%s", result).isZero();
    return result;
  }

  private String build(Path root, Path manifest, String out, String... more) {
    List<String> words =
        Stream.concat(
                Stream.of("image", "build", "--rootfs=" + root, "--manifest=" + manifest, out),
                Stream.of(more))
            .toList();
    return ok(words.toArray(new String[0])).out().strip();
  }

  private String file(String name) {
    return directory.resolve(name).toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "gzip", "xz", "zstd"})
  void theSameTreeGivesTheSameValidAci(String compression) throws Exception {
    Path other = Files.createDirectory(directory.resolve("other"));
    fill(other);
    Files.setLastModifiedTime(other.resolve("empty"), FileTime.fromMillis(0));
    Path manifest = manifest("app", "");
    String compress = "--compress=" + compression;
    String id = build(rootfs, manifest, file("a.aci"), compress);
    assertThat(build(other, manifest, file("b.aci"), compress, "--owner=0:0"))
        .startsWith("sha512-");
    build(other, manifest, file("c.aci"), compress);
    assertThat(directory.resolve("c.aci")).hasSameBinaryContentAs(directory.resolve("a.aci"));
    Cli.Result valid = ok("image", "validate", "--format=json", file("a.aci"));
    assertThat(valid.out()).contains("\"valid\":true,\"id\":\"" + id + "\"");
    Schemas.check("image-validate", valid.out());
    assertThat(ok(BYPASS, "image", "import", file("a.aci")).out()).isEqualTo(id + "\n");
  }

  @Test
  void anAciIsExportedAsItCame() throws Exception {
    String id = build(rootfs, manifest("app", ""), file("a.aci"));
    ok(BYPASS, "image", "import", file("a.aci"));
    ok("image", "export", id, file("out.aci"));
    assertThat(directory.resolve("out.aci")).hasSameBinaryContentAs(directory.resolve("a.aci"));
    Cli.Result again = cli.rkt("image", "export", id, file("out.aci"));
    assertThat(again.err()).startsWith("usage: cannot write ").contains("--overwrite");
    ok("image", "export", "--overwrite", id, file("out.aci"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"oci", "oci-archive", "docker-archive"})
  void anAciBecomesAnOciImageWithTheSameFilesAndBack(String format) throws Exception {
    String id = build(rootfs, manifest("app", ""), file("a.aci"));
    ok(BYPASS, "image", "import", file("a.aci"));
    ok("image", "export", "--format=" + format, id, file("out"));
    ok("image", "validate", file("out"));
    String name = "--image-name=example.com/pack/oci";
    String oci = ok(BYPASS, "image", "import", name, file("out")).out().strip();
    assertThat(oci).startsWith("sha256:");
    if (!format.equals("docker-archive")) {
      assertThat(ok("image", "cat-manifest", oci).out())
          .contains("\"vnd.rkt.converted.from\" : \"" + id + "\"")
          .contains("\"vnd.rkt.converted.signature\" : \"admitted without verification\"");
    }
    ok("image", "export", "--format=aci", oci, file("back.aci"));
    String back = ok(BYPASS, "image", "import", file("back.aci")).out().strip();
    String manifest = ok("image", "cat-manifest", "--pretty-print=false", back).out();
    assertThat(manifest)
        .contains("{\"name\":\"vnd.rkt.converted.from\",\"value\":\"" + oci + "\"}")
        .contains("\"exec\":[\"/bin/sh\",\"-c\",\"true\"]")
        .contains("\"port\":8080")
        .contains("\"path\":\"/data\"");
    ok("image", "render", "--rootfs-only", id, file("first"));
    ok("image", "extract", back, file("second"));
    assertThat(listing(directory.resolve("second/rootfs")))
        .isEqualTo(listing(directory.resolve("first")))
        .hasSizeGreaterThan(7);
    assertThat(directory.resolve("second/manifest")).hasContent(manifest);
    assertThat(hidden()).isEmpty();
  }

  @Test
  void anUnpackedImageIsReplacedOnlyWhenAsked() throws Exception {
    build(rootfs, manifest("app", ""), file("a.aci"));
    ok(BYPASS, "image", "import", file("a.aci"));
    Files.createDirectories(directory.resolve("out/old"));
    Cli.Result refused = cli.rkt("image", "extract", "example.com/pack/app", file("out"));
    assertThat(refused.err()).startsWith("usage: cannot write ");
    ok("image", "extract", "--overwrite", "example.com/pack/app", file("out"));
    assertThat(directory.resolve("out").toFile().list())
        .containsExactlyInAnyOrder("manifest", "rootfs");
    assertThat(hidden()).isEmpty();
  }

  @Test
  void whatIsNoImageIsNotValidAndNamed() throws Exception {
    build(rootfs, manifest("app", ""), file("good.aci"));
    Path text = Files.writeString(directory.resolve("text.aci"), "no tar");
    Path link = tar("link.aci", new TarArchiveEntry("rootfs", (byte) '2'));
    Path device = tar("device.aci", new TarArchiveEntry("rootfs/null", (byte) '3'));
    Path twice = tar("twice.aci", new TarArchiveEntry("rootfs/a"), new TarArchiveEntry("rootfs/a"));
    Path through =
        tar("through.aci", new TarArchiveEntry("rootfs/a"), new TarArchiveEntry("rootfs/a/b"));
    Cli.Result result =
        cli.rkt(
            "image",
            "validate",
            "--format=json",
            file("good.aci"),
            text.toString(),
            link.toString(),
            device.toString(),
            twice.toString(),
            through.toString());
    assertThat(result.status()).isEqualTo(254);
    assertThat(result.out().lines().filter(line -> line.contains("\"valid\":false")).count())
        .as("%s", result)
        .isEqualTo(5);
    Schemas.check("image-validate", result.out());
    assertThat(result.out()).contains("is a device node").contains("stands in the layer twice");
    assertThat(result.err()).contains("5 of 6 images are not valid");
  }

  /** An ACI with these entries besides the usual ones. */
  private Path tar(String name, TarArchiveEntry... entries) throws IOException {
    Path file = directory.resolve(name);
    try (OutputStream out = Files.newOutputStream(file);
        TarArchiveOutputStream tar = new TarArchiveOutputStream(out)) {
      byte[] manifest = MANIFEST.formatted("tar", "").getBytes(StandardCharsets.UTF_8);
      TarArchiveEntry first = new TarArchiveEntry("manifest");
      first.setSize(manifest.length);
      tar.putArchiveEntry(first);
      tar.write(manifest);
      tar.closeArchiveEntry();
      if (!entries[0].getName().equals("rootfs")) {
        tar.putArchiveEntry(new TarArchiveEntry("rootfs/"));
        tar.closeArchiveEntry();
      }
      for (TarArchiveEntry entry : entries) {
        tar.putArchiveEntry(entry);
        tar.closeArchiveEntry();
      }
    }
    return file;
  }

  @Test
  void anImageIsMadeOfWhatItDependsOn() throws Exception {
    Path base = Files.createDirectories(directory.resolve("base/etc"));
    Files.writeString(base.resolve("base"), "base");
    Files.writeString(base.resolve("passwd"), "hidden");
    build(directory.resolve("base"), manifest("base", ""), file("base.aci"));
    String dependencies =
        ",\"dependencies\":[{\"imageName\":\"example.com/pack/base\","
            + "\"labels\":[{\"name\":\"version\",\"value\":\"1.2\"}]}]";
    build(rootfs, manifest("app", dependencies), file("app.aci"));

    Cli.Result missing = cli.rkt(BYPASS, "image", "import", "--offline", file("app.aci"));
    assertThat(missing.err()).contains("not-found: ").contains("example.com/pack/base");
    String below = ok(BYPASS, "image", "import", file("base.aci")).out().strip();
    String id = ok(BYPASS, "fetch", file("app.aci")).out().strip();
    ok("image", "render", "--rootfs-only", id, file("whole"));
    assertThat(directory.resolve("whole/etc/base")).hasContent("base");
    assertThat(directory.resolve("whole/etc/passwd")).hasContent("root:x:0:0::/:/bin/sh");
    ok("image", "extract", "--rootfs-only", id, file("alone"));
    assertThat(directory.resolve("alone/etc/base")).doesNotExist();

    Cli.Result needed = cli.rkt("image", "rm", below);
    assertThat(needed.err()).startsWith("usage: cannot remove ").contains("depends on it");
    assertThat(ok("image", "gc", "--grace-period=0").out()).isEqualTo(id + "\n" + below + "\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.2,os=linux", "..", "../../x", "a/b", "{name}", "1?x=y", "1#x"})
  void aLabelOfADependencyIsNoPartOfAUrl(String value) throws Exception {
    String dependencies =
        ",\"dependencies\":[{\"imageName\":\"example.com/pack/base\","
            + "\"labels\":[{\"name\":\"version\",\"value\":\"%s\"}]}]".formatted(value);
    Path manifest = manifest("app", dependencies);
    Cli.Result result =
        cli.rkt("image", "build", "--rootfs=" + rootfs, "--manifest=" + manifest, file("x.aci"));
    assertThat(result.status()).isEqualTo(254);
    assertThat(result.err()).contains("integrity: ", "is no value of a label of a dependency");
    assertThat(directory.resolve("x.aci")).doesNotExist();
  }

  @Test
  void aDependencyIsNoPathHoweverItIsCalled() throws Exception {
    // A file of that name in the working directory is what a user may mean, and an image may not.
    String dependencies = ",\"dependencies\":[{\"imageName\":\"example.com/pack/base.aci\"}]";
    build(rootfs, manifest("app", dependencies), file("app.aci"));
    Cli.Result result = cli.rkt(BYPASS, "fetch", "--offline", file("app.aci"));
    assertThat(result.err())
        .contains("not-found: no image \"example.com/pack/base.aci\" in the store");
  }

  @Test
  void whatDoesNotFitTheDependencyIsRefused() throws Exception {
    Path base = Files.createDirectories(directory.resolve("base"));
    build(base, manifest("base", ""), file("base.aci"));
    ok(BYPASS, "fetch", file("base.aci"));
    String named = ",\"dependencies\":[{\"imageName\":\"example.com/pack/base\",%s}]";
    for (String wrong :
        List.of(
            "\"imageID\":\"sha512-" + "0".repeat(128) + "\"",
            "\"size\":20",
            "\"labels\":[{\"name\":\"flavour\",\"value\":\"mild\"}]")) {
      build(rootfs, manifest("app", named.formatted(wrong)), file("app.aci"), "--overwrite");
      Cli.Result result = cli.rkt(BYPASS, "fetch", "--offline", file("app.aci"));
      assertThat(result.status()).as("%s", result).isEqualTo(254);
      assertThat(result.err()).containsPattern("(integrity|not-found): ");
    }
    build(
        base,
        manifest("self", named.formatted("\"size\":0").replace("base", "self")),
        file("self.aci"));
    assertThat(cli.rkt(BYPASS, "fetch", "--offline", file("self.aci")).err())
        .contains("integrity: example.com/pack/self depends on itself");
    assertThat(ok("image", "list", "--no-legend", "--fields=name").out())
        .isEqualTo("example.com/pack/base\n");
  }

  private static List<String> listing(Path root) throws IOException {
    try (Stream<Path> paths = Files.walk(root)) {
      return paths
          .sorted()
          .map(path -> {
            try {
              Map<String, Object> facts =
                  Files.readAttributes(
                      path,
                      "unix:mode,size,nlink,lastModifiedTime",
                      java.nio.file.LinkOption.NOFOLLOW_LINKS);
              boolean directory = Files.isDirectory(path, java.nio.file.LinkOption.NOFOLLOW_LINKS);
              return root.relativize(path)
                  + " "
                  + facts.get("mode")
                  + (directory ? "" : " " + facts.get("size") + " " + facts.get("nlink"))
                  + " "
                  + facts.get("lastModifiedTime");
            } catch (IOException e) {
              throw new java.io.UncheckedIOException(e);
            }
          })
          .toList();
    }
  }

  /** Half-made output that stayed. */
  private List<String> hidden() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .map(file -> String.valueOf(file.getFileName()))
          .filter(name -> name.startsWith("."))
          .toList();
    }
  }
}
