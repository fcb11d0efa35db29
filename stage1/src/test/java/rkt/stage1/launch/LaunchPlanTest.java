package rkt.stage1.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

final class LaunchPlanTest {
  private static final Op EXEC =
      new Op.Exec(Label.of("run it"), List.of("/bin/true"), List.of("true"), List.of());

  @Test
  void anAppMustCloseItsDescriptorsRightBeforeExec() {
    assertThatThrownBy(() -> plan(EXEC)).hasMessageContaining("without closing");
    Op dup = new Op.Dup(Label.of("give stdin"), 9, 0);
    assertThatThrownBy(() -> plan(Op.closeAllButStdio(), dup, EXEC))
        .hasMessageContaining("without closing");
    assertThat(plan(dup, Op.closeAllButStdio(), EXEC).apps()).hasSize(1);
  }

  @Test
  void nothingFollowsExec() {
    assertThatThrownBy(() -> plan(Op.closeAllButStdio(), EXEC, Op.closeAllButStdio(), EXEC))
        .hasMessageContaining("exec outside");
  }

  @Test
  void aNulInAStringIsRefusedRatherThanCuttingIt() {
    Op chdir = new Op.Chdir(Label.of("go"), "/tmp\0/etc");
    LaunchPlan plan = plan(chdir, Op.closeAllButStdio(), EXEC);
    assertThatThrownBy(plan::encode).hasMessageContaining("NUL");
  }

  private static LaunchPlan plan(Op... ops) {
    return LaunchPlan.init(
        new LaunchPlan.Init(3, 4, -1, 0),
        List.of(),
        List.of(new LaunchPlan.App("web", 0, List.of(ops))));
  }
}
