package rkt.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What needs no root: who and where we are, descriptors, locks, limits, signals. */
class HostTest {
  @Test
  void idsAreThoseThatProcShows(@TempDir Path temp) throws Exception {
    assertThat(Files.getAttribute(temp, "unix:uid")).isEqualTo(Ids.effectiveUser());
    assertThat(Ids.user()).isEqualTo(Ids.effectiveUser());
    assertThat(Ids.group()).isEqualTo(Ids.effectiveGroup());
    assertThat(Ids.mapsAll("         0          0 4294967295\n")).isTrue();
    assertThat(Ids.mapsAll("         0       1000          1\n")).isFalse();
    assertThat(Ids.mapsAll("0 0 65536\n65536 100000 65536\n")).isFalse();
  }

  @Test
  void usersOfTheHostAreFoundByNameAndNumber() {
    var users = new HostUsers();
    assertThat(users.find("root")).contains(new HostUsers.User("root", 0, 0, "/root"));
    assertThat(users.find(0)).map(HostUsers.User::name).contains("root");
    assertThat(users.find("no-such-user")).isEmpty();
  }

  @Test
  void aKernelIsComparedByNumbers() throws Exception {
    assertThat(HostFeatures.isAtLeast("6.1.0-18-amd64", 5, 12)).isTrue();
    assertThat(HostFeatures.isAtLeast("5.9.1", 5, 12)).isFalse();
    assertThat(HostFeatures.isAtLeast("5.12-rc1", 5, 12)).isTrue();
    assertThat(HostFeatures.isKernelAtLeast(5, 4)).isTrue();
    assertThat(HostFeatures.hasFilesystem("tmpfs")).isTrue();
    assertThat(HostFeatures.hasFilesystem("no-such-filesystem")).isFalse();
  }

  @Test
  void sealedMemoryHoldsItsContentForGood() throws Exception {
    byte[] content = "plan".getBytes(StandardCharsets.UTF_8);
    try (Fd memory = Descriptors.sealedMemory("plan", content)) {
      assertThat(Descriptors.isCloseOnExec(memory)).isTrue();
      assertThat(Descriptors.read(memory, 100)).isEqualTo(content);
      assertThatThrownBy(() -> Descriptors.write(memory, content)).hasMessageEndingWith("EPERM");
    }
  }

  @Test
  void aLockIsHeldByTheOpenFile(@TempDir Path temp) throws Exception {
    String file = temp.resolve("lock").toString();
    Fd first = Descriptors.open(file, OpenFlag.CREATE, OpenFlag.READ_WRITE);
    try (Fd second = Descriptors.open(file, OpenFlag.READ);
        Fd same = Descriptors.duplicate(first, 100)) {
      assertThat(same.number()).isGreaterThanOrEqualTo(100);
      assertThat(Descriptors.tryLock(first, Descriptors.Lock.EXCLUSIVE)).isTrue();
      assertThat(Descriptors.tryLock(second, Descriptors.Lock.SHARED)).isFalse();
      first.close();
      assertThat(Descriptors.tryLock(second, Descriptors.Lock.SHARED)).isFalse();
      Descriptors.unlock(same);
      Descriptors.lock(second, Descriptors.Lock.SHARED);
    } finally {
      first.close();
    }
  }

  @Test
  void aClosedDescriptorNamesNothing() throws Exception {
    Fd fd = Descriptors.open("/proc", OpenFlag.PATH, OpenFlag.DIRECTORY);
    assertThat(Descriptors.filesystem(fd).is(FilesystemType.PROC)).isTrue();
    fd.close();
    fd.close();
    assertThatThrownBy(fd::number).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> Descriptors.open("/no/such", OpenFlag.READ))
        .isInstanceOf(KernelException.class)
        .hasMessage("open(/no/such): ENOENT");
  }

  @Test
  void limitsAreSetAndRead() throws Exception {
    var before = ResourceLimit.CORE.get(0);
    var lower = new ResourceLimit.Value(0, before.hard());
    ResourceLimit.CORE.set(0, lower);
    assertThat(ResourceLimit.CORE.get(0)).isEqualTo(lower);
    ResourceLimit.CORE.set(0, before);
    assertThat(ResourceLimit.OPEN_FILES.number()).isEqualTo(7);
  }

  @Test
  void signalsHaveNamesAndNumbers() {
    assertThat(Signals.parse("SIGTERM")).isEqualTo(15);
    assertThat(Signals.parse("KILL")).isEqualTo(9);
    assertThat(Signals.parse("17")).isEqualTo(Signals.CHILD);
    assertThat(Signals.name(19)).isEqualTo("STOP");
    assertThat(Signals.name(31)).isEqualTo("SYS");
    assertThat(Signals.name(36)).isEqualTo("RTMIN+2");
    assertThatThrownBy(() -> Signals.parse("SIG"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no such signal: SIG");
    assertThatThrownBy(() -> Signals.parse("65")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aProcessIsSignalledThroughItsDescriptorOnly() throws Exception {
    int pid =
        new Program(
                "/bin/sleep",
                java.util.List.of("sleep", "60"),
                java.util.List.of(),
                FdMapping.STANDARD)
            .spawn();
    try (Fd handle = Processes.open(pid)) {
      assertThat(Processes.poll(pid)).isEqualTo(-1);
      Processes.signal(handle, Signals.TERM);
      assertThat(Processes.await(pid)).isEqualTo(143);
      assertThatThrownBy(() -> Processes.signal(handle, Signals.TERM))
          .hasMessage("pidfd_send_signal(TERM): ESRCH");
    }
  }

  @Test
  void aPipeIsNoTerminal() throws Exception {
    try (Descriptors.Pipe pipe = Descriptors.pipe()) {
      assertThat(Terminal.isTerminal(pipe.reader().number())).isFalse();
      assertThat(Terminal.isTerminal(99_999)).isFalse();
    }
  }
}
