package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What rkt does on the host with an image or a pod runs nothing of it, and reads nothing that a
 * running app has changed. CVE-2018-15664, CVE-2019-14271, CVE-2022-1227
 */
@Tag("privileged")
class HostSideIT extends PodTests {
  private static final String RAN = "ran-outside-of-a-pod";

  @Test
  void nothingOfAnImageRunsOnTheHost() throws Exception {
    Path sentinel = Files.createDirectory(rkt.home().resolve("sentinel"));
    Path program = compile("trojan", sentinel.resolve(RAN), "-static");
    Path library = compile("trojan.so", sentinel.resolve(RAN), "-shared", "-fPIC");
    assertTheyWork(sentinel, program, library);
    byte[] code = Files.readAllBytes(program);
    Aci trojan = Images.busybox().exec("/bin/busybox", "true").directory("lib", 0755);
    for (String name : "tar sh gzip xz mount umount true id getent ldconfig modprobe".split(" ")) {
      trojan.without("bin/" + name).file("bin/" + name, 0755, code);
      trojan.file("usr/bin/" + name, 0755, code).file("sbin/" + name, 0755, code);
    }
    trojan.file("lib64/ld-linux-x86-64.so.2", 0755, code);
    for (String directory : List.of("lib", "lib64", "lib/x86_64-linux-gnu", "usr/lib")) {
      for (String name : List.of("libnss_trojan.so.2", "libnss_files.so.2", "libc.so.6")) {
        trojan.file(directory + "/" + name, 0755, Files.readAllBytes(library));
      }
    }
    trojan.file("etc/nsswitch.conf", 0644, "passwd: trojan files\ngroup: trojan files\n");
    trojan.file("etc/ld.so.preload", 0644, "/lib/libnss_trojan.so.2\n");
    // Where it would write if something of it ran on the host in the image as its root.
    trojan.directory(sentinel.toString().substring(1), 0777);

    String id = Images.admit(rkt, trojan);
    Path out = Files.createDirectory(rkt.home().resolve("trojan-out"));
    rkt.ok("image", "extract", id, out.resolve("extracted").toString());
    rkt.ok("image", "render", id, out.resolve("rendered").toString());
    rkt.ok("image", "export", id, out.resolve("exported.aci").toString());
    rkt.ok("image", "cat-manifest", id);
    rkt.ok("image", "verify", id);
    Path uuid = out.resolve("uuid");
    rkt.ok("run", "--uuid-file-save=" + uuid, "--user=web", "--group=log", id);
    rkt.ok("status", "--uuid-file=" + uuid);
    rkt.ok("cat-manifest", Files.readString(uuid).strip());
    rkt.ok("list");
    rkt.ok("gc", "--grace-period=0s");
    rkt.ok("gc", "--grace-period=0s");

    try (Stream<Path> all = Files.walk(rkt.home())) {
      assertThat(all.filter(path -> path.endsWith(RAN))).isEmpty();
    }
  }

  private static void assertTheyWork(Path sentinel, Path program, Path library) throws Exception {
    new Call(List.of(program.toString())).run();
    Files.delete(sentinel.resolve(RAN));
    new Call(List.of("/bin/true")).env("LD_PRELOAD", library.toString()).run();
    Files.delete(sentinel.resolve(RAN));
  }

  /** Whoever runs or loads it makes that file. */
  private Path compile(String name, Path makes, String... flags) throws Exception {
    Path source =
        Files.writeString(
            rkt.home().resolve(name + ".c"),
            "#include <fcntl.h>\n"
                + "__attribute__((constructor)) static void run(void) { (void)!open(\""
                + makes
                + "\", O_CREAT | O_WRONLY, 0644); }\n"
                + "int main(void) { return 0; }\n");
    Path program = rkt.home().resolve(name);
    List<String> command = new ArrayList<>(List.of("gcc", "-Os", "-o", program.toString()));
    command.addAll(List.of(flags));
    command.add(source.toString());
    Images.execute(command);
    return program;
  }

  @Test
  void imagesAreReadAsTheyWereSignedWhileAnAppExchangesItsFilesForLinks() throws Exception {
    Path secret = Files.createDirectory(rkt.home().resolve("secret")).toRealPath();
    Files.writeString(secret.resolve("key"), "of the host");
    String flipper =
        Images.admit(
            rkt,
            Images.busybox()
                .program("bin/flip", "flip.c")
                .file("d/key", 0644, "of the image")
                .link("d/link", secret.resolve("key").toString())
                .exec("/bin/flip"));
    Map<String, String> expected = read(flipper, "before");
    assertThat(expected).isNotEmpty();
    List<String> before = rkt.uuids();
    try (Running flips = rkt.pod("flipping", "run", flipper, "--", "/d/key", "/d/link")) {
      List<String> pods = new ArrayList<>(rkt.uuids());
      pods.removeAll(before);
      String uuid = pods.get(0);

      assertThat(read(flipper, "meanwhile")).isEqualTo(expected);
      rkt.ok("image", "verify", flipper);
      assertThat(rkt.ok("cat-manifest", uuid).out()).doesNotContain("of the host");
      assertThat(rkt.run("enter", uuid, "cat", "/d/key", "/d/link").out())
          .doesNotContain("of the host");
      assertThat(flips.isAlive()).isTrue();
      rkt.ok("stop", "--force", uuid);
    }
    assertThat(Files.readString(secret.resolve("key"))).isEqualTo("of the host");
    assertThat(secret.toFile().list()).containsExactly("key");
  }

  /** What an image is in every way that it can be taken out of the store. */
  private Map<String, String> read(String id, String name) throws Exception {
    Path out = Files.createDirectory(rkt.home().resolve(name));
    rkt.ok("image", "extract", id, out.resolve("extracted").toString());
    rkt.ok("image", "render", id, out.resolve("rendered").toString());
    rkt.ok("image", "export", id, out.resolve("exported.aci").toString());
    Map<String, String> files = new TreeMap<>();
    HostState.tree(out)
        .forEach((path, facts) -> files.put(out.relativize(Path.of(path)).toString(), facts));
    return files;
  }
}
