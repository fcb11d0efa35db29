package rkt.stage1.run;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.kernel.Capability;
import rkt.kernel.CapabilitySet;
import rkt.kernel.ResourceLimit;
import rkt.kernel.SeccompProfile;
import rkt.spec.ErrorClass;
import rkt.spec.json.JsonObject;
import rkt.stage1.StageException;
import rkt.stage1.pod.PodRecord;

class ConfinementTest {
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

  private static final String RETAIN = "os/linux/capabilities-retain-set";
  private static final String REMOVE = "os/linux/capabilities-remove-set";
  private static final String SECCOMP_RETAIN = "os/linux/seccomp-retain-set";
  private static final String SECCOMP_REMOVE = "os/linux/seccomp-remove-set";

  private static Confinement of(Map<String, String> image, Isolator... user) throws StageException {
    return of(Samples.app(image, user), Set.of(), PodRequest.Network.NONE);
  }

  private static Confinement of(
      AppRequest app, Set<String> insecure, PodRequest.Network network, Isolator... ofPod)
      throws StageException {
    return Confinement.of(app, pod(app, insecure, network, ofPod));
  }

  private static PodRequest pod(
      AppRequest app, Set<String> insecure, PodRequest.Network network, Isolator... isolators) {
    return new PodRequest(
        List.of(app),
        List.of(),
        network,
        Optional.empty(),
        Map.of(),
        Map.of(),
        insecure,
        false,
        List.of(isolators),
        List.of(),
        Metadata.NONE);
  }

  @Test
  void aLabelOfThePodIsThatOfItsAppsAndNothingElseIs() throws Exception {
    AppRequest app = Samples.app(Map.of());
    Isolator label = flag("os/linux/apparmor-profile", "{\"profile\":\"unconfined\"}");
    assertThat(of(app, Set.of(), PodRequest.Network.NONE, label).outcomes()).hasSize(1);
    assertThat(PodConfinement.of(pod(app, Set.of(), PodRequest.Network.NONE, label)).outcomes())
        .isEmpty();
    for (String name : List.of("os/linux/capabilities-retain-set", "example.com/wish")) {
      PodRequest pod = pod(app, Set.of(), PodRequest.Network.NONE, flag(name, "{}"));
      assertThatThrownBy(() -> PodConfinement.of(pod))
          .hasMessageContaining(name)
          .isInstanceOf(StageException.class);
    }
  }

  @Test
  void whatAPodAsksOfTheKernelIsEnforcedAndRecorded() throws Exception {
    PodConfinement confinement =
        PodConfinement.of(
            pod(
                Samples.app(Map.of()),
                Set.of(),
                PodRequest.Network.NONE,
                flag("os/unix/sysctl", "{\"net.core.somaxconn\":\"7\"}"),
                flag("os/linux/procfs", "{\"subset\":\"pid\"}")));

    assertThat(confinement.sysctls()).containsExactly(Map.entry("net/core/somaxconn", "7"));
    assertThat(confinement.procOptions(false)).isEqualTo("subset=pid");
    assertThat(confinement.procOptions(true)).isEqualTo("hidepid=invisible,subset=pid");
    assertThat(confinement.outcomes())
        .extracting(PodRecord.Isolator::outcome)
        .containsExactly("enforced", "enforced");
  }

  private static Isolator flag(String name, String json) {
    return new Isolator(name, json, Isolator.Origin.FLAG);
  }

  private static String set(String... names) {
    return "{\"set\":[\"" + String.join("\",\"", names) + "\"]}";
  }

  @Test
  void withoutIsolatorsAnAppHasTheDefaultsOfTheSpec() throws Exception {
    Confinement confinement = of(Map.of());

    assertThat(confinement.capabilities()).isEqualTo(DEFAULT);
    assertThat(confinement.noNewPrivileges()).isTrue();
    assertThat(confinement.seccomp()).contains(SeccompProfile.standard());
    assertThat(confinement.oomScoreAdj()).isEmpty();
    assertThat(confinement.limits()).isEmpty();
    assertThat(confinement.weakened()).isEmpty();
    assertThat(confinement.outcomes()).isEmpty();
  }

  @Test
  void anImageMayKeepOnlyWhatTheAppcSpecKeeps() throws Exception {
    Confinement kept = of(Map.of(RETAIN, set("CAP_CHOWN", "CAP_NET_RAW")));
    assertThat(kept.capabilities().list()).containsExactly(Capability.CHOWN, Capability.NET_RAW);
    assertThat(kept.outcomes())
        .containsExactly(
            new PodRecord.Isolator(RETAIN, set("CAP_CHOWN", "CAP_NET_RAW"), "enforced"));

    Confinement cut = of(Map.of(RETAIN, set("CAP_SYS_ADMIN", "CAP_KILL", "CAP_MKNOD")));
    assertThat(cut.capabilities().list()).containsExactly(Capability.KILL);
    assertThat(cut.outcomes())
        .containsExactly(
            new PodRecord.Isolator(
                RETAIN,
                set("CAP_SYS_ADMIN", "CAP_KILL", "CAP_MKNOD"),
                "modified",
                "an image is not given CAP_SYS_ADMIN CAP_MKNOD"));
  }

  @Test
  void aUserMayKeepCapabilitiesThatNoImageGetsInPlaceOfWhatTheImageSays() throws Exception {
    Confinement confinement =
        of(Map.of(REMOVE, set("CAP_KILL")), flag(RETAIN, set("CAP_SYS_ADMIN", "CAP_KILL")));

    assertThat(confinement.capabilities().list())
        .containsExactly(Capability.KILL, Capability.SYS_ADMIN);
    assertThat(confinement.outcomes())
        .containsExactly(
            new PodRecord.Isolator(
                REMOVE, set("CAP_KILL"), "modified", "another value wins over it"),
            new PodRecord.Isolator(RETAIN, set("CAP_SYS_ADMIN", "CAP_KILL"), "enforced"));
  }

  @Test
  void whatIsRemovedIsGone() throws Exception {
    assertThat(of(Map.of(REMOVE, set("CAP_SETUID"))).capabilities())
        .isEqualTo(DEFAULT.without(Capability.SETUID));
    assertThat(of(Map.of(), flag(REMOVE, set("CAP_KILL"))).capabilities())
        .isEqualTo(DEFAULT.without(Capability.KILL));
  }

  @Test
  void onTheNetworkOfTheHostNoImageMayListenToOthers() throws Exception {
    AppRequest app = Samples.app(Map.of(RETAIN, set("CAP_NET_RAW", "CAP_KILL")));

    Confinement confinement = of(app, Set.of(), PodRequest.Network.HOST);

    assertThat(confinement.capabilities().list()).containsExactly(Capability.KILL);
    assertThat(confinement.outcomes())
        .extracting(PodRecord.Isolator::outcome)
        .containsExactly("modified");
  }

  @ParameterizedTest
  @CsvSource({
    "os/linux/capabilities-retain-set, os/linux/capabilities-remove-set, CAP_KILL",
    "os/linux/seccomp-retain-set, os/linux/seccomp-remove-set, read"
  })
  void thePairsOfTheSpecExcludeEachOther(String one, String other, String name) {
    Map<String, String> both = new LinkedHashMap<>();
    both.put(one, set(name));
    both.put(other, set(name));

    assertThatThrownBy(() -> of(both))
        .isInstanceOf(StageException.class)
        .hasMessageContaining("exclude each other");
  }

  @Test
  void anImageNarrowsTheFilterAndTheUserReplacesThat() throws Exception {
    Confinement narrow = of(Map.of(SECCOMP_REMOVE, set("chmod")));
    assertThat(narrow.seccomp().orElseThrow().text()).contains("kill chmod");
    assertThat(narrow.outcomes())
        .containsExactly(new PodRecord.Isolator(SECCOMP_REMOVE, set("chmod"), "enforced"));

    Confinement mine =
        of(
            Map.of(SECCOMP_REMOVE, set("chmod")),
            flag(SECCOMP_RETAIN, "{\"set\":[\"read\"],\"errno\":\"EACCES\"}"));
    assertThat(mine.seccomp().orElseThrow().text()).startsWith("otherwise EACCES\n");
    assertThat(mine.outcomes())
        .extracting(PodRecord.Isolator::outcome)
        .containsExactly("modified", "enforced");
  }

  @Test
  void noImageGetsRidOfTheFilterAndAUserWhoDoesIsRecordedToHaveDone() throws Exception {
    Confinement image = of(Map.of(SECCOMP_RETAIN, set("@appc.io/all")));
    assertThat(image.seccomp()).contains(SeccompProfile.standard());
    assertThat(image.weakened()).isEmpty();
    assertThat(image.outcomes().get(0).outcome()).isEqualTo("modified");
    assertThat(image.outcomes().get(0).reason()).isNotEmpty();

    Confinement user = of(Map.of(), flag(SECCOMP_RETAIN, set("@appc.io/all")));
    assertThat(user.seccomp()).isEmpty();
    assertThat(user.weakened()).containsExactly("seccomp");
    assertThat(user.outcomes().get(0).outcome()).isEqualTo("enforced");
  }

  @ParameterizedTest
  @CsvSource({"true, enforced", "false, modified"})
  void noNewPrivilegesIsAlwaysOn(String value, String outcome) throws Exception {
    Confinement confinement = of(Map.of("os/linux/no-new-privileges", value));

    assertThat(confinement.noNewPrivileges()).isTrue();
    assertThat(confinement.outcomes().get(0).outcome()).isEqualTo(outcome);
  }

  @Test
  void anImageIsNotKilledLaterThanItsCallerAndAUserMayAsk() throws Exception {
    int own = OomScore.own();

    Confinement later = of(Map.of("os/linux/oom-score-adj", Integer.toString(own - 1)));
    assertThat(later.oomScoreAdj()).hasValue(own);
    assertThat(later.outcomes().get(0).outcome()).isEqualTo("modified");

    Confinement sooner = of(Map.of("os/linux/oom-score-adj", "1000"));
    assertThat(sooner.oomScoreAdj()).hasValue(1000);
    assertThat(sooner.outcomes().get(0).outcome()).isEqualTo("enforced");

    assertThat(of(Map.of(), flag("os/linux/oom-score-adj", "-1000")).oomScoreAdj()).hasValue(-1000);
  }

  @Test
  void limitsOfResourcesAreCutForAnImageAndAsAskedForAUser() throws Exception {
    String json = "{\"nofile\":{\"soft\":\"512\",\"hard\":\"unlimited\"}}";

    Confinement image = of(Map.of("os/linux/rlimits", json));
    assertThat(image.limits())
        .hasEntrySatisfying(
            ResourceLimit.OPEN_FILES,
            limit -> {
              assertThat(limit.soft()).isEqualTo(512);
              assertThat(limit.hard()).isBetween(512L, 65_536L);
            });
    assertThat(image.outcomes().get(0).outcome()).isEqualTo("modified");

    Confinement user = of(Map.of(), flag("os/linux/rlimits", json));
    assertThat(user.limits())
        .containsExactly(
            Map.entry(
                ResourceLimit.OPEN_FILES, new ResourceLimit.Value(512, ResourceLimit.UNLIMITED)));
  }

  @Test
  void aMissingProfileOfAppArmorIsRefusedWhoeverAsksForIt() {
    String json = "{\"profile\":\"no-such-profile\"}";

    assertThatThrownBy(() -> of(Map.of("os/linux/apparmor-profile", json)))
        .isInstanceOf(StageException.class)
        .hasMessageContaining("no-such-profile");
    assertThatThrownBy(() -> of(Map.of(), flag("os/linux/apparmor-profile", json)))
        .isInstanceOf(StageException.class)
        .hasMessageContaining("no-such-profile");
  }

  @Test
  void aUserMayHaveNoProfileAndAnImageMayNot() throws Exception {
    String json = "{\"profile\":\"unconfined\"}";

    assertThat(of(Map.of(), flag("os/linux/apparmor-profile", json)).outcomes().get(0).outcome())
        .isEqualTo("enforced");
    assertThat(of(Map.of("os/linux/apparmor-profile", json)).outcomes().get(0).outcome())
        .isEqualTo("ignored");
  }

  @Test
  void profilesAreFoundByTheirWholeName(@TempDir Path directory) throws Exception {
    profile(directory.resolve("usr.sbin.ntpd.7"), "/usr/sbin/ntpd");
    Path parent = profile(directory.resolve("rkt-x.12"), "rkt-x");
    profile(parent.resolve("profiles/child.13"), "child");
    Files.createDirectories(directory.resolve("gone.3"));

    for (String name : List.of("/usr/sbin/ntpd", "rkt-x", "rkt-x//child")) {
      assertThat(SecurityLabel.appArmor(name).isLoaded(directory)).as(name).isTrue();
    }
    for (String name :
        List.of("/usr/sbin/ntp", "usr.sbin.ntpd", "rkt", "child", "rkt-x//", "x//child", "gone")) {
      assertThat(SecurityLabel.appArmor(name).isLoaded(directory)).as(name).isFalse();
    }
    assertThat(SecurityLabel.appArmor("x").isLoaded(directory.resolve("none"))).isFalse();
  }

  private static Path profile(Path directory, String name) throws Exception {
    Files.createDirectories(directory);
    Files.writeString(directory.resolve("name"), name + "\n");
    return directory;
  }

  @Test
  void aContextOfSeLinuxIsWrittenAsTheKernelReadsIt() throws Exception {
    String json =
        "{\"user\":\"system_u\",\"role\":\"system_r\",\"type\":\"rkt_t\",\"level\":\"s0:c1,c2\"}";
    SecurityLabel label =
        SecurityLabel.selinux(JsonObject.parse(json.getBytes(US_ASCII), "context"));

    assertThat(label.command()).isEqualTo("system_u:system_r:rkt_t:s0:c1,c2");
    assertThat(label.file()).isEqualTo("self/attr/exec");
  }

  @Test
  void whatIsNotKnownIsIgnoredAndSaidButRefusedIfAUserAsks() throws Exception {
    assertThat(of(Map.of("io.systemd.property.x", "\"/bin/sh\"")).outcomes())
        .containsExactly(
            new PodRecord.Isolator(
                "io.systemd.property.x", "\"/bin/sh\"", "ignored", "it is not known"));
    assertThat(of(Map.of("os/unix/sysctl", "{}")).outcomes().get(0).outcome()).isEqualTo("ignored");
    assertThatThrownBy(() -> of(Map.of(), flag("example.com/wish", "1")))
        .hasMessage("there is no isolator example.com/wish to enforce")
        .isInstanceOfSatisfying(
            StageException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.RUN));
  }

  @Test
  void whatOptionsSwitchOffIsOff() throws Exception {
    Confinement confinement =
        of(
            Samples.app(Map.of()),
            Set.of("capabilities", "seccomp", "no-new-privileges"),
            PodRequest.Network.NONE);

    assertThat(confinement.capabilities()).isEqualTo(CapabilitySet.of(Capability.values()));
    assertThat(confinement.seccomp()).isEmpty();
    assertThat(confinement.noNewPrivileges()).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "os/linux/capabilities-retain-set|{\"set\":[\"CAP_FLY\"]}",
        "os/linux/capabilities-remove-set|{\"set\":\"CAP_KILL\"}",
        "os/linux/seccomp-retain-set|{\"set\":[\"@systemd/none\"]}",
        "os/linux/seccomp-remove-set|{\"set\":[\"read\"],\"errno\":\"EWRONG\"}",
        "os/linux/seccomp-remove-set|{\"set\":[\"read\\nallow mount\"]}",
        "os/linux/no-new-privileges|\"yes\"",
        "os/linux/oom-score-adj|1001",
        "os/linux/oom-score-adj|\"much\"",
        "os/linux/rlimits|{\"speed\":{\"soft\":\"1\",\"hard\":\"1\"}}",
        "os/linux/rlimits|{\"core\":{\"soft\":\"2\",\"hard\":\"1\"}}",
        "os/linux/rlimits|{\"core\":{\"soft\":\"-1\",\"hard\":\"1\"}}",
        "os/linux/selinux-context|{\"user\":\"u\"}",
        "os/linux/apparmor-profile|{\"profile\":\"two words\"}",
      })
  void nonsenseFromAnImageIsRefusedWithTheNameOfTheIsolator(String name, String value) {
    assertThatThrownBy(() -> of(Map.of(name, value)))
        .hasMessageContaining(name)
        .isInstanceOfSatisfying(
            StageException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.RUN));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "mode=retain",
        "retain,read",
        "mode=keep,read",
        "mode=remove,errno=EX,read",
        "mode=remove,@docker/x",
        "mode=remove,no_such_call",
        "mode=remove,read,,write"
      })
  void nonsenseInSeccompIsAnErrorOfUsage(String text) {
    assertThatThrownBy(() -> Seccomp.parse(text))
        .isInstanceOfSatisfying(
            StageException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.USAGE));
  }

  @Test
  void seccompIsReadInAnyOrder() throws Exception {
    Isolator isolator = Seccomp.parse("read,errno=EPERM,@docker/default-whitelist,mode=retain");

    assertThat(isolator.name()).isEqualTo(SECCOMP_RETAIN);
    assertThat(isolator.json())
        .isEqualTo("{\"set\":[\"read\",\"@docker/default-whitelist\"],\"errno\":\"EPERM\"}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"nofile", "nofile=", "files=1", "nofile=2:1", "nofile=-1", "nofile=1:x", "=1"})
  void nonsenseInRlimitIsAnErrorOfUsage(String text) {
    assertThatThrownBy(() -> Rlimits.parse(List.of(text)))
        .isInstanceOfSatisfying(
            StageException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.USAGE));
  }

  @Test
  void limitsAreReadByTheirNamesInAnySpelling() throws Exception {
    assertThat(Rlimits.parse(List.of("RLIMIT_NOFILE=10:20", "core=unlimited")).json())
        .isEqualTo(
            "{\"nofile\":{\"soft\":\"10\",\"hard\":\"20\"},"
                + "\"core\":{\"soft\":\"unlimited\",\"hard\":\"unlimited\"}}");
  }
}
