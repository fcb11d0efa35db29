package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A person before a terminal: the app has one of its own, and theirs comes back as it was. */
@Tag("privileged")
class TerminalIT extends PodTests {
  private static final String INTERRUPT = "\003";
  private static final String SUSPEND = "\032";

  private Console console(String script) throws Exception {
    return Console.of(rkt.call(words(script, "--interactive")));
  }

  @Test
  void theSizeOfTheWindowIsPassedOnAtTheStartAndWhenItChanges() throws Exception {
    String script =
        "trap 'stty size; exit 4' WINCH; stty size; echo ready; while :; do sleep 0.05; done";
    try (Console console = console(script)) {
      console.await("ready").resize(41, 123);

      assertThat(console.ended()).contains("30 100\n", "41 123\n", "restored\nstatus=4.");
    }
  }

  @Test
  void theTerminalIsOneOfTheAppsOwn() throws Exception {
    try (Console console =
        console("stat -L -c 'major %t' /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2; tty")) {
      String shown = console.ended();

      assertThat(shown).contains("major 88\nmajor 88\nmajor 88\n");
      assertThat(shown).containsPattern("/dev/(pts/0|console)\n");
    }
  }

  @Test
  void aShellControlsItsJobs() throws Exception {
    try (Console console = Console.of(rkt.call("run", "--interactive", image, "--", "-i"))) {
      console.type("echo up-$((1+1))\r").await("up-2");
      console.type("sleep 1000\r");
      awaitProcess(console, "sleep 1000");
      console.type(SUSPEND).await("Stopped");
      console.type("fg\r");
      awaitProcess(console, "sleep 1000");
      console.type(INTERRUPT).await("^C");
      console.type("echo over-$?\r").await("over-130");
      console.type("exit 11\r");

      assertThat(console.ended()).contains("restored\nstatus=11.");
    }
  }

  /** Keys that come before the program has the terminal would go to the shell. */
  private static void awaitProcess(Console console, String line) throws Exception {
    for (int i = 0; i < 1200; i++) {
      try (var all = Files.list(Path.of("/proc"))) {
        for (Path process : (Iterable<Path>) all::iterator) {
          if (isForeground(process, line)) {
            return;
          }
        }
      }
      Thread.sleep(50);
    }
    throw new AssertionError("no " + line + ": " + console.shown());
  }

  private static boolean isForeground(Path process, String line) {
    try {
      String words = Files.readString(process.resolve("cmdline")).replace('\0', ' ').strip();
      String stat = Files.readString(process.resolve("stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      return words.equals(line) && fields[2].equals(fields[5]) && fields[0].equals("S");
    } catch (java.io.IOException e) {
      return false; // not a process, or no more
    }
  }

  @Test
  void stoppingThePodGivesTheTerminalBack() throws Exception {
    Path uuid = rkt.home().resolve("uuid-stop");
    try (Console console =
        Console.of(
            rkt.call(
                words("echo ready; sleep 1000", "--interactive", "--uuid-file-save=" + uuid)))) {
      console.await("ready");
      rkt.ok("stop", "--force", "--uuid-file=" + uuid);

      // The supervisor itself was killed: nothing can restore the terminal then.
      assertThat(console.ended()).contains("status=137.");
    }
    try (Console console =
        Console.of(
            rkt.call(
                words(
                    "trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done",
                    "--interactive",
                    "--uuid-file-save=" + uuid)))) {
      console.await("ready");
      rkt.ok("stop", "--uuid-file=" + uuid);

      assertThat(console.ended()).contains("restored\nstatus=0.");
    }
  }

  @Test
  void aSignalThatEndsTheAppGivesTheTerminalBack() throws Exception {
    try (Console console = console("echo ready; kill -KILL $$")) {
      assertThat(console.ended()).contains("restored\nstatus=137.");
    }
  }

  @Test
  void closingTheWindowHangsTheAppUp() throws Exception {
    Path uuid = rkt.home().resolve("uuid-hup");
    try (Console console =
        Console.of(
            rkt.call(
                words(
                    "echo ready; cat; sleep 1000", "--interactive", "--uuid-file-save=" + uuid)))) {
      console.await("ready").hangUp();

      String status = rkt.ok("status", "--wait", "--uuid-file=" + uuid).out();
      assertThat(status).contains("state=exited\n");
    }
  }

  @Test
  void inTheBackgroundTheTerminalIsLeftAlone() throws Exception {
    String script =
        "set -m; before=$(stty -g); \"$@\" & "
            + "read line; [ \"$before\" = \"$(stty -g)\" ] && echo untouched-$line;"
            + " fg >/dev/null; echo status=$?.";
    try (Console console =
        Console.under(
            rkt.call(words("echo ready; read line; echo got-$line; exit 3", "--interactive")),
            script)) {
      console.await("ready").type("first\r").await("untouched-first");
      console.type("second\r").await("got-second");

      assertThat(console.ended()).contains("status=3.");
    }
  }

  @Test
  void enteringAPodGivesATerminalOfThePodsOwn() throws Exception {
    try (Pod pod = pod("sleep 1000");
        Console console = Console.of(rkt.call("exec", pod.uuid()))) {
      console.type("stty size; tty; echo $((40+2)) $TERM\r").await("42 vt100");
      assertThat(console.shown()).contains("30 100\n").containsPattern("/dev/pts/[0-9]+\n");
      console.type("sleep 1001\r");
      awaitProcess(console, "sleep 1001");
      console.type(SUSPEND).await("Stopped");
      // The first time the shell only says that there is a job.
      console.type("exit 9\r").await("You have stopped jobs").type("exit 9\r");

      assertThat(console.ended()).contains("restored\nstatus=9.");
      assertThat(pod.running().isAlive()).isTrue();
    }
  }
}
