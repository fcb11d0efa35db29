package rkt.stage1.main;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;
import rkt.stage1.run.Mounting;
import rkt.stage1.run.PodRequest;
import rkt.stage1.run.Volume;

class RunOptionsTest {
  private static ParseResult parsed(String... words) {
    CommandSpec spec = CommandSpec.create().name("run");
    RunOptions.describe(spec);
    return new CommandLine(spec).parseArgs(words);
  }

  private static void refused(ThrowingCallable call, String message) {
    assertThatThrownBy(call)
        .hasMessage(message)
        .isInstanceOfSatisfying(
            RktException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.USAGE));
  }

  @Test
  void whatIsBehindTheDashesIsForTheApp() throws Exception {
    ParseResult parsed = parsed("image", "--name=a", "--", "--net=host", "--", "-v", "");
    assertThat(RunOptions.image(parsed)).isEqualTo("image");
    assertThat(RunOptions.arguments(parsed)).containsExactly("--net=host", "--", "-v", "");
    assertThat(RunOptions.network(parsed)).isEqualTo(PodRequest.Network.NONE);
    assertThat(RunOptions.arguments(parsed("image"))).isEmpty();
    assertThat(RunOptions.arguments(parsed("image", "--"))).isEmpty();
  }

  @Test
  void aSecondImageIsRefused() {
    refused(
        () -> RunOptions.arguments(parsed("one", "two")),
        "one image at a time: \"two\" is one too many");
    refused(
        () -> RunOptions.arguments(parsed("one", "two", "--", "x")),
        "one image at a time: \"two\" is one too many");
  }

  @Test
  void anImageBehindTheDashesIsNoImage() {
    refused(() -> RunOptions.arguments(parsed("--", "image")), "no image given before --");
    refused(() -> RunOptions.arguments(parsed("--", "image", "x")), "no image given before --");
  }

  @Test
  void theNetworkIsNoneOrHost() throws Exception {
    assertThat(RunOptions.network(parsed("i"))).isEqualTo(PodRequest.Network.NONE);
    assertThat(RunOptions.network(parsed("i", "--net=host"))).isEqualTo(PodRequest.Network.HOST);
    refused(
        () -> RunOptions.network(parsed("i", "--net=bridge")), "--net does not know \"bridge\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-a", "a b", "a_b", "ä", "a/b", "a\nb"})
  void aHostNameIsOne(String name) {
    refused(
        () -> RunOptions.hostname(parsed("i", "--hostname", name)),
        "\"" + name + "\" is not a host name");
  }

  @Test
  void aHostNameMayHave64Characters() throws Exception {
    String longest = "a".repeat(64);
    assertThat(RunOptions.hostname(parsed("i", "--hostname=" + longest))).contains(longest);
    refused(
        () -> RunOptions.hostname(parsed("i", "--hostname=" + longest + "a")),
        "\"" + longest + "a\" is not a host name");
    assertThat(RunOptions.hostname(parsed("i"))).isEmpty();
  }

  @Test
  void limitsAreQuantities() throws Exception {
    assertThat(RunOptions.memory(parsed("i", "--memory=512Mi"))).hasValue(512 << 20);
    assertThat(RunOptions.cpu(parsed("i", "--cpu=0.5"))).hasValue(500);
    assertThat(RunOptions.cpu(parsed("i"))).isEmpty();
    refused(
        () -> RunOptions.memory(parsed("i", "--memory=lots")),
        "\"lots\" is not a quantity above zero");
  }

  @Test
  void volumesAndMountsAreReadInOrder() throws Exception {
    ParseResult parsed =
        parsed(
            "i",
            "--volume=b,kind=empty",
            "--volume=a,kind=host,source=/a",
            "--mount=volume=a,target=/x",
            "--mount=volume=b,target=/y");
    assertThat(RunOptions.volumes(parsed))
        .containsExactly(
            new Volume.Empty("b", 0755, 0, 0), new Volume.Host("a", Path.of("/a"), false, true));
    assertThat(RunOptions.mounts(parsed))
        .containsExactly(new Mounting("a", "/x"), new Mounting("b", "/y"));
    refused(
        () -> RunOptions.volumes(parsed("i", "--volume=a,kind=empty", "--volume=a,kind=empty")),
        "two volumes are called \"a\"");
  }

  @Test
  void laterVariablesWinAndValuesMayHoldAnything() throws Exception {
    ParseResult parsed =
        parsed(
            "i",
            "--environment=A=1",
            "--environment",
            "B=x=y,z",
            "--environment=A=",
            "--environment=C= ");
    assertThat(RunOptions.variables(parsed, "--environment"))
        .containsExactly(
            java.util.Map.entry("A", ""),
            java.util.Map.entry("B", "x=y,z"),
            java.util.Map.entry("C", " "));
  }

  @ParameterizedTest
  @ValueSource(strings = {"A", "=1", "A=\0"})
  void whatIsNoVariableIsRefused(String text) {
    refused(
        () -> RunOptions.variables(parsed("i", "--set-env", text), "--set-env"),
        "--set-env: \"" + text + "\" is not NAME=VALUE");
  }

  @Test
  void aFileSetsVariablesBelowTheOptions(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("env");
    Files.writeString(file, "# a comment\n\n  A=file  \n; another\nB=file\n");
    ParseResult parsed = parsed("i", "--set-env-file=" + file, "--set-env=A=option");
    assertThat(RunOptions.podVariables(parsed))
        .containsEntry("A", "option")
        .containsEntry("B", "file");
    Files.writeString(file, "A=1\nA=2\n");
    refused(() -> RunOptions.podVariables(parsed), file + " sets a variable twice: A=2");
    Files.writeString(file, "nonsense\n");
    refused(() -> RunOptions.podVariables(parsed), file + ": \"nonsense\" is not NAME=VALUE");
    Files.delete(file);
    refused(() -> RunOptions.podVariables(parsed), "no such file: " + file);
  }

  @Test
  void theRootIsWritableUnlessSaidOtherwise() throws Exception {
    assertThat(parsed("i").matchedOptionValue("--readonly-rootfs", false)).isFalse();
    assertThat(parsed("i", "--readonly-rootfs").matchedOptionValue("--readonly-rootfs", false))
        .isTrue();
    assertThat(parsed("i", "--readonly-rootfs=false").matchedOptionValue("--readonly-rootfs", true))
        .isFalse();
    assertThat(RunOptions.image(parsed("--readonly-rootfs", "i")))
        .as("not its value")
        .isEqualTo("i");
  }
}
