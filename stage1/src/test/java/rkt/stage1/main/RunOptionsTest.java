package rkt.stage1.main;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;
import rkt.spec.pod.PodManifest;
import rkt.stage1.run.Isolator;
import rkt.stage1.run.Metadata;
import rkt.stage1.run.Mounting;
import rkt.stage1.run.PodRequest;
import rkt.stage1.run.StorageRequest;
import rkt.stage1.run.Volume;

class RunOptionsTest {
  private static RunLine parsed(String... words) throws Exception {
    RunOptions options = new RunOptions(List.of("--own"));
    options.expect(List.of(words));
    CommandSpec spec = spec(options);
    if (options.isSurprised(spec)) {
      spec = spec(options);
    }
    options.parse(new CommandLine(spec), List.of(words));
    return options.line();
  }

  private static CommandSpec spec(RunOptions options) {
    CommandSpec spec = CommandSpec.create().name("run");
    options.describe(spec);
    return spec.addOption(OptionSpec.builder("--own").type(String.class).build());
  }

  @Test
  void onlyOptionsThatWereGivenAreDescribedUnlessOneIsUnknown() {
    RunOptions options = new RunOptions(List.of());
    List<String> given = List.of("--net=host", "a", "--user", "1", "--", "--exec", "---", "b");
    options.expect(given);
    CommandSpec some = spec(options);
    assertThat(some.optionsMap().keySet()).containsOnly("--net", "--user", "--own");
    assertThat(options.isSurprised(some)).isFalse();

    options.expect(List.of("a", "--usr=1"));
    assertThat(options.isSurprised(spec(options))).isTrue();
    assertThat(spec(options).optionsMap()).containsKeys("--net", "--user", "--exec", "--cpu");
  }

  private static RunLine.App app(String... words) throws Exception {
    RunLine line = parsed(words);
    assertThat(line.apps()).hasSize(1);
    return line.apps().get(0);
  }

  private static void refused(ThrowingCallable call, String message) {
    assertThatThrownBy(call)
        .hasMessage(message)
        .isInstanceOfSatisfying(
            RktException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.USAGE));
  }

  @Test
  void whatIsBehindTheDashesIsForTheApp() throws Exception {
    RunLine line = parsed("image", "--name=a", "--", "--net=host", "--", "-v", "");
    assertThat(line.apps().get(0).image()).isEqualTo("image");
    assertThat(line.apps().get(0).process().arguments())
        .containsExactly("--net=host", "--", "-v", "");
    assertThat(line.pod().network()).isEqualTo(PodRequest.Network.NONE);
    assertThat(app("image").process().arguments()).isEmpty();
    assertThat(app("image", "--").process().arguments()).isEmpty();
    assertThat(app("image", "--", "-", "@file", "${x}").process().arguments())
        .containsExactly("-", "@file", "${x}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--exec",
        "--user",
        "--group",
        "--working-dir",
        "--stdin",
        "--stdout",
        "--stderr",
        "--uuid-file-save",
        "--set-env-file"
      })
  void anEmptyValueIsNone(String option) {
    refused(() -> parsed("i", option + "="), option + " has no value");
    refused(() -> parsed("i", option, ""), option + " has no value");
  }

  @Test
  void threeDashesLeadFromArgumentsToTheNextImage() throws Exception {
    RunLine line =
        parsed(
            "one",
            "--name=a",
            "--",
            "-x",
            "---",
            "two",
            "--name",
            "b",
            "three",
            "--",
            "--",
            "---",
            "--name=c",
            "--net=host");
    assertThat(line.apps()).extracting(RunLine.App::image).containsExactly("one", "two", "three");
    assertThat(line.apps()).extracting(app -> app.name().orElse("")).containsExactly("a", "b", "c");
    assertThat(line.apps())
        .extracting(app -> app.process().arguments())
        .containsExactly(List.of("-x"), List.of(), List.of("--"));
    assertThat(line.pod().network()).as("wherever it stands").isEqualTo(PodRequest.Network.HOST);
  }

  @Test
  void threeDashesLeadFromAnAppWithoutArgumentsToTheNextImage() throws Exception {
    RunLine line =
        parsed(
            "one", "--name=a", "---", "two", "--name=b", "--", "---", "three", "--name=c", "---");
    assertThat(line.apps()).extracting(RunLine.App::image).containsExactly("one", "two", "three");
    assertThat(line.apps()).extracting(app -> app.name().orElse("")).containsExactly("a", "b", "c");
    assertThat(line.apps())
        .extracting(app -> app.process().arguments())
        .containsOnly(List.of())
        .hasSize(3);
  }

  @Test
  void eachAppHasTheOptionsBehindItsImage() throws Exception {
    RunLine line =
        parsed(
            "--hostname=h",
            "one",
            "--memory=1Mi",
            "--environment=A=1",
            "--own=x",
            "two",
            "--environment=B=2",
            "--exec",
            "/bin/x");
    assertThat(line.pod().hostname()).contains("h");
    RunLine.App one = line.apps().get(0);
    RunLine.App two = line.apps().get(1);
    assertThat(one.process().environment()).containsExactly(entry("A", "1"));
    assertThat(two.process().environment()).containsExactly(entry("B", "2"));
    assertThat(one.process().exec()).isEmpty();
    assertThat(two.process().exec()).contains("/bin/x");
    assertThat(one.isolators()).hasSize(1);
    assertThat(two.isolators()).isEmpty();
    assertThat(one.own()).containsExactly(entry("--own", "x"));
    assertThat(two.own()).isEmpty();
  }

  @Test
  void aMountBeforeAnyImageIsForEveryApp() throws Exception {
    RunLine line =
        parsed(
            "--mount=volume=a,target=/x",
            "--mount",
            "volume=b,target=/y",
            "one",
            "--mount=volume=c,target=/z",
            "two");
    Mounting a = new Mounting("a", "/x");
    Mounting b = new Mounting("b", "/y");
    assertThat(line.apps().get(0).storage().mounts())
        .containsExactly(a, b, new Mounting("c", "/z"));
    assertThat(line.apps().get(1).storage().mounts()).containsExactly(a, b);
  }

  @Test
  void otherOptionsOfAnAppBeforeTheImageAreForTheOnlyOne() throws Exception {
    assertThat(app("--memory=1Mi", "--name", "a", "one").name()).contains("a");
    refused(
        () -> parsed("--memory=1Mi", "one", "two"),
        "which app is --memory=1Mi for? there are several");
  }

  @Test
  void whatMakesNoCommandLineIsRefused() {
    refused(() -> parsed(), "no image given");
    refused(() -> parsed("--net=host"), "no image given");
    refused(() -> parsed("--", "image"), "no image given before --");
    refused(() -> parsed("--", "image", "x"), "no image given before --");
    refused(() -> parsed("---", "image"), "no image given before ---");
    refused(() -> parsed("image", "---", "---", "image"), "no image given before ---");
    refused(() -> parsed("image", "--", "x", "---", "---"), "no image given before ---");
    refused(
        () -> parsed("image", "--", "x", "---", "--", "y"),
        "no image given between --- and --: the words of image had ended");
    refused(
        () -> parsed("image", "---", "--", "y"),
        "no image given between --- and --: the words of image had ended");
    refused(
        () -> parsed("--interactive", "one", "two"),
        "--interactive joins one app to the terminal, and there are 2");
    assertThatThrownBy(() -> parsed("image", "--nonsense"))
        .isInstanceOf(ParameterException.class)
        .hasMessage("Unknown option: '--nonsense'");
    assertThatThrownBy(() -> parsed("one", "--name=a", "--name=b", "two"))
        .isInstanceOf(ParameterException.class);
    assertThatThrownBy(() -> parsed("one", "--exec"))
        .isInstanceOf(ParameterException.class)
        .hasMessageContaining("--exec");
  }

  @Test
  void theNetworkIsNoneOrHost() throws Exception {
    assertThat(parsed("i").pod().network()).isEqualTo(PodRequest.Network.NONE);
    assertThat(parsed("i", "--net=host").pod().network()).isEqualTo(PodRequest.Network.HOST);
    refused(() -> parsed("i", "--net=bridge"), "--net does not know \"bridge\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-a", "a b", "a_b", "ä", "a/b", "a\nb"})
  void aHostNameIsOne(String name) {
    refused(() -> parsed("i", "--hostname", name), "\"" + name + "\" is not a host name");
  }

  @Test
  void aHostNameMayHave64Characters() throws Exception {
    String longest = "a".repeat(64);
    assertThat(parsed("i", "--hostname=" + longest).pod().hostname()).contains(longest);
    refused(
        () -> parsed("i", "--hostname=" + longest + "a"),
        "\"" + longest + "a\" is not a host name");
    assertThat(parsed("i").pod().hostname()).isEmpty();
  }

  private static Isolator flag(String name, String json) {
    return new Isolator(name, json, Isolator.Origin.FLAG);
  }

  @Test
  void limitsAndCapabilitiesBecomeIsolators() throws Exception {
    assertThat(
            app(
                    "i",
                    "--memory=512Mi",
                    "--cpu=0.5",
                    "--cpu-shares=512",
                    "--pids=77",
                    "--io=rbps=10M,wiops=100,riops=50,device=/dev/sda",
                    "--caps-remove=CAP_KILL,CAP_CHOWN",
                    "--isolator=os/linux/no-new-privileges= true")
                .isolators())
        .containsExactly(
            flag("resource/memory", "{\"request\":\"512Mi\",\"limit\":\"512Mi\"}"),
            flag("resource/cpu", "{\"request\":\"0.5\",\"limit\":\"0.5\"}"),
            flag("os/linux/cpu-shares", "512"),
            flag("resource/pids", "{\"limit\":\"77\"}"),
            flag(
                "resource/block-bandwidth",
                "{\"default\":true,\"read\":\"10M\",\"device\":\"/dev/sda\"}"),
            flag(
                "resource/block-iops",
                "{\"default\":true,\"read\":\"50\",\"write\":\"100\",\"device\":\"/dev/sda\"}"),
            flag("os/linux/capabilities-remove-set", "{\"set\":[\"CAP_KILL\",\"CAP_CHOWN\"]}"),
            flag("os/linux/no-new-privileges", "true"));
    assertThat(app("i", "--cap-retain=").isolators())
        .containsExactly(flag("os/linux/capabilities-retain-set", "{\"set\":[]}"));
    refused(() -> parsed("i", "--memory=lots"), "\"lots\" is not a quantity above zero");
    refused(() -> parsed("i", "--memory=4095"), "--memory=4095 is less than a page");
    refused(() -> parsed("i", "--cpu-shares=1"), "--cpu-shares=1 is not a number from 2 to 262144");
    refused(() -> parsed("i", "--pids=0"), "--pids=0 is not a number from 1 to 4194304");
    refused(() -> parsed("i", "--pids=1k"), "--pids=1k is not a number from 1 to 4194304");
    for (String option : List.of("--memory", "--cpu", "--network-bandwidth")) {
      refused(() -> parsed("i", option + "="), "\"\" is not a quantity above zero");
    }
    refused(() -> parsed("i", "--pids="), "--pids= is not a number from 1 to 4194304");
    refused(() -> parsed("i", "--io="), "--io: \"\" is not NAME=VALUE");
    refused(() -> parsed("i", "--io=rbps"), "--io: \"rbps\" is not NAME=VALUE");
    refused(() -> parsed("i", "--io=speed=1"), "--io does not know \"speed\"");
    refused(() -> parsed("i", "--io=rbps=0"), "\"0\" is not a quantity above zero");
    refused(() -> parsed("i", "--io=device=/x"), "--io=device=/x limits nothing");
    refused(
        () -> parsed("i", "--caps-retain=CAP_KILL", "--caps-remove=CAP_KILL"),
        "--caps-retain and --caps-remove exclude each other");
    refused(
        () -> parsed("i", "--caps-retain=CAP_FLY"), "--caps-retain: no such capability: CAP_FLY");
    refused(() -> parsed("i", "--isolator=x"), "--isolator: \"x\" is not NAME=JSON");
    refused(
        () -> parsed("i", "--isolator=x=1,\"y\":2"),
        "--isolator: \"1,\"y\":2\" is not one JSON value");
    assertThatThrownBy(() -> parsed("i", "--isolator=x={"))
        .hasMessageStartingWith("--isolator: \"{\" is not JSON: ");
  }

  @Test
  void volumesAndMountsAreReadInOrder() throws Exception {
    RunLine line =
        parsed(
            "i",
            "--volume=b,kind=empty",
            "--volume=a,kind=host,source=/a",
            "--mount=volume=a,target=/x",
            "--mount=volume=b,target=/y");
    assertThat(line.pod().volumes())
        .containsExactly(
            new Volume.Empty("b", false, 0755, 0, 0),
            new Volume.Host("a", Path.of("/a"), false, true));
    assertThat(line.apps().get(0).storage().mounts())
        .containsExactly(new Mounting("a", "/x"), new Mounting("b", "/y"));
    refused(
        () -> parsed("i", "--volume=a,kind=empty", "--volume=a,kind=empty"),
        "two volumes are called \"a\"");
  }

  @Test
  void laterVariablesWinAndValuesMayHoldAnything() throws Exception {
    assertThat(
            app(
                    "i",
                    "--environment=A=1",
                    "--environment",
                    "B=x=y,z",
                    "--environment=A=",
                    "--environment=C= ")
                .process()
                .environment())
        .containsExactly(entry("A", ""), entry("B", "x=y,z"), entry("C", " "));
  }

  @ParameterizedTest
  @ValueSource(strings = {"A", "=1", "A=\0"})
  void whatIsNoVariableIsRefused(String text) {
    refused(() -> parsed("i", "--set-env", text), "--set-env: \"" + text + "\" is not NAME=VALUE");
  }

  @Test
  void aFileSetsVariablesBelowTheOptions(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("env");
    Files.writeString(file, "# a comment\n\n  A=file  \n; another\nB=file\n");
    String[] words = {"i", "--set-env-file=" + file, "--set-env=A=option"};
    assertThat(parsed(words).pod().variables())
        .containsEntry("A", "option")
        .containsEntry("B", "file");
    Files.writeString(file, "A=1\nA=2\n");
    refused(() -> parsed(words), file + " sets a variable twice: A=2");
    Files.writeString(file, "nonsense\n");
    refused(() -> parsed(words), file + ": \"nonsense\" is not NAME=VALUE");
    Files.delete(file);
    refused(() -> parsed(words), "no such file: " + file);
  }

  @Test
  void whatUsersWriteOnAnAppAndAPodIsKept() throws Exception {
    RunLine line =
        parsed(
            "--label=tier=front",
            "i",
            "--annotation=example.com/a=1",
            "--user-annotation=A B=2",
            "--user-label=c=3");
    assertThat(line.pod().metadata())
        .isEqualTo(new Metadata(Map.of(), Map.of(), Map.of("tier", "front")));
    assertThat(line.apps().get(0).metadata())
        .isEqualTo(
            new Metadata(Map.of("example.com/a", "1"), Map.of("A B", "2"), Map.of("c", "3")));
    refused(
        () -> parsed("i", "--annotation=A=1"),
        "--annotation: \"A\" is not the name of an annotation");
  }

  @Test
  void supplementaryGroupsAreNumbers() throws Exception {
    assertThat(app("i").process().supplementaryGids()).isEmpty();
    assertThat(app("i", "--supplementary-gids=").process().supplementaryGids()).contains(List.of());
    assertThat(app("i", "--supplementary-gids=5,0").process().supplementaryGids())
        .contains(List.of(5, 0));
    for (String wrong : List.of("audio", "-1", "4294967296", "2147483648", "", " 1", "0x1")) {
      refused(
          () -> parsed("i", "--supplementary-gids=1," + wrong),
          "--supplementary-gids: \"" + wrong + "\" is not a group");
    }
  }

  @Test
  void aManifestTakesThePlaceOfImagesAndOfWhatItCanSayItself(@TempDir Path directory)
      throws Exception {
    Path file = directory.resolve("pod.json");
    Files.writeString(
        file,
        """
        {"acVersion":"0.8.11","acKind":"PodManifest",
         "apps":[{"name":"a","image":{"name":"example.com/a","labels":[{"name":"version","value":"2"}]},
           "readOnlyRootFS":true,
           "mounts":[{"volume":"v","path":"/x"},
             {"volume":"v","path":"/y","appVolume":{"name":"v","kind":"empty"}}],
           "app":{"user":"0","group":"0","isolators":[{"name":"resource/cpu","value":1}]}}],
         "volumes":[{"name":"v","kind":"host","source":"/v"}],
         "isolators":[{"name":"resource/memory","value":2}],"userLabels":{"k":"l"}}
        """);
    String option = "--pod-manifest=" + file;
    RunLine line = parsed("--net=host", option);
    assertThat(line.pod().network()).isEqualTo(PodRequest.Network.HOST);
    assertThat(line.pod().isolators())
        .containsExactly(new Isolator("resource/memory", "2", Isolator.Origin.MANIFEST));
    assertThat(line.pod().metadata().userLabels()).isEqualTo(Map.of("k", "l"));
    assertThat(line.pod().volumes()).extracting(Volume::name).containsExactly("v", "a.v");
    RunLine.App app = line.apps().get(0);
    assertThat(app.image()).isEqualTo("example.com/a:2");
    assertThat(app.name()).contains("a");
    assertThat(app.storage())
        .isEqualTo(
            new StorageRequest(List.of(new Mounting("v", "/x"), new Mounting("a.v", "/y")), true));
    assertThat(app.app().orElseThrow().isolators()).isEqualTo(Map.of("resource/cpu", "1"));
    refused(() -> parsed(option, "i"), "the image i and --pod-manifest exclude each other");
    refused(
        () -> parsed(option, "--memory=1Mi"), "--memory=1Mi and --pod-manifest exclude each other");
    for (String other : List.of("--volume=w,kind=empty", "--set-env=A=1", "--label=a=b")) {
      refused(
          () -> parsed(option, other),
          other.substring(0, other.indexOf('=')) + " and --pod-manifest exclude each other");
    }
    Files.writeString(
        file,
        """
        {"acVersion":"0.8.11","acKind":"PodManifest","apps":[{"name":"a","image":{"name":"b"}}],
         "ports":[{"name":"http","hostPort":80}]}
        """);
    assertThat(parsed(option).pod().ports())
        .extracting(PodManifest.HostPort::name)
        .containsExactly("http");
    Files.writeString(file, "{");
    assertThatThrownBy(() -> parsed(option)).hasMessageContaining("the pod manifest " + file);
    Files.delete(file);
    refused(() -> parsed(option), "no such file: " + file);
  }

  @Test
  void theRootIsWritableUnlessSaidOtherwise() throws Exception {
    assertThat(app("i").storage().readOnlyRoot()).isFalse();
    assertThat(app("i", "--readonly-rootfs").storage().readOnlyRoot()).isTrue();
    assertThat(app("i", "--readonly-rootfs=false").storage().readOnlyRoot()).isFalse();
    assertThat(app("--readonly-rootfs", "i").image()).as("not its value").isEqualTo("i");
    assertThat(app("--readonly-rootfs", "false", "i").storage().readOnlyRoot()).isFalse();
  }
}
