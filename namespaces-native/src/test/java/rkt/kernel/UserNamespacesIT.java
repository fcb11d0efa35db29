package rkt.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a JVM does for a user namespace that another process has made. */
@Tag("privileged")
class UserNamespacesIT {
  private static final int FIRST = 1_879_048_192;

  @Test
  void itGivesIdsAndActsInTheNamespacesThatTheUserNamespaceOwns() throws Exception {
    try (Maker maker = new Maker()) {
      UserNamespaces.map(maker.pid(), IdMap.of(FIRST, 65_536), IdMap.of(FIRST, 65_536));
      assertThat(IdMap.users(maker.pid())).isEqualTo(IdMap.of(FIRST, 65_536));
      assertThatThrownBy(
              () -> UserNamespaces.map(maker.pid(), IdMap.of(FIRST, 1), IdMap.of(FIRST, 1)))
          .hasMessageContaining("EPERM");
      try (Fd user = Namespaces.open(maker.pid(), Namespace.USER);
          Fd uts = Namespaces.open(maker.pid(), Namespace.UTS);
          Fd owner = UserNamespaces.ownerOf(uts);
          Fd own = Namespaces.openOwn(Namespace.USER)) {
        assertThat(UserNamespaces.isSame(owner, user)).isTrue();
        assertThat(UserNamespaces.isSame(owner, own)).isFalse();
        OwnThread.run(() -> {
          Namespaces.join(uts, Namespace.UTS);
          Namespaces.setHostName("inside");
          assertThatThrownBy(() -> Namespaces.join(user, Namespace.USER))
              .hasMessage("setns(user): EINVAL");
        });
      }
    }
  }

  @Test
  void anIdMappedMountShowsTheOwnersOnDiskAsUsersOfTheNamespace(@TempDir Path temp)
      throws Exception {
    Path file = Files.writeString(temp.resolve("file"), "");
    Files.setAttribute(file, "unix:uid", 1000);
    Path at = Files.createDirectory(temp.resolve("at"));
    try (Maker maker = new Maker()) {
      UserNamespaces.map(maker.pid(), IdMap.of(FIRST, 65_536), IdMap.of(FIRST, 65_536));
      try (Fd user = Namespaces.open(maker.pid(), Namespace.USER)) {
        OwnThread.run(() -> {
          Namespaces.unshare(Namespace.MOUNT);
          Mounts.propagate("/", Propagation.PRIVATE);
          try (Fd source = Descriptors.open(temp.toString(), OpenFlag.PATH);
              Fd target = Descriptors.open(at.toString(), OpenFlag.PATH);
              DetachedMount mount = DetachedMount.cloneOf(source)) {
            mount.mapIds(user);
            mount.attach(target);
          }
          assertThat(Files.getAttribute(at.resolve("file"), "unix:uid")).isEqualTo(FIRST + 1000);
          // A file that belongs to an id which the namespace does not have cannot be made there.
          assertThatThrownBy(
                  () -> Descriptors.open(at + "/mine", OpenFlag.CREATE, OpenFlag.WRITE).close())
              .hasMessageContaining("EOVERFLOW");
          Ids.makeFilesAs(FIRST, FIRST);
          Descriptors.open(at + "/theirs", OpenFlag.CREATE, OpenFlag.WRITE).close();
          assertThat(Privileges.effective().contains(Capability.DAC_OVERRIDE)).isTrue();
        });
      }
    }
    assertThat(Files.getAttribute(temp.resolve("theirs"), "unix:uid")).isEqualTo(0);
    assertThat(Files.getAttribute(file, "unix:uid")).isEqualTo(1000);
  }

  /** A process that has made namespaces and waits. */
  private static final class Maker implements AutoCloseable {
    private final Process process;

    Maker() throws Exception {
      process =
          new ProcessBuilder("unshare", "--user", "--uts", "sh", "-c", "echo ready; read end")
              .redirectErrorStream(true)
              .start();
      assertThat(process.inputReader().readLine()).isEqualTo("ready");
    }

    int pid() {
      return (int) process.pid();
    }

    @Override
    public void close() throws IOException {
      process.getOutputStream().close();
      process.onExit().orTimeout(60, TimeUnit.SECONDS).join();
    }
  }
}
