package rkt.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same as root of a user namespace that the JVM was started in. */
@Tag("privileged") // some hosts let only root make a user namespace
class RootlessIT {
  @Test
  void aPodCanBeBuiltInsideAUserNamespace(@TempDir Path temp) throws Exception {
    for (String directory : List.of("lower", "upper", "work", "root")) {
      Files.createDirectory(temp.resolve(directory));
    }
    Files.copy(Path.of("/bin/busybox"), temp.resolve("lower/busybox"));
    Process jvm =
        new ProcessBuilder(
                "unshare",
                "-Urm",
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Pod.class.getName(),
                temp.toString())
            .redirectErrorStream(true)
            .redirectOutput(temp.resolve("out").toFile())
            .start();
    assertThat(jvm.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(temp.resolve("out")).hasContent("user namespace: true\n1 rootless\nstatus 5");
  }

  /** Runs in the user namespace. */
  public static final class Pod {
    private Pod() {}

    public static void main(String[] arguments) throws Exception {
      String base = arguments[0];
      System.out.println("user namespace: " + Ids.inUserNamespace());
      OwnThread.run(() -> {
        Namespaces.unshare(
            Namespace.MOUNT, Namespace.UTS, Namespace.IPC, Namespace.NETWORK, Namespace.PID);
        Mounts.propagate("/", Propagation.PRIVATE);
        Namespaces.setHostName("rootless");
        Loopback.up();
        try (NewFilesystem overlay = NewFilesystem.open("overlay").set("userxattr")) {
          overlay.set("lowerdir", base + "/lower").set("upperdir", base + "/upper");
          overlay.set("workdir", base + "/work");
          try (DetachedMount mount = overlay.mount(MountAttribute.NO_DEV);
              Fd root = Descriptors.open(base + "/root", OpenFlag.PATH)) {
            mount.attach(root);
          }
        }
        int pid =
            new Program(
                    base + "/root/busybox",
                    List.of("sh", "-c", "echo $$ $(" + base + "/root/busybox hostname); exit 5"),
                    List.of(),
                    FdMapping.STANDARD)
                .spawn();
        System.out.println("status " + Processes.await(pid));
      });
    }
  }
}
