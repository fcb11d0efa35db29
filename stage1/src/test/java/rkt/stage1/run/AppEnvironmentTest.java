package rkt.stage1.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AppEnvironmentTest {
  private static final ImageUsers.Identity NOBODY =
      new ImageUsers.Identity(7, 7, List.of(), "", "/", "");
  private static final ImageUsers.Identity ALICE =
      new ImageUsers.Identity(1000, 1000, List.of(), "alice", "/home/alice", "/bin/ash");

  @Test
  void anEmptyImageGetsTheDefaultsAlone() {
    assertThat(
            AppEnvironment.lines(
                AppEnvironment.of(
                    "web", NOBODY, Map.of(), Map.of(), Map.of(), Map.of(), "", false)))
        .containsExactly(
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME=/",
            "AC_APP_NAME=web",
            "container=rkt");
  }

  @Test
  void aKnownUserAndATerminalAddTheirs() {
    assertThat(
            AppEnvironment.lines(
                AppEnvironment.of(
                    "web", ALICE, Map.of(), Map.of(), Map.of(), Map.of(), "xterm", false)))
        .containsExactly(
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME=/home/alice",
            "USER=alice",
            "LOGNAME=alice",
            "SHELL=/bin/ash",
            "TERM=xterm",
            "AC_APP_NAME=web",
            "container=rkt");
  }

  @Test
  void theAppWinsOverThePodAndThePodOverTheImageAndTheImageOverTheCaller() {
    Map<String, String> environment =
        AppEnvironment.of(
            "web",
            ALICE,
            Map.of("PATH", "/caller", "A", "caller", "D", "caller", "HOME", "/caller"),
            Map.of("PATH", "/image", "A", "image", "B", "image"),
            Map.of("A", "pod", "B", "pod", "C", "pod"),
            Map.of("A", "app"),
            "xterm",
            false);
    assertThat(environment)
        .containsEntry("PATH", "/image")
        .containsEntry("HOME", "/caller")
        .containsEntry("D", "caller")
        .containsEntry("A", "app")
        .containsEntry("B", "pod")
        .containsEntry("C", "pod");
  }

  @Test
  void nobodyOverridesWhatTheExecutorPromises() {
    Map<String, String> lie = Map.of("AC_APP_NAME", "other", "container", "docker");
    assertThat(AppEnvironment.of("web", NOBODY, lie, lie, lie, lie, "", false))
        .containsEntry("AC_APP_NAME", "web")
        .containsEntry("container", "rkt");
  }

  @Test
  void theSocketOfTheCallerIsNeverTheApps() {
    Map<String, String> callers = Map.of("NOTIFY_SOCKET", "@/run/manager", "A", "b");
    assertThat(AppEnvironment.of("web", NOBODY, callers, Map.of(), Map.of(), Map.of(), "", false))
        .containsEntry("A", "b")
        .doesNotContainKey("NOTIFY_SOCKET");
    assertThat(AppEnvironment.of("web", NOBODY, callers, callers, callers, callers, "", true))
        .containsEntry("NOTIFY_SOCKET", "/dev/notify");
    Map<String, String> own = Map.of("NOTIFY_SOCKET", "/run/own");
    assertThat(AppEnvironment.of("web", NOBODY, callers, own, Map.of(), Map.of(), "", false))
        .containsEntry("NOTIFY_SOCKET", "/run/own");
  }
}
