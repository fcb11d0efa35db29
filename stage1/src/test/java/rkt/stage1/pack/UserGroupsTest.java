package rkt.stage1.pack;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an ACI is told of the groups of an OCI image's user. spec/packing.md#export */
class UserGroupsTest {
  @TempDir private Path root;

  @BeforeEach
  void makeTables() throws IOException {
    Files.createDirectories(root.resolve("etc"));
    Files.writeString(
        root.resolve("etc/passwd"), "root:x:0:0::/:/bin/sh\nalice:x:1000:1001::/home:/bin/sh\n");
    Files.writeString(
        root.resolve("etc/group"),
        "audio:x:29:bob,alice\nalice:x:1001:alice\nvideo:x:44:alice\nwheel:x:10:alicia\n");
  }

  @Test
  void aUserHasThePrimaryGroupAndThoseThatListItsName() {
    UserGroups ofAlice = new UserGroups("1001", List.of(29, 44));
    assertThat(UserGroups.of(root, "alice")).isEqualTo(ofAlice);
    assertThat(UserGroups.of(root, "1000")).isEqualTo(ofAlice);
    assertThat(UserGroups.of(root, "root")).isEqualTo(new UserGroups("0", List.of()));
  }

  @Test
  void whoTheImageDoesNotKnowHasGroup0Alone() throws IOException {
    UserGroups none = new UserGroups("0", List.of());
    assertThat(UserGroups.of(root, "4711")).isEqualTo(none);
    Files.delete(root.resolve("etc/passwd"));
    assertThat(UserGroups.of(root, "alice")).isEqualTo(none);
  }
}
