package rkt.stage1.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import rkt.kernel.Capability;
import rkt.kernel.CapabilitySet;
import rkt.spec.ErrorClass;
import rkt.stage1.StageException;
import rkt.stage1.pod.PodRecord;

class IsolationTest {
  private static final CapabilitySet DEFAULT =
      CapabilitySet.of(
          Capability.CHOWN,
          Capability.DAC_OVERRIDE,
          Capability.FOWNER,
          Capability.FSETID,
          Capability.KILL,
          Capability.SETGID,
          Capability.SETUID,
          Capability.NET_BIND_SERVICE);

  private static Isolation of(String name, String value) throws StageException {
    return Isolation.of(Samples.app(Map.of(name, value)), Set.of(), PodRequest.Network.NONE);
  }

  private static List<PodRecord.Isolator> recorded(String name, String value, String outcome) {
    return List.of(new PodRecord.Isolator(name, value, outcome));
  }

  @Test
  void withoutIsolatorsAnAppHasTheDefaultsOfTheSpec() throws Exception {
    Isolation isolation = Isolation.of(Samples.app(Map.of()), Set.of(), PodRequest.Network.NONE);
    assertThat(isolation.capabilities()).isEqualTo(DEFAULT);
    assertThat(isolation.noNewPrivileges()).isTrue();
    assertThat(isolation.outcomes()).isEmpty();
  }

  private static Isolator flag(String name, String json) {
    return new Isolator(name, json, Isolator.Origin.FLAG);
  }

  @Test
  void aUserMayKeepCapabilitiesThatNoImageGets() throws Exception {
    Isolation isolation =
        Isolation.of(
            Samples.app(
                Map.of("os/linux/capabilities-remove-set", "{\"set\":[\"CAP_KILL\"]}"),
                flag("os/linux/capabilities-retain-set", "{\"set\":[\"CAP_SYS_ADMIN\"]}")),
            Set.of(),
            PodRequest.Network.HOST);
    assertThat(isolation.capabilities().list()).containsExactly(Capability.SYS_ADMIN);
    assertThat(isolation.outcomes())
        .extracting(PodRecord.Isolator::outcome)
        .containsExactly("enforced", "enforced");
  }

  @Test
  void whatAUserAsksForAndNobodyKnowsIsRefused() {
    assertThatThrownBy(() ->
            Isolation.of(
                Samples.app(Map.of(), flag("example.com/wish", "1")),
                Set.of(),
                PodRequest.Network.NONE))
        .hasMessage("there is no isolator example.com/wish to enforce")
        .isInstanceOfSatisfying(
            StageException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.RUN));
  }

  @Test
  void anImageMayKeepOnlyWhatTheAppcSpecKeeps() throws Exception {
    String harmless = "{\"set\":[\"CAP_CHOWN\",\"CAP_NET_RAW\"]}";
    Isolation kept = of("os/linux/capabilities-retain-set", harmless);
    assertThat(kept.capabilities())
        .isEqualTo(CapabilitySet.of(Capability.CHOWN, Capability.NET_RAW));
    assertThat(kept.outcomes())
        .isEqualTo(recorded("os/linux/capabilities-retain-set", harmless, "enforced"));

    String greedy = "{\"set\":[\"CAP_SYS_ADMIN\",\"CAP_KILL\"]}";
    Isolation cut = of("os/linux/capabilities-retain-set", greedy);
    assertThat(cut.capabilities()).isEqualTo(CapabilitySet.of(Capability.KILL));
    assertThat(cut.outcomes())
        .isEqualTo(recorded("os/linux/capabilities-retain-set", greedy, "modified"));
  }

  @Test
  void whatAnImageRemovesIsGone() throws Exception {
    Isolation isolation = of("os/linux/capabilities-remove-set", "{\"set\":[\"CAP_SETUID\"]}");
    assertThat(isolation.capabilities()).isEqualTo(DEFAULT.without(Capability.SETUID));
  }

  @ParameterizedTest
  @CsvSource({"true, enforced", "false, modified"})
  void noNewPrivilegesIsAlwaysOn(String value, String outcome) throws Exception {
    Isolation isolation = of("os/linux/no-new-privileges", value);
    assertThat(isolation.noNewPrivileges()).isTrue();
    assertThat(isolation.outcomes())
        .isEqualTo(recorded("os/linux/no-new-privileges", value, outcome));
  }

  @Test
  void whatIsNotKnownIsIgnoredAndSaid() throws Exception {
    Isolation isolation = of("io.systemd.property.x", "\"/bin/sh\"");
    assertThat(isolation.outcomes())
        .isEqualTo(recorded("io.systemd.property.x", "\"/bin/sh\"", "ignored"));
  }

  @Test
  void allCapabilitiesTakeAFlag() throws Exception {
    Isolation isolation =
        Isolation.of(
            Samples.app(Map.of()), Set.of("capabilities", "seccomp"), PodRequest.Network.NONE);
    assertThat(isolation.capabilities()).isEqualTo(CapabilitySet.of(Capability.values()));
    assertThat(isolation.noNewPrivileges()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "os/linux/capabilities-retain-set|{\"set\":[\"CAP_FLY\"]}",
        "os/linux/capabilities-remove-set|{\"set\":\"CAP_KILL\"}",
        "os/linux/no-new-privileges|\"yes\"",
      })
  void nonsenseFromAnImageIsRefusedWithTheNameOfTheIsolator(String name, String value) {
    assertThatThrownBy(() -> of(name, value))
        .hasMessageContaining(name)
        .isInstanceOfSatisfying(
            StageException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.RUN));
  }

  @Test
  void onTheNetworkOfTheHostNoImageMayListenToOthers() throws Exception {
    AppRequest app =
        Samples.app(
            Map.of("os/linux/capabilities-retain-set", "{\"set\":[\"CAP_NET_RAW\",\"CAP_KILL\"]}"));
    assertThat(Isolation.of(app, Set.of(), PodRequest.Network.NONE).capabilities().list())
        .containsExactly(Capability.KILL, Capability.NET_RAW);
    Isolation onHost = Isolation.of(app, Set.of(), PodRequest.Network.HOST);
    assertThat(onHost.capabilities().list()).containsExactly(Capability.KILL);
    assertThat(onHost.outcomes())
        .extracting(PodRecord.Isolator::outcome)
        .containsExactly("modified");
  }
}
