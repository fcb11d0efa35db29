package rkt.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What wishes come to, seen in the compiled filter. */
class SeccompPolicyTest {
  @TempDir Path cache = Path.of("");

  private Map<String, String> standard() throws Exception {
    return verdicts(SeccompProfile.standard());
  }

  @Test
  void removingNothingIsTheStandardProfile() {
    var result =
        policy(SeccompPolicy.Mode.REMOVE, "@appc.io/empty").apply(SeccompPolicy.Reach.NARROW);

    assertThat(result.profile()).contains(SeccompProfile.standard());
    assertThat(result.shortfall()).isEmpty();
  }

  @Test
  void anImageCannotSwitchTheFilterOffAndTheUserCan() {
    var all = policy(SeccompPolicy.Mode.RETAIN, "@appc.io/all");

    assertThat(all.apply(SeccompPolicy.Reach.NARROW).profile()).contains(SeccompProfile.standard());
    assertThat(all.apply(SeccompPolicy.Reach.NARROW).shortfall()).isNotEmpty();
    assertThat(all.apply(SeccompPolicy.Reach.WIDEN).profile()).isEmpty();
  }

  @Test
  void whatAnImageRemovesEndsTheProcessAndTheRestStaysAsItIs() throws Exception {
    var result =
        policy(SeccompPolicy.Mode.REMOVE, "chmod", "@systemd/mount", "execve")
            .apply(SeccompPolicy.Reach.NARROW);

    Map<String, String> expected = standard();
    expected.putAll(
        Map.of("chmod", "kill", "mount", "kill", "umount2", "kill", "pivot_root", "kill"));
    for (String call :
        new String[] {
          "chroot",
          "fsconfig",
          "fsmount",
          "fsopen",
          "fspick",
          "mount_setattr",
          "move_mount",
          "open_tree"
        }) {
      expected.put(call, "kill");
    }
    assertThat(verdicts(result.profile().orElseThrow())).isEqualTo(expected);
    assertThat(result.shortfall()).contains("execve");
  }

  @Test
  void whatAnImageRetainsIsNeverMoreThanTheStandardProfileHas() throws Exception {
    var result =
        new SeccompPolicy(
                SeccompPolicy.Mode.RETAIN,
                List.of("read", "write", "mount", "clone", "clone3"),
                Optional.of(Errno.EACCES))
            .apply(SeccompPolicy.Reach.NARROW);

    Map<String, String> verdicts = verdicts(result.profile().orElseThrow());
    assertThat(verdicts)
        .containsEntry("read", "allow")
        .containsEntry("write", "allow")
        .containsEntry("execve", "allow")
        .containsEntry("exit_group", "allow")
        .containsEntry("mount", "EPERM")
        .containsEntry("clone3", "ENOSYS")
        .containsEntry("openat", "EACCES")
        .containsEntry("ptrace", "EACCES")
        .containsEntry("clone", standard().get("clone"));
    assertThat(result.shortfall()).isEqualTo("these stay refused: mount clone3");
  }

  @Test
  void theUserCanAskForMoreButNotForForbiddenArguments() throws Exception {
    var result =
        policy(SeccompPolicy.Mode.RETAIN, "@rkt/default-whitelist", "mount", "ioctl")
            .apply(SeccompPolicy.Reach.WIDEN);

    Map<String, String> verdicts = verdicts(result.profile().orElseThrow());
    Map<String, String> expected = standard();
    expected.replaceAll(
        (call, verdict) -> verdict.equals("EPERM") || verdict.equals("ENOSYS") ? "kill" : verdict);
    expected.put("mount", "allow");
    assertThat(verdicts).isEqualTo(expected);
    assertThat(verdicts.get("ioctl"))
        .contains("arg1[31:0] == 0x5412")
        .contains("EPERM if")
        .contains("allow if");
    assertThat(result.shortfall()).isEmpty();
  }

  @Test
  void removingEverythingLeavesWhatStartsAndEndsAProgram() throws Exception {
    var result =
        policy(SeccompPolicy.Mode.REMOVE, "@appc.io/all").apply(SeccompPolicy.Reach.NARROW);

    Map<String, String> verdicts = verdicts(result.profile().orElseThrow());
    assertThat(verdicts).containsEntry("execve", "allow").containsEntry("read", "kill");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "@docker/default-whitelist",
        "@docker/default-blacklist",
        "@rkt/default-whitelist",
        "@rkt/default-blacklist",
        "@systemd/clock",
        "@systemd/default-whitelist",
        "@systemd/mount",
        "@systemd/network-io",
        "@systemd/obsolete",
        "@systemd/privileged",
        "@systemd/process",
        "@systemd/raw-io"
      })
  void everyGroupNamesCallsAndCompilesEitherWay(String group) throws Exception {
    assertThat(SeccompGroups.calls(group)).isNotEmpty();
    for (SeccompPolicy.Mode mode : SeccompPolicy.Mode.values()) {
      for (SeccompPolicy.Reach reach : SeccompPolicy.Reach.values()) {
        assertThat(verdicts(policy(mode, group).apply(reach).profile().orElseThrow()))
            .containsEntry("execve", "allow");
      }
    }
  }

  @Test
  void namesThatAreNoneAreRefusedAndUnknownOnesTold() throws Exception {
    assertThatThrownBy(() -> policy(SeccompPolicy.Mode.RETAIN, "@systemd/nothing"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no such group of system calls: @systemd/nothing");
    assertThatThrownBy(() -> policy(SeccompPolicy.Mode.RETAIN, "read\nallow mount"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(policy(SeccompPolicy.Mode.REMOVE, "read", "raed").unknownName()).contains("raed");
    assertThat(policy(SeccompPolicy.Mode.REMOVE, "mount", "stime").unknownName()).isEmpty();
  }

  private static SeccompPolicy policy(SeccompPolicy.Mode mode, String... set) {
    return new SeccompPolicy(mode, List.of(set), Optional.empty());
  }

  /** By name; an answer that depends on arguments in words. */
  private Map<String, String> verdicts(SeccompProfile profile) throws Exception {
    Map<String, String> byName = new TreeMap<>();
    for (var verdict : SeccompVerdicts.of(SeccompFilter.load(cache, profile))) {
      if (!verdict.name().isEmpty()) {
        StringBuilder words = new StringBuilder();
        for (var answer : verdict.answers()) {
          words.append(answer.action());
          if (!answer.conditions().isEmpty()) {
            words.append(" if ").append(String.join(" and ", answer.conditions())).append("; ");
          }
        }
        byName.put(verdict.name(), words.toString());
      }
    }
    return byName;
  }
}
