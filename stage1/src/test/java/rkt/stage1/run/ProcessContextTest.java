package rkt.stage1.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import rkt.kernel.ResourceLimit;
import rkt.stage1.launch.Bytes;
import rkt.stage1.launch.LaunchPlan;
import rkt.stage1.launch.Op;

class ProcessContextTest {
  private static final Bytes FILTER = Bytes.of(new byte[8]);

  private static ProcessContext context(int uid, boolean noNewPrivileges, Bytes seccomp) {
    return context(uid, true, noNewPrivileges, seccomp);
  }

  private static ProcessContext context(
      int uid, boolean setsGroups, boolean noNewPrivileges, Bytes seccomp) {
    return context(uid, setsGroups, noNewPrivileges, seccomp, 0x6002, Optional.empty());
  }

  private static ProcessContext context(
      int uid,
      boolean setsGroups,
      boolean noNewPrivileges,
      Bytes seccomp,
      long landlock,
      Optional<SecurityLabel> label) {
    return new ProcessContext(
        uid,
        1001,
        List.of(29, 44),
        setsGroups,
        0xa1L,
        noNewPrivileges,
        seccomp,
        landlock,
        label,
        OptionalInt.empty(),
        List.of(
            new ProcessContext.Limit(
                ResourceLimit.OPEN_FILES, new ResourceLimit.Value(1024, 65_536))),
        "/srv",
        List.of("PATH=/bin"),
        List.of("/usr/bin/web", "/bin/web"),
        List.of("web", "--port=80"));
  }

  /** The steps as the plan shows them, without the labels. */
  private static String steps(ProcessContext context) {
    LaunchPlan plan =
        LaunchPlan.init(
            new LaunchPlan.Init(3, 4, -1, 0),
            List.of(),
            List.of(new LaunchPlan.App("web", 15, context.steps("web"))));
    return plan.describe().replaceAll("label=Label\\[what=[^\\]]*\\](, )?", "");
  }

  @Test
  void aUserIsPutTogetherInTheOneOrderThatWorks() {
    assertThat(steps(context(1000, true, FILTER)))
        .isEqualTo(
            """
            Init[lifeline=3, status=4, lock=-1, graceMillis=0]
            App[name=web, stopSignal=15]
              Umask[mask=18]
              Rlimit[resource=7, soft=1024, hard=65536]
              NewKeyring[]
              Chdir[path=/srv]
              Bounding[keep=161]
              Setgroups[groups=0x1d0000002c000000]
              Setresgid[real=1001, effective=1001, saved=1001]
              Setresuid[real=1000, effective=1000, saved=1000]
              Capset[effective=0, permitted=0, inheritable=0]
              Ambient[mask=0]
              Prctl[option=38, arg2=1, arg3=0, arg4=0, arg5=0]
              Landlock[accesses=24578]
              CloseRange[first=3, last=4294967295, flags=4]
              Seccomp[flags=0, program=0x0000000000000000]
              Exec[candidates=[/usr/bin/web, /bin/web], argv=[web, --port=80], envp=[PATH=/bin]]
            """);
  }

  @Test
  void rootKeepsWhatIsInTheBoundingSetAndNothingIsInheritable() {
    assertThat(steps(context(0, true, FILTER)))
        .contains("Capset[effective=161, permitted=161, inheritable=0]\n  Ambient[mask=0]");
  }

  @Test
  void groupsAreLeftAloneWhereTheyCannotBeSet() {
    assertThat(context(0, false, true, FILTER).steps("web"))
        .noneMatch(Op.Setgroups.class::isInstance)
        .anyMatch(Op.Setresgid.class::isInstance);
  }

  @Test
  void withoutAFilterTheDescriptorsAreStillClosedLast() {
    List<Op> steps = context(0, true, false, Bytes.of(""), 0, Optional.empty()).steps("web");
    assertThat(steps).noneMatch(Op.Seccomp.class::isInstance).noneMatch(Op.Prctl.class::isInstance);
    assertThat(steps.get(steps.size() - 2)).isEqualTo(Op.closeAllButStdio());
  }

  @Test
  void withoutNoNewPrivilegesTheRightToRestrictItselfLastsUntilTheExec() {
    assertThat(steps(context(1000, false, FILTER)))
        .contains(
            """
              Setresgid[real=1001, effective=1001, saved=1001]
              Prctl[option=8, arg2=1, arg3=0, arg4=0, arg5=0]
              Setresuid[real=1000, effective=1000, saved=1000]
              Capset[effective=2097152, permitted=2097152, inheritable=0]
              Ambient[mask=0]
              Landlock[accesses=24578]
            """)
        .doesNotContain("option=38");
  }

  @Test
  void theLabelIsGivenBeforeDescriptorsAreClosed() {
    Optional<SecurityLabel> label =
        Optional.of(new SecurityLabel(SecurityLabel.Module.SELINUX, "u:r:t:s0"));
    assertThat(steps(context(0, true, true, FILTER, 0, label)))
        .contains(
            """
              WriteProc[path=self/attr/exec, bytes=0x753a723a743a7330]
              CloseRange[first=3, last=4294967295, flags=4]
            """);
  }

  @Test
  void theLabelsTellAUserWhatFailedAndWhatToDo() {
    List<String> labels = new ArrayList<>();
    for (Op op : context(1000, true, FILTER).steps("web")) {
      labels.add(op.label().what() + (op.label().fix().isEmpty() ? "" : " -- " + op.label().fix()));
    }
    assertThat(labels)
        .contains(
            "become user 1000",
            "enter the working directory /srv of app \"web\""
                + " -- choose one that the image holds with --working-dir=DIR",
            "execute \"web\" in app \"web\""
                + " -- name a program that the image holds and can run with --exec=PATH");
  }
}
