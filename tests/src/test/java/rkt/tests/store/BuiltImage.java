package rkt.tests.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import rkt.tests.Call;
import rkt.tests.Result;
import rkt.tests.Rkt;

/** ACIs that {@code rkt image build} makes for the tests; unsigned. */
final class BuiltImage {
  private final Rkt rkt;
  private final Path home;

  BuiltImage(Rkt rkt, String name) throws IOException {
    this.rkt = rkt;
    this.home = Files.createDirectories(rkt.home().resolve("built").resolve(name));
    Files.createDirectories(home.resolve("rootfs"));
  }

  Path rootfs() {
    return home.resolve("rootfs");
  }

  /** A shell, and links for these programs. */
  BuiltImage withShell(String... programs) throws IOException {
    for (String directory : List.of("bin", "dev", "proc", "sys", "tmp")) {
      Files.createDirectories(rootfs().resolve(directory));
    }
    Files.copy(Path.of("/bin/busybox"), rootfs().resolve("bin/busybox"));
    for (String program : programs) {
      Files.createSymbolicLink(rootfs().resolve("bin").resolve(program), Path.of("busybox"));
    }
    return this;
  }

  BuiltImage file(String path, byte[] content) throws IOException {
    Path file = rootfs().resolve(path);
    Files.createDirectories(Objects.requireNonNull(file.getParent()));
    Files.write(file, content);
    return this;
  }

  /**
   * The ACI.
   *
   * @param more members of the manifest, each with a comma before it
   */
  Path build(String name, String more) throws IOException, InterruptedException {
    Path manifest = home.resolve("manifest");
    Files.writeString(
        manifest,
        """
        {"acKind":"ImageManifest","acVersion":"0.8.11","name":"example.com/store/%s"%s,
         "app":{"exec":["/bin/sh","-c","cat /words; if [ -e /below ]; then cat /below; fi"],"user":"0","group":"0"}}\
        """
            .formatted(name, more));
    Path aci = home.resolve("image.aci");
    List<String> words = new ArrayList<>(List.of("image", "build", "--overwrite", "--owner=0:0"));
    words.addAll(List.of("--rootfs=" + rootfs(), "--manifest=" + manifest, aci.toString()));
    Result result = rkt.call(words.toArray(new String[0])).env("SOURCE_DATE_EPOCH", "1000").run();
    assertThat(result.status()).as("%s", result).isZero();
    return aci;
  }

  /** Runs a program of the machine, which has to succeed. */
  static Result ok(String... command) throws IOException, InterruptedException {
    Result result = new Call(List.of(command)).run();
    assertThat(result.status()).as("%s", result).isZero();
    return result;
  }
}
