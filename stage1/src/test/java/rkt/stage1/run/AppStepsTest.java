package rkt.stage1.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import rkt.stage1.launch.Op;

class AppStepsTest {
  private static final long RDONLY_BIND = 1 | 2 | 4 | 8 | 32 | 4096;

  private static AppSteps steps() {
    return new AppSteps("web", "/apps/web");
  }

  private static List<String> plain(AppSteps steps) {
    List<String> lines = new ArrayList<>();
    for (Op op : steps.steps()) {
      lines.add(op.toString().replaceAll("label=Label\\[what=[^\\]]*\\](, )?", ""));
    }
    return lines;
  }

  @Test
  void anAppJoinsItsGroupsBeforeItsNamespacesAndMovesInBeforeItsSession() {
    AppSteps steps = steps().joinCgroups(List.of(7, 8)).unshare().moveIn().beginSession(-1);
    assertThat(plain(steps))
        .containsExactly(
            "WriteFd[fd=7, bytes=0x30]",
            "WriteFd[fd=8, bytes=0x30]",
            "Unshare[flags=33685504]",
            "Pivot[path=/apps/web]",
            "Setsid[]");
  }

  @Test
  void anAppOfSeveralMovesItsRootAloneIntoANamespaceWithoutTheOthers() {
    AppSteps steps = steps().joinCgroups(List.of(7)).moveRoot().moveIn();
    assertThat(plain(steps))
        .containsExactly(
            "WriteFd[fd=7, bytes=0x30]",
            "Unshare[flags=33685504]",
            "MoveMount[fd=-1, path=/apps/web]",
            "Mount[flags=8192, source=/proc, target=/apps/web/proc, type=, data=]",
            "Mount[flags=8192, source=/sys, target=/apps/web/sys, type=, data=]",
            "Pivot[path=/apps/web]");
    assertThat(steps().takeRoot(3).toString()).endsWith("app=3, path=/apps/web]");
  }

  @Test
  void anAppWhoseRootIsNeededAgainTakesACopyOfIt() {
    AppSteps steps = steps().copyRoot(11, 12).moveIn();
    assertThat(plain(steps))
        .containsExactly(
            "Setns[fd=11, type=131072]",
            "OpenTree[to=11, path=/apps/web]",
            "Setns[fd=12, type=131072]",
            "Unshare[flags=33685504]",
            "MoveMount[fd=11, path=/apps/web]",
            "Mount[flags=8192, source=/proc, target=/apps/web/proc, type=, data=]",
            "Mount[flags=8192, source=/sys, target=/apps/web/sys, type=, data=]",
            "Pivot[path=/apps/web]");
  }

  @Test
  void whatIsTheSameForAllAppsOfSeveralIsMaskedOnce() {
    AppSteps masks = AppSteps.forAll().mask(false);
    List<Op> steps = AppSteps.leaveRoots(masks);
    assertThat(steps.get(1)).isInstanceOf(Op.Pivot.class);
    assertThat(steps.get(2).toString()).contains("source=/sys, target=/sys,");
    assertThat(steps.subList(3, steps.size())).isEqualTo(masks.steps());
    assertThat(masks.steps().get(0).toString()).contains(" of the apps, fix=", "target=/proc/");
  }

  @Test
  void processOneMountsProcOfAnAppBeforeItLeavesTheHost() {
    assertThat(AppSteps.mountProc("web", "/stage/apps/web", "").toString())
        .endsWith("flags=14, source=proc, target=/stage/apps/web/proc, type=proc, data=]");
    assertThat(AppSteps.mountProc("web", "/stage/apps/web", "hidepid=invisible").toString())
        .endsWith("type=proc, data=hidepid=invisible]");
  }

  @Test
  void aTerminalBecomesTheThreeStandardDescriptors() {
    assertThat(plain(steps().beginSession(9)))
        .containsExactly(
            "Setsid[]",
            "ControllingTerminal[fd=9]",
            "Dup[from=9, to=0]",
            "Dup[from=9, to=1]",
            "Dup[from=9, to=2]");
  }

  @Test
  void everyPlaceThatThisKernelHasIsMaskedAndNoOther() {
    List<Op> steps = steps().mask(false).steps();
    for (String path : Masks.HIDDEN) {
      List<Op.Mount> mounts = at(steps, path);
      if (!Files.exists(Path.of(path))) {
        assertThat(mounts).as(path).isEmpty();
      } else if (Files.isDirectory(Path.of(path))) {
        assertThat(mounts).as(path).hasSize(2);
        assertThat(mounts.get(0).source()).isEqualTo("/empty");
        assertThat(mounts.get(1).flags()).isEqualTo(RDONLY_BIND);
      } else {
        assertThat(mounts).as(path).hasSize(1);
        assertThat(mounts.get(0).source()).isEqualTo(AppSteps.NULL);
      }
    }
  }

  @Test
  void whatMayOnlyBeReadIsBoundOntoItselfFirst() {
    List<Op> steps = steps().mask(false).steps();
    assertThat(at(steps, "/proc/sys")).hasSize(2);
    Op.Mount bind = at(steps, "/proc/sys").get(0);
    assertThat(bind.source()).isEqualTo("/apps/web/proc/sys");
    assertThat(bind.flags()).isEqualTo(4096 | 16_384);
    assertThat(at(steps, "/proc/sys").get(1).flags()).isEqualTo(RDONLY_BIND);
    assertThat(at(steps, "/proc/sys").get(1).source()).isEmpty();
  }

  @Test
  void aProcOfProcessesAloneHasNothingToMask() {
    assertThat(steps().mask(true).steps())
        .isNotEmpty()
        .noneMatch(op -> op instanceof Op.Mount mount && mount.target().contains("/proc"));
  }

  @Test
  void noMaskIsMadeTwice() {
    assertThat(Masks.HIDDEN).doesNotHaveDuplicates().doesNotContain(Masks.READ_ONLY);
  }

  private static List<Op.Mount> at(List<Op> steps, String path) {
    List<Op.Mount> mounts = new ArrayList<>();
    for (Op op : steps) {
      if (op instanceof Op.Mount mount && mount.target().equals("/apps/web" + path)) {
        mounts.add(mount);
      }
    }
    return mounts;
  }
}
