package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who an app is, where it finds itself and what its environment holds: what was said, no more. */
@Tag("privileged")
class IdentityIT extends PodTests {
  private static final String WHO = "echo $(id -u) $(id -g); grep ^Groups: /proc/self/status";

  @Test
  void theEnvironmentIsExactlyWhatWasSpecified() throws Exception {
    String plain =
        Images.admit(
            rkt,
            Images.busybox()
                .exec("/bin/env")
                .app(
                    "environment",
                    "[{\"name\":\"A\",\"value\":\"1\"},{\"name\":\"B\",\"value\":\"x y=z\"}]"));

    Result result =
        rkt.call(
                "run",
                "--name=web",
                "--set-env=B=pod",
                "--set-env=C=pod",
                "--environment=C=app",
                plain)
            .env("JAVA_HOME", "/nowhere")
            .env("RKT_X", "1")
            .run();

    assertThat(result.lines())
        .containsExactlyInAnyOrder(
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME=/root",
            "USER=root",
            "LOGNAME=root",
            "SHELL=/bin/sh",
            "A=1",
            "B=pod",
            "C=app",
            "AC_APP_NAME=web",
            "container=rkt");
  }

  @Test
  void aFileOfVariablesIsReadAndOptionsWinOverIt() throws Exception {
    Path file = Files.writeString(rkt.home().resolve("variables"), "# comment\nX=file\nY=file\n");

    assertThat(out("echo $X $Y", "--set-env-file=" + file, "--set-env=Y=option"))
        .isEqualTo("file option\n");
  }

  @Test
  void noProcessOfThePodHasTheSecretOfTheHost() throws Exception {
    assertThat(
            out(
                "cat /proc/[0-9]*/environ | tr '\\0' '\\n' | grep -c SECRET; true"
                    .replace("tr '\\0' '\\n' | ", "")))
        .isEqualTo("0\n");
  }

  @Test
  void theHostNameIsThePodsOwnOrAsGiven() throws Exception {
    String file = rkt.home().resolve("uuid-hostname").toString();
    String own = out("hostname", "--uuid-file-save=" + file);

    assertThat(own).isEqualTo("rkt-" + Files.readString(Path.of(file)));
    assertThat(out("hostname; cat /proc/sys/kernel/hostname", "--hostname=a.b-c"))
        .isEqualTo("a.b-c\na.b-c\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a b", "-x", "x/y", "ü", "a\nb"})
  void aHostNameThatIsNoneIsRefused(String name) throws Exception {
    rkt.refuses("usage", words("true", "--hostname=" + name));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        "0         | -       | 0 0       | ''",
        "web       | -       | 1234 1235 | '2001 2002 '",
        "1234      | -       | 1234 1235 | '2001 2002 '",
        "4321      | -       | 4321 0    | ''",
        "web       | other   | 1234 2003 | ''",
        "1234      | 2003    | 1234 2003 | ''",
        "4321      | 5       | 4321 5    | ''",
        "/home/web | -       | 1234 1235 | ''",
        "0         | /home/web | 0 1235  | ''",
        "65535     | 65535   | 65535 65535 | ''",
      })
  void userGroupAndGroupsAreExactlyWhatIsAskedFor(
      String user, String group, String ids, String groups) throws Exception {
    List<String> flags = new ArrayList<>(List.of("--user=" + user));
    if (group != null) {
      flags.add("--group=" + group);
    }

    assertThat(out(WHO, flags.toArray(new String[0])))
        .isEqualTo(ids.strip() + "\nGroups:\t" + sorted(ids.strip().split(" ")[1], groups) + "\n");
  }

  /** As the kernel shows them: the primary group is one of them. */
  private static String sorted(String primary, String further) {
    Set<Integer> all = new TreeSet<>(Set.of(Integer.parseInt(primary)));
    for (String group : further.split(" ")) {
      if (!group.isEmpty()) {
        all.add(Integer.parseInt(group));
      }
    }
    StringBuilder text = new StringBuilder();
    for (int group : all) {
      text.append(group).append(' ');
    }
    return text.toString();
  }

  @Test
  void supplementaryGroupsThatAreGivenAreAll() throws Exception {
    assertThat(out(WHO, "--user=web", "--supplementary-gids=9,7"))
        .isEqualTo("1234 1235\nGroups:\t7 9 1235 \n");
    assertThat(out(WHO, "--user=web", "--supplementary-gids="))
        .isEqualTo("1234 1235\nGroups:\t1235 \n");
  }

  @Test
  void variablesOfTheCallerComeInOnlyWhenAskedForAndBelowAllOthers() throws Exception {
    String plain =
        Images.admit(
            rkt, Images.busybox().app("environment", "[{\"name\":\"A\",\"value\":\"image\"}]"));
    String[] words = wordsOf(plain, "echo $A $B $C", "--inherit-env", "--set-env=B=pod");

    Result result = rkt.call(words).env("A", "caller").env("B", "caller").env("C", "caller").run();

    assertThat(result.out()).isEqualTo("image pod caller\n");
  }

  @Test
  void anIdThatThePodDoesNotHaveIsRefused() throws Exception {
    for (String flag : List.of("--user=65536", "--group=65536", "--user=2147483647")) {
      assertThat(rkt.refuses("run", words("true", flag)).err()).contains("the pod has no");
    }
    assertThat(out("id -u", "--user=2147483647", "--insecure-options=userns"))
        .isEqualTo("2147483647\n");
  }

  @Test
  void theUserOfTheImageAndItsFurtherGroupsAreTaken() throws Exception {
    String web =
        Images.admit(rkt, Images.busybox().user("1234", "77").app("supplementaryGIDs", "[12, 13]"));

    assertThat(rkt.ok(wordsOf(web, WHO + "; echo $HOME $USER")).out())
        .isEqualTo("1234 77\nGroups:\t12 13 77 \n/home/web web\n");
  }

  /** The fourth is a name in the image's passwd, with the uid of root. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "4294967296",
        "4294967295",
        "2147483648",
        "-1",
        "0x0",
        "1e3",
        " 0",
        "0 ",
        "+0",
        "٠"
      })
  void aUserThatIsNoNumberAndNoNameIsRefused(String user) throws Exception {
    rkt.refuses("run|usage", words("id -u", "--user=" + user));
    rkt.refuses("run|usage", words("id -u", "--user=0", "--group=" + user));
  }

  @Test
  void digitsAreANumberEvenWhereTheImageHasAUserOfThatName() throws Exception {
    assertThat(out("id -u", "--user=1000")).isEqualTo("1000\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"4294967296", "-1", "0x0", "nobody-here"})
  void aUserInTheImageThatIsNoneIsRefused(String user) throws Exception {
    String bad = Images.admit(rkt, Images.busybox().user(user, "0"));

    rkt.refuses("run", "run", bad);
  }

  @Test
  void aUidInPasswdThatIsNoNumberIsRefused() throws Exception {
    String bad =
        Images.admit(
            rkt, Images.busybox().file("etc/passwd", 0644, "a:x:4294967296:0::/:\nb:x::0::/:\n"));

    rkt.refuses("run", wordsOf(bad, "id", "--user=a"));
    rkt.refuses("run", wordsOf(bad, "id", "--user=b"));
  }

  @Test
  void theWorkingDirectoryIsWhatWasSaid() throws Exception {
    assertThat(out("pwd; pwd -P", "--working-dir=/home/web")).isEqualTo("/home/web\n/home/web\n");
    assertThat(out("pwd -P", "--working-dir=/tmp/../home")).isEqualTo("/home\n");
  }

  @Test
  void aWorkingDirectoryThatIsNotInAnAciIsRefused() throws Exception {
    assertThat(rkt.refuses("run", words("pwd", "--working-dir=/none")).err()).contains("/none");
    rkt.refuses("run", words("pwd", "--working-dir=/etc/passwd"));
    rkt.refuses("run|usage", words("pwd", "--working-dir=relative"));
  }

  @Test
  void aWorkingDirectoryOpenToAnotherUserOnlyIsEnteredBeforeRightsAreDropped() throws Exception {
    assertThat(sh("echo in", "--user=1", "--working-dir=/home/web").status()).isIn(0, 254);
  }

  @Test
  void noDescriptorOfTheRuntimeServesAsAWorkingDirectory() throws Exception {
    for (int n = 3; n <= 20; n++) {
      String[] words = words("ls -la . .. ../../../..; pwd", "--working-dir=/proc/self/fd/" + n);
      Result result = rkt.run(words);
      assertThat(result.status()).as("%s: %s", n, result).isEqualTo(254);
      assertThat(result.out()).as("fd %s", n).isEmpty();
      Rkt.assertRefusalText("run", result);
    }
  }
}
