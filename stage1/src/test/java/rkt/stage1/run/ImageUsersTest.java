package rkt.stage1.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.kernel.DirFd;
import rkt.spec.ErrorClass;
import rkt.stage1.StageException;

class ImageUsersTest {
  @TempDir Path directory;
  private Path root;

  @BeforeEach
  void anImage() throws IOException {
    root = Files.createDirectories(directory.resolve("root"));
    Files.createDirectories(root.resolve("etc"));
    passwd(
        """
        root:x:0:0:root:/root:/bin/sh
        alice:x:1000:1001:Alice:/home/alice:/bin/ash
        1000:x:0:0:a name of digits:/:/bin/sh
        homeless:x:1002:1002::relative:
        short:x:1003
        huge:x:4294967296:0::/:/bin/sh
        minus:x:-1:0::/:/bin/sh
        """);
    group(
        """
        root:x:0:
        alice:x:1001:
        audio:x:29:alice,bob
        video:x:44:alice
        users:x:100:bob
        odd:x:0x0:
        """);
  }

  private void passwd(String text) throws IOException {
    Files.writeString(root.resolve("etc/passwd"), text);
  }

  private void group(String text) throws IOException {
    Files.writeString(root.resolve("etc/group"), text);
  }

  private ImageUsers.Identity resolve(String user, String group, Integer... more) throws Exception {
    try (DirFd open = DirFd.open(root.toString())) {
      return new ImageUsers("web", open, PodUsers.ofHost()).resolve(user, group, List.of(more));
    }
  }

  private AbstractThrowableAssert<?, ?> refused(String user, String group) {
    return Assertions.assertTimeoutPreemptively(
        Duration.ofSeconds(10),
        () ->
            assertThatThrownBy(() -> resolve(user, group))
                .isInstanceOfSatisfying(
                    StageException.class,
                    e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.RUN)));
  }

  @Test
  void aNameGetsWhatTheImageKnowsOfIt() throws Exception {
    assertThat(resolve("alice", ""))
        .isEqualTo(
            new ImageUsers.Identity(
                1000, 1001, List.of(29, 44), "alice", "/home/alice", "/bin/ash"));
  }

  @Test
  void aGroupReplacesThePrimaryOneAndTheMemberships() throws Exception {
    assertThat(resolve("alice", "audio").gid()).isEqualTo(29);
    assertThat(resolve("alice", "audio").groups()).isEmpty();
    assertThat(resolve("alice", "7", 44, 8).groups()).containsExactly(44, 8);
    assertThat(resolve("alice", "", 44, 8).groups()).as("these are all").containsExactly(44, 8);
  }

  @Test
  void digitsAreANumberEvenWhereANameLooksLikeIt() throws Exception {
    ImageUsers.Identity identity = resolve("1000", "");
    assertThat(identity.uid()).isEqualTo(1000);
    assertThat(identity.gid()).isEqualTo(1001);
    assertThat(identity.groups()).as("those of its name").containsExactly(29, 44);
  }

  @Test
  void aNumberThatTheImageDoesNotKnowWillDo() throws Exception {
    assertThat(resolve("4711", ""))
        .isEqualTo(new ImageUsers.Identity(4711, 0, List.of(), "", "/", ""));
    assertThat(resolve("2147483647", "2147483647").uid()).isEqualTo(Integer.MAX_VALUE);
  }

  @Test
  void anImageWithoutTablesRunsNumbers() throws Exception {
    Files.delete(root.resolve("etc/passwd"));
    Files.delete(root.resolve("etc/group"));
    assertThat(resolve("0", "0")).isEqualTo(new ImageUsers.Identity(0, 0, List.of(), "", "/", ""));
    refused("root", "").hasMessageContaining("is not in the image's /etc/passwd");
    refused("0", "root").hasMessageContaining("is not in the image's /etc/group");
  }

  @Test
  void aPathMeansTheOwnerOfThatFile() throws Exception {
    Files.writeString(root.resolve("data"), "");
    int uid = (int) Files.getAttribute(root.resolve("data"), "unix:uid");
    int gid = (int) Files.getAttribute(root.resolve("data"), "unix:gid");
    assertThat(resolve("/data", "/data").uid()).isEqualTo(uid);
    assertThat(resolve("5", "/data").gid()).isEqualTo(gid);
    refused("/missing", "").hasMessageContaining("cannot tell the owner of /missing");
  }

  @Test
  void aHomeThatIsNotAbsoluteIsTheRoot() throws Exception {
    assertThat(resolve("homeless", "").home()).isEqualTo("/");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "4294967296",
        "2147483648",
        "-1",
        "0x0",
        "1e3",
        " 0",
        "0 ",
        "+0",
        "",
        "٠",
        "99999999999999999999",
        "huge",
        "minus",
        "short",
        "bob",
        "root:x",
        "ROOT",
        "root\n"
      })
  void whatIsNoUserIsRefusedAndNeverRoot(String user) {
    refused(user, "");
  }

  @ParameterizedTest
  @ValueSource(strings = {"4294967296", "-1", "0x0", " 0", "odd", "nobody"})
  void whatIsNoGroupIsRefused(String group) {
    refused("1000", group);
  }

  @ParameterizedTest
  @CsvSource({"passwd, root", "group, alice"})
  void aFifoInThePlaceOfATableIsNotWaitedFor(String table, String user) throws Exception {
    Files.delete(root.resolve("etc").resolve(table));
    mkfifo(root.resolve("etc").resolve(table));
    refused(user, "audio").hasMessageContaining("/etc/" + table + " in the image of app \"web\"");
  }

  @Test
  void aTableThatIsTooLargeIsRefusedUnread() throws Exception {
    try (var file = new RandomAccessFile(root.resolve("etc/group").toFile(), "rw")) {
      file.setLength(2L << 30);
    }
    refused("alice", "").hasMessageContaining("not a regular file of at most 1048576 bytes");
  }

  @Test
  void aLineThatIsTooLongIsRefused() throws Exception {
    passwd("a".repeat(65_537) + "\nroot:x:0:0::/:/bin/sh\n");
    refused("root", "").hasMessageContaining("has a line of 65537 bytes");
  }

  @Test
  void aLinkThatLeadsOutOfTheImageEndsInside() throws Exception {
    Path outside = directory.resolve("outside");
    Files.writeString(outside, "mallory:x:0:0::/:/bin/sh\n");
    Files.delete(root.resolve("etc/passwd"));
    Files.createSymbolicLink(root.resolve("etc/passwd"), outside);
    refused("mallory", "").hasMessageContaining("is not in the image's /etc/passwd");
    Files.delete(root.resolve("etc/passwd"));
    Files.createSymbolicLink(root.resolve("etc/passwd"), Path.of("../../outside"));
    refused("mallory", "");
  }

  @Test
  void aLinkInsideTheImageIsFollowed() throws Exception {
    Files.move(root.resolve("etc/passwd"), root.resolve("users"));
    Files.createSymbolicLink(root.resolve("etc/passwd"), Path.of("/users"));
    assertThat(resolve("alice", "").uid()).isEqualTo(1000);
  }

  @Test
  void aDirectoryInThePlaceOfATableIsRefused() throws Exception {
    Files.delete(root.resolve("etc/passwd"));
    Files.createDirectory(root.resolve("etc/passwd"));
    refused("root", "");
  }

  private static void mkfifo(Path path) throws Exception {
    assertThat(new ProcessBuilder("mkfifo", path.toString()).inheritIO().start().waitFor())
        .isZero();
  }
}
