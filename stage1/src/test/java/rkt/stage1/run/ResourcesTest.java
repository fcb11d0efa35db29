package rkt.stage1.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import rkt.kernel.Cgroup;
import rkt.kernel.CgroupLayout;
import rkt.kernel.Disk;
import rkt.kernel.HostMemory;
import rkt.spec.ErrorClass;
import rkt.stage1.StageException;
import rkt.stage1.pod.PodRecord;

/** Limits of an app in a group of version 2, which ordinary files stand in for. */
class ResourcesTest {
  private static final PodRecord.Isolator USUAL_PIDS =
      new PodRecord.Isolator("resource/pids", "{\"limit\":\"1024\"}", "enforced");

  /** What a group cannot do without: a host that has no control groups at all. */
  private final Cgroup nowhere =
      Cgroup.at(new CgroupLayout(List.of(), null), List.of("/sys/fs/cgroup/x"));

  @TempDir private Path root;
  private Path files = Path.of("/");
  private Cgroup group = nowhere;

  @BeforeEach
  void makeGroup() throws Exception {
    files = Files.createDirectories(root.resolve("rkt/pod"));
    for (Path directory : List.of(root, root.resolve("rkt"), files)) {
      Files.writeString(directory.resolve("cgroup.controllers"), "cpu io memory pids\n");
      Files.createFile(directory.resolve("cgroup.subtree_control"));
    }
    for (String file :
        List.of("memory.max", "memory.low", "cpu.max", "cpu.weight", "pids.max", "io.max")) {
      Files.createFile(files.resolve(file));
    }
    var hierarchy = new CgroupLayout.Hierarchy(root.toString(), true, List.of(), "");
    group = Cgroup.create(new CgroupLayout(List.of(hierarchy), hierarchy), "rkt/pod");
  }

  private static Resources of(AppRequest app) throws StageException {
    return Resources.ofApp(app, "/var/tmp");
  }

  private static Resources ofImage(String name, String value) throws StageException {
    return of(Samples.app(Map.of(name, value)));
  }

  private static Isolator flag(String name, String json) {
    return new Isolator(name, json, Isolator.Origin.FLAG);
  }

  private static PodRecord.Isolator recorded(String name, String value, String outcome) {
    return new PodRecord.Isolator(name, value, outcome);
  }

  private String written(String file) throws IOException {
    return Files.readString(files.resolve(file));
  }

  @Test
  void withoutIsolatorsAnAppHasALimitOfProcessesAlone() throws Exception {
    assertThat(of(Samples.app(Map.of())).set(group)).containsExactly(USUAL_PIDS);
    assertThat(written("pids.max")).isEqualTo("1024");
    assertThat(written("memory.max")).isEmpty();
    assertThat(written("cpu.max")).isEmpty();
  }

  @Test
  void theLimitsOfTheImageAreSet() throws Exception {
    Map<String, String> isolators = new LinkedHashMap<>();
    isolators.put("resource/memory", "{\"limit\":\"64Mi\"}");
    isolators.put("resource/cpu", "{\"request\":0.5,\"limit\":\"2\"}");
    isolators.put("resource/pids", "{\"limit\":7}");
    assertThat(of(Samples.app(isolators)).set(group))
        .containsExactly(
            recorded("resource/memory", "{\"limit\":\"64Mi\"}", "enforced"),
            recorded("resource/cpu", "{\"request\":0.5,\"limit\":\"2\"}", "enforced"),
            recorded("resource/pids", "{\"limit\":7}", "enforced"));
    assertThat(written("memory.max")).isEqualTo("67108864");
    assertThat(written("cpu.max")).isEqualTo("200000 100000");
    assertThat(written("cpu.weight")).isEqualTo("20"); // 512 shares
    assertThat(written("pids.max")).isEqualTo("7");
  }

  @Test
  void theGroupOfThePodAsksForTheMemoryThatItsAppsAskFor() throws Exception {
    Resources first = ofImage("resource/memory", "{\"request\":\"3Mi\",\"limit\":\"64Mi\"}");
    Resources second = ofImage("resource/memory", "{\"request\":\"2Mi\"}");
    Resources none = ofImage("resource/memory", "{\"limit\":\"64Mi\"}");
    Resources pod = Resources.ofPod(pod(), "/var/tmp");

    pod.passOnMemoryOf(List.of(none));
    pod.set(group);
    assertThat(written("memory.low")).isEmpty();
    pod.passOnMemoryOf(List.of(first, second, none));
    List<PodRecord.Isolator> outcomes = pod.set(group);

    assertThat(written("memory.low")).isEqualTo(Integer.toString(5 << 20));
    assertThat(outcomes).as("nobody asked the pod").hasSize(1);
  }

  @Test
  void aPodThatAsksForMemoryItselfKeepsToThat() throws Exception {
    Isolator own = flag("resource/memory", "{\"request\":\"1Mi\",\"limit\":\"64Mi\"}");
    Resources pod = Resources.ofPod(pod(own), "/var/tmp");

    pod.passOnMemoryOf(List.of(ofImage("resource/memory", "{\"request\":\"3Mi\"}")));
    pod.set(group);

    assertThat(written("memory.low")).isEqualTo(Integer.toString(1 << 20));
  }

  @Test
  void sharesWinOverTheRequestOfProcessors() throws Exception {
    Map<String, String> isolators = new LinkedHashMap<>();
    isolators.put("os/linux/cpu-shares", "262144");
    isolators.put("resource/cpu", "{\"request\":\"500m\",\"limit\":\"1\"}");
    of(Samples.app(isolators)).set(group);
    assertThat(written("cpu.weight")).isEqualTo("10000");
  }

  @Test
  void theCommandLineWinsOverTheImageAndBothAreRecorded() throws Exception {
    List<PodRecord.Isolator> outcomes =
        of(Samples.app(
                Map.of("resource/memory", "{\"limit\":\"64Mi\"}"),
                flag("resource/memory", "{\"limit\":\"1Mi\"}")))
            .set(group);
    assertThat(outcomes)
        .containsExactly(
            new PodRecord.Isolator(
                "resource/memory",
                "{\"limit\":\"64Mi\"}",
                "modified",
                "another value wins over it"),
            recorded("resource/memory", "{\"limit\":\"1Mi\"}", "enforced"),
            USUAL_PIDS);
    assertThat(written("memory.max")).isEqualTo("1048576");
  }

  @Test
  void anImageGetsNoMoreProcessesThanUsualButAUserDoes() throws Exception {
    assertThat(ofImage("resource/pids", "{\"limit\":\"5000\"}").set(group))
        .containsExactly(
            new PodRecord.Isolator(
                "resource/pids",
                "{\"limit\":\"5000\"}",
                "modified",
                "an image is given no more than 1024 processes"));
    assertThat(written("pids.max")).isEqualTo("1024");

    of(Samples.app(Map.of(), flag("resource/pids", "{\"limit\":\"5000\"}"))).set(group);
    assertThat(written("pids.max")).isEqualTo("5000");
  }

  @Test
  void trafficIsLimitedOnTheDiskThatIsNamedOrElseOnThatOfTheDataDirectory() throws Exception {
    Optional<Disk> found = Disk.of("/var/tmp");
    Resources image = ofImage("resource/block-bandwidth", "{\"default\":true,\"limit\":\"2M\"}");
    PodRecord.Isolator outcome = image.set(group).get(0);
    if (found.isEmpty()) { // a container, whose files lie on no disk of its own
      assertThat(outcome.outcome()).isEqualTo("ignored");
      return;
    }
    assertThat(controllers(image)).containsOnly("blkio");
    String disk = found.get().toString();
    assertThat(outcome.outcome()).isEqualTo("modified");
    assertThat(outcome.reason()).contains("alone");
    assertThat(written("io.max")).isEqualTo(disk + " wbps=2000000"); // after that for reading

    Files.writeString(files.resolve("io.max"), "");
    String asked = "{\"default\":true,\"read\":\"300\",\"device\":\"/var/tmp\"}";
    assertThat(of(Samples.app(Map.of(), flag("resource/block-iops", asked))).set(group))
        .contains(recorded("resource/block-iops", asked, "enforced"));
    assertThat(written("io.max")).isEqualTo(disk + " riops=300");
  }

  @Test
  void aLimitOfTrafficTakesAGroupOfVersion2() throws Exception {
    String limit = "{\"default\":true,\"limit\":\"1M\"}";
    Resources image = ofImage("resource/network-bandwidth", limit);
    assertThat(controllers(image)).containsExactly("programs");
    assertThat(controllers(of(Samples.app(Map.of())))).isEmpty();

    var legacy = new CgroupLayout.Hierarchy(root.toString(), false, List.of("memory"), "");
    Cgroup old = Cgroup.at(new CgroupLayout(List.of(legacy), legacy), "rkt/pod");
    assertThat(image.set(old))
        .contains(
            new PodRecord.Isolator(
                "resource/network-bandwidth",
                limit,
                "ignored",
                "no cgroup hierarchy of version 2 is mounted for writing"));
  }

  @Test
  void whoCanSetUpTheNetworkCanGetRoundALimitOfTraffic() throws Exception {
    List<PodRecord.Isolator> outcomes =
        List.of(
            recorded("resource/network-bandwidth", "1", "enforced"),
            recorded("resource/pids", "2", "enforced"));
    assertThat(heldBy(outcomes)).isEqualTo(outcomes);
    String raw = "{\"set\":[\"CAP_NET_RAW\"]}";
    assertThat(heldBy(outcomes, flag("os/linux/capabilities-retain-set", raw))).isEqualTo(outcomes);

    String admin = "{\"set\":[\"CAP_NET_ADMIN\"]}";
    assertThat(heldBy(outcomes, flag("os/linux/capabilities-retain-set", admin)))
        .containsExactly(
            new PodRecord.Isolator(
                "resource/network-bandwidth",
                "1",
                "modified",
                "an app with CAP_NET_ADMIN can send and receive past it"),
            outcomes.get(1));
    assertThat(
            heldBy(
                outcomes,
                flag("os/linux/capabilities-retain-set", raw),
                flag("os/linux/seccomp-retain-set", "{\"set\":[\"@appc.io/all\"]}")))
        .extracting(PodRecord.Isolator::outcome)
        .containsExactly("modified", "enforced");
  }

  private static List<PodRecord.Isolator> heldBy(
      List<PodRecord.Isolator> outcomes, Isolator... isolators) throws StageException {
    AppRequest app = Samples.app(Map.of(), isolators);
    return Resources.asHeld(outcomes, Confinement.of(app, pod()));
  }

  private static List<String> controllers(Resources resources) {
    List<String> controllers = new ArrayList<>();
    resources.addControllers(controllers);
    return controllers;
  }

  @Test
  void aPodHasThreeQuartersOfTheMemoryUnlessItIsGivenLess() throws Exception {
    List<PodRecord.Isolator> usual = Resources.ofPod(pod(), "/").set(group);
    assertThat(usual).hasSize(1);
    assertThat(usual.get(0).outcome()).isEqualTo("enforced");
    long host = HostMemory.bytes();
    assertThat(Long.parseLong(written("memory.max"))).isBetween(host / 4 * 3 - 4, host / 4 * 3);

    Files.writeString(files.resolve("memory.max"), "");
    Isolator given =
        new Isolator("resource/memory", "{\"limit\":\"1Mi\"}", Isolator.Origin.MANIFEST);
    assertThat(Resources.ofPod(pod(given), "/").set(group))
        .containsExactly(recorded("resource/memory", "{\"limit\":\"1Mi\"}", "enforced"));
    assertThat(written("memory.max")).isEqualTo("1048576");
  }

  private static PodRequest pod(Isolator... isolators) {
    return new PodRequest(
        List.of(Samples.app(Map.of())),
        List.of(),
        PodRequest.Network.NONE,
        Optional.empty(),
        Map.of(),
        Map.of(),
        Set.of(),
        false,
        List.of(isolators),
        List.of(),
        Metadata.NONE);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "resource/memory|{\"limit\":\"64Mi\"}|no cgroup hierarchy is mounted for writing",
        "resource/network-bandwidth|{\"default\":true,\"limit\":\"1M\"}|no cgroup hierarchy is mounted"
            + " for writing",
        "resource/block-iops|{\"limit\":\"9\",\"device\":\"/proc\"}|/proc is on no disk whose"
            + " traffic the kernel counts",
        "resource/dreams|{}|there is no such isolator",
      })
  void whatCannotBeEnforcedIsIgnoredForAnImageAndRefusedToAUser(
      String name, String value, String reason) throws Exception {
    assertThat(ofImage(name, value).set(nowhere))
        .contains(new PodRecord.Isolator(name, value, "ignored", reason));
    Resources asked = of(Samples.app(Map.of(), flag(name, value)));
    assertThatThrownBy(() -> asked.set(nowhere))
        .hasMessageStartingWith("cannot limit the ")
        .hasMessageEndingWith(" of app \"web\": " + reason)
        .isInstanceOfSatisfying(
            StageException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.RUN));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "resource/memory|{\"limit\":\"much\"}",
        "resource/memory|{}",
        "resource/memory|\"64Mi\"",
        "resource/cpu|{\"limit\":\"0\"}",
        "resource/cpu|{\"limit\":\"1e999999999\"}",
        "resource/cpu|{\"limit\":[1]}",
        "os/linux/cpu-shares|1",
        "os/linux/cpu-shares|\"1024\"",
        "resource/pids|{\"limit\":\"-1\"}",
        "resource/block-iops|{\"default\":true}",
        "resource/network-bandwidth|{\"default\":true}",
        "resource/network-bandwidth|{\"default\":false,\"limit\":\"1M\"}",
        "resource/network-bandwidth|{\"default\":true,\"limit\":\"0\"}",
      })
  void nonsenseFromAnImageIsRefusedWithTheNameOfTheIsolator(String name, String value) {
    assertThatThrownBy(() -> ofImage(name, value))
        .hasMessageContaining(name)
        .isInstanceOfSatisfying(
            StageException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.RUN));
  }
}
