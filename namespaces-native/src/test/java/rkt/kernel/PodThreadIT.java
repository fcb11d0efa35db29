package rkt.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One thread of a JVM becomes the place that a pod grows from; the others notice nothing. */
@Tag("privileged")
class PodThreadIT {
  private static final List<String> NO_ENVIRONMENT = List.of("PATH=/bin");

  @Test
  void onlyTheCallingThreadMoves() throws Exception {
    Map<String, String> before = namespaces("/proc/self/task/" + Processes.pid() + "/ns");
    OwnThread.run(() -> {
      unshareAll();
      Map<String, String> moved = namespaces("/proc/thread-self/ns");
      for (String kind : List.of("mnt", "uts", "ipc", "net", "cgroup", "pid_for_children")) {
        assertThat(moved.get(kind)).as(kind).isNotEqualTo(before.get(kind));
      }
    });
    assertThat(namespaces("/proc/self/task/" + Processes.pid() + "/ns")).isEqualTo(before);
  }

  @Test
  void aPodCanBeBuiltAndItsFirstProcessIsPid1(@TempDir Path temp) throws Exception {
    Path lower = Files.createDirectories(temp.resolve("lower/bin"));
    Files.copy(Path.of("/bin/busybox"), lower.resolve("busybox"));
    for (String directory : List.of("upper", "work", "root")) {
      Files.createDirectory(temp.resolve(directory));
    }
    Files.createDirectory(temp.resolve("lower/tmp"));
    Files.createDirectory(temp.resolve("lower/proc"));
    String mountsBefore = Files.readString(Path.of("/proc/self/mountinfo"));
    byte[][] output = new byte[1][];
    int[] status = new int[1];

    OwnThread.run(() -> {
      unshareAll();
      Mounts.propagate("/", Propagation.PRIVATE);
      try (Descriptors.Pipe pipe = Descriptors.pipe();
          Fd root = Descriptors.open("" + temp.resolve("root"), OpenFlag.PATH)) {
        try (NewFilesystem overlay = NewFilesystem.open("overlay")) {
          overlay.set("source", "pod").set("lowerdir", "" + temp.resolve("lower"));
          overlay.set("upperdir", "" + temp.resolve("upper"));
          overlay.set("workdir", "" + temp.resolve("work"));
          try (DetachedMount mount = overlay.mount(MountAttribute.NO_DEV, MountAttribute.NO_SUID)) {
            mount.attach(root);
            try (Fd tmp = Descriptors.open(temp.resolve("root/tmp") + "", OpenFlag.PATH);
                NewFilesystem tmpfs = NewFilesystem.open("tmpfs").set("size", "64k");
                DetachedMount tmpMount = tmpfs.mount(MountAttribute.NO_EXEC)) {
              tmpMount.attach(tmp);
            }
            Mounts.pivotRoot(mount.fd());
          }
        }
        Namespaces.setHostName("pod-1");
        Loopback.up();
        Program program =
            new Program(
                "/bin/busybox",
                List.of(
                    "sh",
                    "-c",
                    "echo $$; /bin/busybox hostname; /bin/busybox mount -t proc p /proc;"
                        + " while read a b c d e f g; do echo $e $f; done </proc/self/mountinfo;"
                        + " /bin/busybox ip link show lo; exit 7"),
                NO_ENVIRONMENT,
                List.of(FdMapping.of(pipe.writer(), 1), FdMapping.of(pipe.writer(), 2)));
        int pid = program.spawn();
        status[0] = Processes.await(pid);
        output[0] = Descriptors.read(pipe.reader(), 65536);
      }
    });

    String text = new String(output[0], StandardCharsets.UTF_8);
    assertThat(text).startsWith("1\npod-1\n");
    assertThat(text)
        .contains("/ rw,nosuid,nodev")
        .contains("/tmp rw,noexec")
        .contains("LOOPBACK,UP");
    assertThat(status[0]).isEqualTo(7);
    assertThat(Files.readString(Path.of("/proc/self/mountinfo"))).isEqualTo(mountsBefore);
  }

  @Test
  void aBindMountGoesFromDescriptorToDescriptorAndTakesAttributes(@TempDir Path temp)
      throws Exception {
    Path source = Files.createDirectory(temp.resolve("source"));
    Files.writeString(source.resolve("file"), "here");
    Path target = Files.createDirectory(temp.resolve("target"));
    OwnThread.run(() -> {
      Namespaces.unshare(Namespace.MOUNT);
      Mounts.propagate("/", Propagation.SLAVE);
      try (Fd from = Descriptors.open(source.toString(), OpenFlag.PATH);
          Fd to = Descriptors.open(target.toString(), OpenFlag.PATH);
          DetachedMount mount = DetachedMount.cloneOf(from)) {
        mount.forbid(MountAttribute.READ_ONLY, MountAttribute.NO_EXEC);
        mount.propagate(Propagation.PRIVATE);
        mount.attach(to);
      }
      assertThat(target.resolve("file")).hasContent("here");
      assertThatThrownBy(() -> Descriptors.open(target + "/new", OpenFlag.CREATE, OpenFlag.WRITE))
          .hasMessageContaining("EROFS");
      Mounts.unmount(target.toString(), Mounts.Unmount.NOW);
      assertThat(target).isEmptyDirectory();
    });
  }

  @Test
  void theKernelsReasonIsInTheMessage() throws Exception {
    OwnThread.run(() -> {
      Namespaces.unshare(Namespace.MOUNT);
      try (NewFilesystem tmpfs = NewFilesystem.open("tmpfs")) {
        assertThatThrownBy(() -> tmpfs.set("size", "much"))
            .isInstanceOf(KernelException.class)
            .hasMessage(
                "fsconfig(tmpfs, size=much): EINVAL; the kernel says: "
                    + "tmpfs: Bad value for 'size'");
      }
    });
  }

  @Test
  void aTerminalIsMadeInADevptsOfItsOwn() throws Exception {
    OwnThread.run(() -> {
      Namespaces.unshare(Namespace.MOUNT);
      try (NewFilesystem devpts = NewFilesystem.open("devpts")) {
        devpts.set("ptmxmode", "0666").set("mode", "0620");
        try (DetachedMount mount = devpts.mount();
            Terminal.Pair pair = Terminal.open(mount.fd())) {
          assertThat(Descriptors.filesystem(mount.fd()).is(FilesystemType.DEVPTS)).isTrue();
          assertThat(Terminal.isTerminal(pair.peer().number())).isTrue();
          Terminal.setWindow(pair.master(), new Terminal.Window(50, 132));
          assertThat(Terminal.window(pair.peer())).isEqualTo(new Terminal.Window(50, 132));
          Descriptors.write(pair.peer(), new byte[] {'x'});
          assertThat(Descriptors.read(pair.master(), 10)).isEqualTo(new byte[] {'x'});
        }
      }
    });
  }

  @Test
  void theOtherFilesystemsOfAPodMountDetached() throws Exception {
    OwnThread.run(() -> {
      unshareAll();
      for (String type : List.of("mqueue", "sysfs", "tmpfs")) {
        try (NewFilesystem filesystem = NewFilesystem.open(type);
            DetachedMount mount =
                filesystem.mount(MountAttribute.NO_EXEC, MountAttribute.NO_SUID)) {
          mount.forbid(MountAttribute.READ_ONLY);
          assertThat(mount.fd().number()).as(type).isPositive();
        }
      }
    });
  }

  @Test
  void aNamespaceIsLeftAndJoinedAgain() throws Exception {
    OwnThread.run(() -> {
      try (Fd old = Namespaces.openOwn(Namespace.UTS);
          Fd ofMain = Namespaces.open(Processes.pid(), Namespace.UTS)) {
        Namespaces.unshare(Namespace.UTS);
        Namespaces.setHostName("elsewhere");
        assertThat(Files.readString(Path.of("/proc/sys/kernel/hostname")).strip())
            .isEqualTo("elsewhere");
        Namespaces.join(old, Namespace.UTS);
        assertThat(Files.readString(Path.of("/proc/sys/kernel/hostname")).strip())
            .isNotEqualTo("elsewhere");
        Namespaces.join(ofMain, Namespace.UTS);
      }
    });
  }

  @Test
  void aJvmCannotEnterAUserNamespace() throws Exception {
    OwnThread.run(() ->
        assertThatThrownBy(() -> Namespaces.unshare(Namespace.USER))
            .hasMessage("unshare(user): EINVAL"));
  }

  private static void unshareAll() throws KernelException {
    Namespaces.unshare(
        Namespace.MOUNT,
        Namespace.UTS,
        Namespace.IPC,
        Namespace.NETWORK,
        Namespace.CGROUP,
        Namespace.PID);
  }

  private static Map<String, String> namespaces(String directory) throws Exception {
    Map<String, String> all = new TreeMap<>();
    for (String kind : List.of("mnt", "uts", "ipc", "net", "cgroup", "pid", "user")) {
      all.put(kind, Files.readSymbolicLink(Path.of(directory, kind)).toString());
    }
    try {
      all.put(
          "pid_for_children",
          Files.readSymbolicLink(Path.of(directory, "pid_for_children")).toString());
    } catch (java.nio.file.NoSuchFileException e) {
      all.put("pid_for_children", "none yet"); // until its first process exists
    }
    return all;
  }
}
