package rkt.tests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Pods of several apps: what they share, what they do not, and how they end together. */
@Tag("privileged")
class PodsIT extends PodTests {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** The words that run a script for each of the apps, which are called a, b, c and so on. */
  private String[] apps(List<String> flags, String... scripts) {
    List<String> words = new ArrayList<>(List.of("run"));
    words.addAll(flags);
    for (int i = 0; i < scripts.length; i++) {
      words.addAll(List.of(image, "--name=" + (char) ('a' + i), "--", "-c", scripts[i], "---"));
    }
    return words.toArray(new String[0]);
  }

  /** Runs them, and gives the UUID of the pod that ended with {@code status}. */
  private String ended(int status, String... scripts) throws IOException, InterruptedException {
    Path file = rkt.home().resolve("uuid-" + System.nanoTime());
    Result result =
        rkt.run(
            apps(
                List.of(
                    "--uuid-file-save=" + file,
                    "--volume=v,kind=empty",
                    "--mount=volume=v,target=/shared"),
                scripts));
    assertThat(result.status()).as("%s", result).isEqualTo(status);
    return Files.readString(file).strip();
  }

  private Map<String, String> status(String uuid) throws IOException, InterruptedException {
    Map<String, String> values = new TreeMap<>();
    for (String line : rkt.ok("status", uuid).lines()) {
      values.put(line.substring(0, line.indexOf('=')), line.substring(line.indexOf('=') + 1));
    }
    return values;
  }

  @Test
  void appsShareThePodsNamespacesAndEachHasARootAndControlGroupsOfItsOwn() throws Exception {
    String look =
        "for n in pid net ipc uts mnt cgroup; do readlink /proc/self/ns/$n; done >/here;"
            + " hostname >>/here; cat /here";
    Result result =
        rkt.ok(
            apps(
                List.of("--volume=v,kind=empty", "--mount=volume=v,target=/shared"),
                look + "; echo --; while [ ! -e /shared/b ]; do sleep 0.01; done; cat /shared/b",
                look + " >/shared/b.new; ln /shared/b.new /shared/b"));
    List<String> lines = result.lines();
    assertThat(lines).hasSize(15).element(7).isEqualTo("--");
    List<String> a = lines.subList(0, 7);
    List<String> b = lines.subList(8, 15);
    assertThat(a.subList(0, 4)).as("pid, net, ipc, uts").isEqualTo(b.subList(0, 4));
    assertThat(a.get(4)).as("mnt").startsWith("mnt:").isNotEqualTo(b.get(4));
    assertThat(a.get(5)).as("cgroup").startsWith("cgroup:").isNotEqualTo(b.get(5));
    assertThat(a.get(6)).as("host name").isEqualTo(b.get(6));
  }

  @Test
  void thePodEndsWhenAllItsAppsHaveEnded() throws Exception {
    String uuid = ended(0, "true", "sleep 0.2; echo last");

    assertThat(status(uuid))
        .containsEntry("state", "exited")
        .containsEntry("app-a", "0")
        .containsEntry("app-b", "0");
  }

  @Test
  void whenOneAppFailsTheOthersGetTheirStopSignalAndThePodItsStatus() throws Exception {
    String uuid =
        ended(
            7,
            "trap 'exit 5' TERM; echo >/shared/up; while true; do sleep 0.05; done",
            "while [ ! -e /shared/up ] || [ ! -e /shared/c ]; do sleep 0.05; done; exit 7",
            "echo >/shared/c; sleep 1000");

    assertThat(status(uuid))
        .containsEntry("app-a", "5")
        .containsEntry("app-b", "7")
        .containsEntry("app-c", "143");
  }

  @Test
  void anAppThatCannotBeStartedEndsThePod() throws Exception {
    Result result =
        rkt.run(
            "run",
            image,
            "--name=a",
            "--",
            "-c",
            "sleep 1000",
            "---",
            image,
            "--name=b",
            "--exec=/nowhere");

    assertThat(result.status()).isEqualTo(254);
    assertThat(result.err()).contains("/nowhere").contains("app \"b\"");
  }

  @Test
  void appsAreCalledLikeTheirImagesAndNoTwoAlike() throws Exception {
    assertThat(rkt.ok("run", image, "--", "-c", "echo $AC_APP_NAME").out()).isEqualTo("busybox\n");
    assertThat(rkt.refuses("usage", "run", image, image).err())
        .contains("two apps of the pod are called \"busybox\"");
    assertThat(
            rkt.ok(
                    "run",
                    image,
                    "--name=one",
                    "--",
                    "-c",
                    "echo $AC_APP_NAME >/dev/null",
                    "---",
                    image,
                    "--",
                    "-c",
                    "echo $AC_APP_NAME")
                .out())
        .isEqualTo("busybox\n");
  }

  @Test
  void listAndStatusShowEveryApp() throws Exception {
    String uuid = ended(3, "true", "exit 3");

    JsonNode pod = JSON.readTree(rkt.ok("status", "--format=json", uuid).out());
    List<String> apps = new ArrayList<>();
    for (JsonNode app : pod.get("apps")) {
      apps.add(app.get("name").asText() + "=" + app.get("exit_code").asInt());
    }
    assertThat(apps).containsExactly("a=0", "b=3");
    List<String> rows = new ArrayList<>();
    for (String line : rkt.ok("list", "--full", "--no-legend").lines()) {
      if (line.startsWith(uuid) || (!rows.isEmpty() && line.startsWith(" "))) {
        rows.add(line);
      } else if (!rows.isEmpty()) {
        break;
      }
    }
    assertThat(rows).hasSize(2);
    assertThat(rows.get(0)).startsWith(uuid + "  a");
    assertThat(rows.get(1).strip()).startsWith("b ");
  }

  @Test
  void oneAppOfSeveralIsEnteredByItsName() throws Exception {
    String uuidFile = rkt.home().resolve("uuid-enter").toString();
    try (Running running =
        rkt.pod(
            "ready",
            apps(
                List.of("--uuid-file-save=" + uuidFile),
                "echo a >/name; sleep 1000",
                "echo b >/name; echo ready; sleep 1000"))) {
      String uuid = Files.readString(Path.of(uuidFile)).strip();
      assertThat(rkt.refuses("usage", "enter", uuid, "true").err()).contains("--app=");
      assertThat(rkt.ok("enter", "--app=b", uuid, "cat", "/name").out()).isEqualTo("b\n");
      Result a = rkt.ok("enter", "--app=a", uuid, "sh", "-c", "until cat /name; do :; done");
      assertThat(a.out()).isEqualTo("a\n");
      assertThat(rkt.refuses("not-found", "enter", "--app=c", uuid, "true").err())
          .contains("no app \"c\"");
      assertThat(rkt.ok("stop", uuid).out()).contains(uuid);
      running.await();
    }
  }

  @Test
  void theRootOfAnAppEndsWithIt() throws Exception {
    Path file = rkt.home().resolve("uuid-roots");
    List<String> saved = List.of("--uuid-file-save=" + file);
    try (Running _ =
        rkt.pod("ready", apps(saved, "echo >/made", "echo ready; sleep 1000", "sleep 1000"))) {
      String uuid = Files.readString(file).strip();
      Path roots = rkt.data().resolve("pods").resolve("run").resolve(uuid).resolve("overlay");

      for (int i = 0; i < 100 && !isFree(roots.resolve("a")); i++) {
        Thread.sleep(50);
      }
      assertThat(isFree(roots.resolve("a"))).isTrue();
      assertThat(isFree(roots.resolve("b"))).isFalse();
      assertThat(isFree(roots.resolve("c"))).isFalse();
    }
  }

  /** Whether no overlay has this upper layer: with an index the kernel refuses a second one. */
  private boolean isFree(Path writable) throws IOException, InterruptedException {
    Path empty = Files.createTempDirectory(rkt.home(), "empty-");
    String layers =
        "lowerdir=" + empty + ",upperdir=" + writable + "/upper,workdir=" + writable + "/work";
    Process mount =
        new ProcessBuilder(
                "unshare",
                "--mount",
                "mount",
                "--types=overlay",
                "--options=index=on," + layers,
                "overlay",
                empty.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(mount.getInputStream().readAllBytes(), UTF_8);
    int status = mount.waitFor();
    // Stale: it is free, and was the upper layer of another image.
    assertThat(status == 0 || said.contains("Stale") || said.contains("busy")).as(said).isTrue();
    return !said.contains("busy");
  }

  @Test
  void flagsAreForTheAppWhoseImageTheyFollow() throws Exception {
    Result result =
        rkt.ok(
            "run",
            image,
            "--name=a",
            "--user=web",
            "--readonly-rootfs",
            "--environment=X=1",
            "--",
            "-c",
            "id -u >/dev/null; echo x >/x || echo $X:$(id -u) >&2",
            "---",
            image,
            "--name=b",
            "--",
            "-c",
            "echo x >/x && echo ${X:-none}:$(id -u)");

    assertThat(result.out()).isEqualTo("none:0\n");
    assertThat(result.err()).contains("1:1234\n");
  }

  @Test
  void aPodFromAManifestHasEverythingThatItSays() throws Exception {
    Path source = Files.createDirectories(rkt.home().resolve("volume"));
    Files.writeString(source.resolve("file"), "from the host\n");
    Path manifest =
        Files.writeString(
            rkt.home().resolve("manifest.json"),
            """
            {"acVersion": "0.8.11", "acKind": "PodManifest",
             "apps": [
               {"name": "first", "image": {"id": "%s", "name": "example.com/it/busybox"},
                "app": {"exec": ["/bin/sh", "-c",
                   "id -u; id -G; pwd; echo $A; cat /v/file; echo x 2>&- >/v/no || echo ro; echo x 2>&- >/no || echo ro; stat -c '%%a %%u %%g' /own"],
                  "user": "1234", "group": "77", "supplementaryGids": [8], "workingDirectory": "/home",
                  "environment": [{"name": "A", "value": "1"}],
                  "isolators": [{"name": "resource/memory", "value": {"request": "64Mi", "limit": "64Mi"}}],
                  "userLabels": {"k": "l"}},
                "readOnlyRootFS": true,
                "mounts": [{"volume": "v", "path": "/v"},
                  {"volume": "own", "path": "/own", "appVolume": {"name": "own", "kind": "empty", "mode": "0750", "uid": 5, "gid": 6}}],
                "annotations": [{"name": "note", "value": "n"}]},
               {"name": "second", "image": {"name": "example.com/it/busybox"},
                "app": {"exec": ["/bin/true"], "user": "0", "group": "0"}}],
             "volumes": [{"name": "v", "kind": "host", "readOnly": true, "source": "%s"}],
             "annotations": [{"name": "a", "value": "b"}],
             "userAnnotations": {"c": "d"}, "userLabels": {"e": "f"}}
            """
                .formatted(image, source));
    String uuidFile = rkt.home().resolve("uuid-manifest").toString();
    Result result = rkt.ok("run", "--uuid-file-save=" + uuidFile, "--pod-manifest=" + manifest);

    String expected = "1234\n77 8\n/home\n1\nfrom the host\nro\nro\n750 5 6\n";
    assertThat(result.out()).isEqualTo(expected);
    String uuid = Files.readString(Path.of(uuidFile)).strip();
    JsonNode pod = JSON.readTree(rkt.ok("status", "--format=json", uuid).out());
    assertThat(pod.get("annotations").toString()).isEqualTo("{\"a\":\"b\"}");
    assertThat(pod.get("user_annotations").toString()).isEqualTo("{\"c\":\"d\"}");
    assertThat(pod.get("user_labels").toString()).isEqualTo("{\"e\":\"f\"}");
    JsonNode first = pod.get("apps").get(0);
    assertThat(first.get("annotations").toString()).isEqualTo("{\"note\":\"n\"}");
    assertThat(first.get("user_labels").toString()).isEqualTo("{\"k\":\"l\"}");
    assertThat(first.get("verified").asBoolean()).isTrue();
    assertThat(first.get("isolators").get(0).get("outcome").asText()).isEqualTo("enforced");
    assertThat(first.get("mounts").get(0).toString())
        .isEqualTo(
            "{\"name\":\"v\",\"container_path\":\"/v\",\"host_path\":\""
                + source
                + "\",\"read_only\":true}");

    Path again = Files.writeString(manifest, rkt.ok("cat-manifest", uuid).out());
    assertThat(rkt.ok("run", "--pod-manifest=" + again).out()).isEqualTo(expected);
  }

  @Test
  void aPortOfTheHostIsOneOfThePodWithTheNetworkOfTheHost() throws Exception {
    String http = ", \"hostPort\": 8080}";
    Path manifest = ports("{\"name\": \"http\"" + http);
    String run = "--pod-manifest=" + manifest;

    assertThat(rkt.refuses("usage", "run", run).err()).contains("network is none", "--net=host");
    Path uuid = rkt.home().resolve("uuid-ports");
    rkt.ok("run", "--net=host", "--uuid-file-save=" + uuid, run);
    String kept = rkt.ok("cat-manifest", Files.readString(uuid).strip()).out();
    assertThat(JSON.readTree(kept).get("ports").toString())
        .isEqualTo("[{\"name\":\"http\",\"hostPort\":8080}]");
    assertThat(portsRefused("{\"name\": \"http\", \"hostPort\": 80}"))
        .contains("is 8080 in the pod and to be 80 on the host");
    assertThat(portsRefused("{\"name\": \"dns\"" + http)).contains("is not one of any app");
    assertThat(portsRefused("{\"name\": \"http\", \"hostIP\": \"127.0.0.1\"" + http))
        .contains("at 127.0.0.1 alone");
    ports("{\"name\": \"dns\", \"podPort\": 8080, \"hostIP\": \"0.0.0.0\"" + http);
    rkt.ok("run", "--net=host", run);
  }

  private String portsRefused(String port) throws IOException, InterruptedException {
    Path manifest = ports(port);
    return rkt.refuses("usage", "run", "--net=host", "--pod-manifest=" + manifest).err();
  }

  private Path ports(String port) throws IOException {
    return Files.writeString(
        rkt.home().resolve("ports.json"),
        """
        {"acVersion": "0.8.11", "acKind": "PodManifest",
         "apps": [{"name": "web", "image": {"id": "%s"},
           "app": {"exec": ["/bin/true"], "user": "0", "group": "0",
             "ports": [{"name": "http", "protocol": "tcp", "port": 8080}]}}],
         "ports": [%s]}
        """
            .formatted(image, port));
  }

  @Test
  void aManifestThatDoesNotFitItsImagesIsRefused() throws Exception {
    Path manifest = rkt.home().resolve("wrong.json");
    String form =
        "{\"acVersion\":\"%s\",\"acKind\":\"PodManifest\","
            + "\"apps\":[{\"name\":\"a\",\"image\":{%s}}]}";
    String[] run = {"run", "--pod-manifest=" + manifest};
    Files.writeString(manifest, form.formatted("1.0.0", "\"name\":\"example.com/it/busybox\""));
    rkt.refuses("integrity", run);
    Files.writeString(manifest, form.formatted("0.8.11", "\"name\":\"example.com/absent\""));
    rkt.refuses("not-found", "run", "--pull-policy=never", run[1]);
    String other = "\"id\":\"" + image + "\",\"name\":\"example.com/other\"";
    Files.writeString(manifest, form.formatted("0.8.11", other));
    assertThat(rkt.refuses("run", run).err()).contains("example.com/other");
    String label = "\"id\":\"" + image + "\",\"labels\":[{\"name\":\"arch\",\"value\":\"x\"}]";
    Files.writeString(manifest, form.formatted("0.8.11", label));
    assertThat(rkt.refuses("run", run).err()).contains("no label arch=x");
  }

  @Test
  void aParameterThatAFlagSetsAgainIsReportedAndTheOthersStay() throws Exception {
    Path manifest =
        Files.writeString(
            rkt.home().resolve("sysctl.json"),
            """
            {"acVersion": "0.8.11", "acKind": "PodManifest",
             "apps": [{"name": "a", "image": {"id": "%s"}, "app": {"user": "0", "group": "0",
               "exec": ["/bin/cat", "/proc/sys/kernel/msgmax", "/proc/sys/kernel/msgmni"]}}],
             "isolators": [{"name": "os/unix/sysctl",
               "value": {"kernel.msgmax": "4321", "kernel.msgmni": "5"}}]}
            """
                .formatted(image));
    String uuidFile = "--uuid-file-save=" + rkt.home().resolve("uuid-sysctl");
    String set = "--sysctl=kernel.msgmax=1234";

    assertThat(rkt.ok("run", uuidFile, "--pod-manifest=" + manifest, set).out())
        .isEqualTo("1234\n5\n");

    String uuid = Files.readString(rkt.home().resolve("uuid-sysctl")).strip();
    List<String> outcomes = new ArrayList<>();
    for (JsonNode one :
        JSON.readTree(rkt.ok("status", "--format=json", uuid).out()).get("isolators")) {
      if (one.get("name").asText().equals("os/unix/sysctl")) {
        outcomes.add(one.get("outcome").asText());
      }
    }
    assertThat(outcomes).containsExactly("modified", "enforced");
    Path again = Files.writeString(manifest, rkt.ok("cat-manifest", uuid).out());
    assertThat(rkt.ok("run", "--pod-manifest=" + again).out()).isEqualTo("1234\n5\n");
  }

  @Test
  void whatAPodWasMadeOfCanBeRunAgain() throws Exception {
    String uuidFile = rkt.home().resolve("uuid-again").toString();
    String script = "id -u; pwd; echo $A; echo $B; cat /proc/self/oom_score_adj >/dev/null";
    String[] words = {
      "run",
      "--uuid-file-save=" + uuidFile,
      "--set-env=B=2",
      "--label=x=y",
      image,
      "--name=a",
      "--user=web",
      "--working-dir=/tmp",
      "--environment=A=1",
      "--user-label=k=l",
      "--annotation=note=n",
      "--",
      "-c",
      script
    };
    String first = rkt.ok(words).out();
    String uuid = Files.readString(Path.of(uuidFile)).strip();
    Path manifest =
        Files.writeString(
            rkt.home().resolve("again.json"),
            rkt.ok("cat-manifest", "--pretty-print=false", uuid).out());

    assertThat(rkt.ok("run", "--uuid-file-save=" + uuidFile, "--pod-manifest=" + manifest).out())
        .isEqualTo(first)
        .isEqualTo("1234\n/tmp\n1\n2\n");
    JsonNode before = JSON.readTree(manifest.toFile());
    JsonNode after =
        JSON.readTree(
            rkt.ok("cat-manifest", "--uuid-file=" + uuidFile, "--pretty-print=false").out());
    assertThat(after).isEqualTo(before);
  }

  @Test
  void aPodOfTwoAppsOfOneImageCanBeRunAgain() throws Exception {
    String serving =
        Images.admit(
            rkt,
            Images.busybox()
                .exec("/bin/true")
                .app("ports", "[{\"name\":\"http\",\"protocol\":\"tcp\",\"port\":80}]"));
    String uuidFile = rkt.home().resolve("uuid-serving").toString();
    rkt.ok("run", "--uuid-file-save=" + uuidFile, serving, "--name=a", serving, "--name=b");
    Path manifest =
        Files.writeString(
            rkt.home().resolve("serving.json"),
            rkt.ok("cat-manifest", "--uuid-file=" + uuidFile).out());
    rkt.ok("run", "--pod-manifest=" + manifest);
  }

  @Test
  void eachAppHasItsOwnOomScoreAdj() throws Exception {
    List<String> words = new ArrayList<>(List.of("run"));
    for (String score : List.of("--oom-score-adj=400", "", "--oom-score-adj=500")) {
      words.add(image);
      words.add("--name=app" + score.replaceAll("\\D", ""));
      if (!score.isEmpty()) {
        words.add(score);
      }
      words.addAll(List.of("--", "-c", "cat /proc/self/oom_score_adj", "---"));
    }
    List<String> scores =
        new ArrayList<>(rkt.ok(words.toArray(new String[0])).lines().stream().sorted().toList());
    String callers = Files.readString(Path.of("/proc/self/oom_score_adj")).strip();
    assertThat(scores).containsExactlyInAnyOrder("400", callers, "500");
  }

  @Test
  void fiftyAppsStartAndAllAreRecorded() throws Exception {
    int count = 50;
    String uuidFile = rkt.home().resolve("uuid-fifty").toString();
    List<String> words = new ArrayList<>(List.of("run", "--uuid-file-save=" + uuidFile));
    for (int i = 0; i < count; i++) {
      words.addAll(List.of(image, "--name=app-" + i, "--", "-c", "true", "---"));
    }

    rkt.ok(words.toArray(new String[0]));

    Map<String, String> status = status(Files.readString(Path.of(uuidFile)).strip());
    for (int i = 0; i < count; i++) {
      assertThat(status).containsEntry("app-app-" + i, "0");
    }
  }
}
