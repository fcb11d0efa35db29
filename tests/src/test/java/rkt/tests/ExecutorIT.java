package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What the appc spec (0.8.11) demands of an executor, clause by clause: each test is named after
 * its clause. Of volumes, isolators and devices there is more in the tests of those.
 */
@Tag("privileged")
class ExecutorIT extends PodTests {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  @DisplayName("ace, pod UUID: each pod MUST be uniquely identified by an RFC 4122 UUID")
  void podUuid() throws Exception {
    Path file = rkt.home().resolve("uuid");
    out("true", "--uuid-file-save=" + file);
    String first = Files.readString(file).strip();
    out("true", "--uuid-file-save=" + file);
    String second = Files.readString(file).strip();

    String version4 = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";
    assertThat(first).matches(version4);
    assertThat(second).matches(version4).isNotEqualTo(first);
  }

  @Test
  @DisplayName("ace, filesystem setup: every execution MUST start from a clean copy of the image")
  void cleanCopy() throws Exception {
    out("echo changed >/etc/passwd; rm -r /home; touch /new");

    assertThat(out("grep -c ^root: /etc/passwd; ls -d /home; ls /new 2>/dev/null; true"))
        .isEqualTo("1\n/home\n");
  }

  @Test
  @DisplayName("ace, filesystem setup: each app is chrooted into its own root")
  void ownRoot() throws Exception {
    Path secret = Files.writeString(rkt.home().resolve("host-file"), "host\n");

    assertThat(out("cat " + secret + " 2>/dev/null || echo absent; ls -d /../../bin"))
        .isEqualTo("absent\n/../../bin\n");
  }

  @Test
  @DisplayName("ace, execution: the working directory is workingDirectory, or / if it is not given")
  void workingDirectory() throws Exception {
    String elsewhere =
        Images.admit(rkt, Images.busybox().exec("/bin/sh").app("workingDirectory", "\"/home\""));

    assertThat(out("pwd")).isEqualTo("/\n");
    assertThat(rkt.ok(wordsOf(elsewhere, "pwd")).out()).isEqualTo("/home\n");
  }

  @Test
  @DisplayName("aci, workingDirectory: one that does not exist MUST fail")
  void missingWorkingDirectory() throws Exception {
    String nowhere =
        Images.admit(rkt, Images.busybox().exec("/bin/sh").app("workingDirectory", "\"/nowhere\""));

    assertThat(rkt.refuses("run", wordsOf(nowhere, "true")).err()).contains("/nowhere");
  }

  @Test
  @DisplayName(
      "ace, environment: PATH, AC_APP_NAME and container MUST be set; the image adds to them")
  void environment() throws Exception {
    String image =
        Images.admit(
            rkt,
            Images.busybox()
                .exec("/bin/env")
                .app(
                    "environment",
                    "[{\"name\":\"AC_APP_NAME\",\"value\":\"lie\"},"
                        + "{\"name\":\"a-b.c\",\"value\":\"kept\"}]"));

    assertThat(rkt.ok("run", image, "--name=web").lines())
        .contains(
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "AC_APP_NAME=web",
            "container=rkt",
            "a-b.c=kept");
  }

  @Test
  @DisplayName(
      "aci, exec: the program is searched for in PATH as a shell would, without substitution")
  void pathSearch() throws Exception {
    String searched = Images.admit(rkt, Images.busybox().exec("echo", "$HOME", "*", "a  b"));

    assertThat(rkt.ok("run", searched).out()).isEqualTo("$HOME * a  b\n");
  }

  @Test
  @DisplayName("aci, user and group: names of the image, numbers, or the owner of a path in it")
  void users() throws Exception {
    for (String user : List.of("web", "1234", "/home/web")) {
      for (String group : List.of("web", "1235", "/home/web")) {
        String owned = Images.admit(rkt, Images.busybox().exec("/bin/id").user(user, group));
        assertThat(rkt.ok("run", owned).out())
            .as("%s %s", user, group)
            .startsWith("uid=1234(web) gid=1235(web)");
      }
    }
  }

  @Test
  @DisplayName("aci, supplementaryGIDs: both spellings of the spec mean the same")
  void supplementaryGroups() throws Exception {
    for (String member : List.of("supplementaryGIDs", "supplementaryGids")) {
      String image =
          Images.admit(
              rkt, Images.busybox().exec("/bin/id", "-G").user("0", "0").app(member, "[5]"));
      assertThat(rkt.ok("run", image).out()).as(member).isEqualTo("0 5\n");
    }
  }

  @Test
  @DisplayName("aci, userAnnotations and userLabels: MUST NOT change behaviour")
  void userLabels() throws Exception {
    String image =
        Images.admit(
            rkt,
            Images.busybox()
                .exec("/bin/sh")
                .app("userLabels", "{\"binary:///bin/x\":\"y\",\"user\":\"1234\"}")
                .app("userAnnotations", "{\"io.systemd.property.User\":\"web\"}"));

    assertThat(rkt.ok(wordsOf(image, "id -u; env | grep -c ^user; true")).out())
        .isEqualTo("0\n0\n");
  }

  @Test
  @DisplayName("ace, networking: a loopback interface that works")
  void loopback() throws Exception {
    assertThat(
            out(
                "ip addr show lo | grep -o 'inet 127.0.0.1/8'; ip link show lo | grep -o LOOPBACK,UP"))
        .isEqualTo("inet 127.0.0.1/8\nLOOPBACK,UP\n");
  }

  @Test
  @DisplayName("ace, networking: an existing /etc/hosts SHOULD NOT be changed unless asked")
  void hosts() throws Exception {
    String image =
        Images.admit(
            rkt, Images.busybox().exec("/bin/cat", "/etc/hosts").file("etc/hosts", 0644, "own\n"));

    assertThat(rkt.ok("run", image).out()).isEqualTo("own\n");
  }

  @Test
  @DisplayName("ace, logging: standard output and error are captured")
  void output() throws Exception {
    Result result = sh("echo to output; echo to error >&2");

    assertThat(result.out()).isEqualTo("to output\n");
    assertThat(result.err()).isEqualTo("to error\n");
  }

  @Test
  @DisplayName("os-spec, linux: the file systems and devices that MUST be there")
  void filesystemsAndDevices() throws Exception {
    assertThat(
            out(
                "for d in null zero full random urandom tty ptmx; do [ -c /dev/$d ] || echo no $d; done;"
                    + " for m in /proc /sys /dev/pts /dev/shm;"
                    + " do grep -q \" $m \" /proc/self/mounts || echo no $m; done"))
        .isEmpty();
  }

  @Test
  @DisplayName("ace, isolators: those that are ignored or modified MUST be reported to the user")
  void isolatorsAreReported() throws Exception {
    String image =
        Images.admit(
            rkt,
            Images.busybox()
                .exec("/bin/true")
                .app(
                    "isolators",
                    "[{\"name\":\"example.com/unknown\",\"value\":1},"
                        + "{\"name\":\"os/linux/capabilities-retain-set\","
                        + "\"value\":{\"set\":[\"CAP_KILL\",\"CAP_SYS_ADMIN\"]}}]"));
    Path file = rkt.home().resolve("uuid-isolators");
    rkt.ok("run", "--uuid-file-save=" + file, image);

    String status = rkt.ok("status", "--format=json", "--uuid-file=" + file).out();
    String outcomes = "";
    for (JsonNode isolator : JSON.readTree(status).get("apps").get(0).get("isolators")) {
      outcomes += isolator.get("name").asText() + "=" + isolator.get("outcome").asText() + " ";
    }
    assertThat(outcomes)
        .contains("example.com/unknown=ignored")
        .contains("os/linux/capabilities-retain-set=modified");
  }

  @Test
  @DisplayName("ace, stopping: apps SHOULD get SIGTERM on shutdown")
  void sigterm() throws Exception {
    Path file = rkt.home().resolve("uuid-stop");
    String script = "trap 'echo asked; exit 9' TERM; echo ready; while true; do sleep 0.05; done";
    try (Running running = rkt.pod("ready", words(script, "--uuid-file-save=" + file))) {
      rkt.ok("stop", "--uuid-file=" + file);
      Result result = running.await();
      assertThat(result.out()).contains("asked");
      assertThat(result.status()).isEqualTo(9);
    }
  }

  @Test
  @DisplayName("pods, manifest: an image's app is replaced wholly by the app of the manifest")
  void appOverride() throws Exception {
    String image =
        Images.admit(
            rkt,
            Images.busybox()
                .exec("/bin/false")
                .user("1234", "1235")
                .app("environment", "[{\"name\":\"OF_IMAGE\",\"value\":\"1\"}]"));
    Path manifest =
        Files.writeString(
            rkt.home().resolve("override.json"),
            "{\"acVersion\":\"0.8.11\",\"acKind\":\"PodManifest\",\"apps\":[{\"name\":\"a\","
                + "\"image\":{\"id\":\""
                + image
                + "\"},\"app\":{\"exec\":[\"/bin/sh\",\"-c\",\"id -u; echo [$OF_IMAGE]\"],"
                + "\"user\":\"0\",\"group\":\"0\"}}]}");

    assertThat(rkt.ok("run", "--pod-manifest=" + manifest).out()).isEqualTo("0\n[]\n");
  }

  @Test
  @DisplayName("pods, volumes: a host source that does not exist MUST be an error, and is not made")
  void volumeSource() throws Exception {
    Path absent = rkt.home().resolve("absent");

    rkt.refuses(
        "run",
        words("true", "--volume=v,kind=host,source=" + absent, "--mount=volume=v,target=/v"));
    assertThat(absent).doesNotExist();
  }
}
