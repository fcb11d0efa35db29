package rkt.stage1.launch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The same terminal path serves supervise and enter; enter is the one that needs no second plan.
 */
@Tag("privileged")
@Timeout(60)
final class TerminalIT {
  @TempDir Path directory;

  @BeforeEach
  void compileTheHelper() throws Exception {
    assertThat(
            new ProcessBuilder("gcc", "-o", directory.resolve("pty").toString(), "src/test/c/pty.c")
                .inheritIO()
                .start()
                .waitFor())
        .isZero();
  }

  @Test
  void bytesAreRelayedBothWaysAndTheTerminalIsRestored() throws Exception {
    String script =
        "stty size; test -t 0 && test -t 1 && echo a-tty; echo ready; read line;"
            + " echo \"got $line\"; seq 1 2000; exit 9";
    LaunchPlan plan =
        LaunchPlan.enter(
            new LaunchPlan.Enter(0, 30),
            List.of(),
            RunningPod.app(
                "shell",
                script,
                new Op.Setsid(Label.of("start a session")),
                new Op.Dup(Label.of("give stdin"), 31, 0),
                new Op.Dup(Label.of("give stdout"), 31, 1),
                new Op.Dup(Label.of("give stderr"), 31, 2),
                new Op.ControllingTerminal(Label.of("take the terminal"), 0)));
    Files.write(directory.resolve("plan"), plan.encode());
    String podInit =
        Path.of(System.getProperty("pod-init", "target/pod-init")).toAbsolutePath().toString();
    String inner =
        "stty rows 33 cols 77; ./pty 30 31 "
            + podInit
            + " enter 9 9<plan; echo status=$?;"
            + " stty -a | grep -qw -- icanon && stty -a | grep -qw -- echo && echo restored";
    Path out = directory.resolve("out");
    Process terminal =
        new ProcessBuilder("script", "-qec", inner, "/dev/null")
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(out.toFile())
            .start();
    RunningPod.await(out, "ready");
    OutputStream keyboard = terminal.getOutputStream();
    keyboard.write("hello\r".getBytes(UTF_8));
    keyboard.flush();
    RunningPod.await(out, "restored");
    assertThat(terminal.waitFor(20, TimeUnit.SECONDS)).isTrue();
    keyboard.close();
    assertThat(Files.readString(out).replace("\r", ""))
        .startsWith("33 77\na-tty\nready\n")
        .contains("got hello\n1\n2\n")
        .contains("1999\n2000\nstatus=9\nrestored\n");
  }

  @Test
  void endOfTransmissionAndInterruptAreTheAppsOwn() throws Exception {
    LaunchPlan plan =
        LaunchPlan.enter(
            new LaunchPlan.Enter(0, 30),
            List.of(),
            RunningPod.app(
                "shell",
                "trap 'echo int' INT; echo ready; cat; echo; cat; echo end",
                new Op.Setsid(Label.of("start a session")),
                new Op.Dup(Label.of("give stdin"), 31, 0),
                new Op.Dup(Label.of("give stdout"), 31, 1),
                new Op.Dup(Label.of("give stderr"), 31, 2),
                new Op.ControllingTerminal(Label.of("take the terminal"), 0)));
    Files.write(directory.resolve("plan"), plan.encode());
    String podInit =
        Path.of(System.getProperty("pod-init", "target/pod-init")).toAbsolutePath().toString();
    Path out = directory.resolve("out");
    Process terminal =
        new ProcessBuilder(
                "script", "-qec", "./pty 30 31 " + podInit + " enter 9 9<plan", "/dev/null")
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(out.toFile())
            .start();
    RunningPod.await(out, "ready");
    OutputStream keyboard = terminal.getOutputStream();
    keyboard.write(3); // ^C ends the first cat
    keyboard.flush();
    RunningPod.await(out, "int");
    TimeUnit.MILLISECONDS.sleep(200); // until the second cat reads
    keyboard.write(4); // ^D ends the second
    keyboard.flush();
    RunningPod.await(out, "end");
    assertThat(terminal.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(terminal.exitValue()).isZero();
    keyboard.close();
  }
}
