package rkt.tests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What goes into an app and comes out of it: exactly the bytes, and no other descriptors. */
@Tag("privileged")
class StreamsIT extends PodTests {
  @Test
  void aMebibyteOfBytesPassesThroughAnInteractiveAppUnchanged() throws Exception {
    byte[] bytes = new byte[1 << 20];
    new Random(1).nextBytes(bytes);

    Result result = rkt.call("run", "--interactive", "--exec=/bin/cat", image).stdin(bytes).run();

    assertThat(result.status()).as("%s", result.err()).isZero();
    assertThat(result.stdout()).isEqualTo(bytes);
    assertThat(result.err()).isEmpty();
  }

  @Test
  void anInteractiveAppSeesTheEndOfItsInput() throws Exception {
    Result result =
        rkt.call(words("wc -c; echo done >&2; exit 5", "--interactive"))
            .stdin("abc".getBytes(UTF_8))
            .run();

    assertThat(result.status()).isEqualTo(5);
    assertThat(result.out().strip()).isEqualTo("3");
    assertThat(result.err()).isEqualTo("done\n");
  }

  @Test
  void withoutInteractiveStandardInputIsTheNullDevice() throws Exception {
    Result result =
        rkt.call(words("stat -L -c '%F %t:%T' /proc/self/fd/0; cat | wc -c"))
            .stdin("secret".getBytes(UTF_8))
            .run();

    assertThat(result.out()).isEqualTo("character special file 1:3\n0\n");
  }

  @Test
  void everyByteValueComesOutOfBothStreams() throws Exception {
    String all = "i=0; while [ $i -lt 256 ]; do printf \"\\\\$(printf %o $i)\"; i=$((i+1)); done";
    Result result = sh("f() { " + all + "; }; f; f >&2");

    byte[] expected = new byte[256];
    for (int i = 0; i < 256; i++) {
      expected[i] = (byte) i;
    }
    assertThat(result.stdout()).isEqualTo(expected);
    assertThat(result.err()).isEqualTo(new String(expected, UTF_8));
  }

  @Test
  void aReaderThatGoesAwayEndsTheAppByItsSignalOnly() throws Exception {
    Result result =
        rkt.call(words("yes 2>/dev/null"))
            .under("sh", "-c", "\"$@\" | head -n 1; echo ${PIPESTATUS:-}", "sh")
            .run();

    assertThat(result.out()).startsWith("y\n");
    assertThat(result.err()).isEmpty();
  }

  @Test
  void theAppHasThreeDescriptorsWhateverTheCallerHadOpen() throws Exception {
    Result result =
        rkt.call(
                words(
                    "ls -C /proc/self/fd/; for i in 3 4 5 6 7 8 9 10; do [ -e /proc/$$/fd/$i ] && echo $i; done; echo end"))
            .under("bash", "-c", "exec \"$@\" 7</ 8</root 9</etc 15>/dev/null", "sh")
            .run();

    // 3 is the directory that ls itself reads.
    assertThat(result.out().strip().split("\\s+")).containsExactly("0", "1", "2", "3", "end");
  }

  @Test
  void process1OfThePodHasNoDescriptorOfTheCaller() throws Exception {
    Path uuid = rkt.home().resolve("uuid-fd");
    try (Running pod =
        rkt.call(words("echo ready; sleep 1000", "--uuid-file-save=" + uuid))
            .under("bash", "-c", "exec \"$@\" 7</ 8</root 9</etc", "sh")
            .start()
            .awaitOutput("ready")) {
      long init = rkt.initPid(uuidIn(uuid));
      for (long pid : HostState.descendants(pod.pid())) {
        try (var descriptors = Files.list(Path.of("/proc/" + pid + "/fd"))) {
          assertThat(descriptors.filter(Files::isDirectory).map(HostState::link))
              .as("directories that process %s has open", pid)
              .isSubsetOf(rkt.data() + "/pods/run/" + uuidIn(uuid));
        }
      }
      assertThat(HostState.link(Path.of("/proc/" + init + "/root"))).isEqualTo("/");
    }
  }

  private static String uuidIn(Path file) throws IOException {
    return Files.readString(file).strip();
  }

  @Test
  void onATerminalTheAppHasATerminalOfItsOwnWithTheSizeOfTheCallers() throws Exception {
    String script = "tty; stty size; [ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo terminal; exit 6";
    Result result = terminal("stty rows 33 cols 99; ", words(script, "--interactive"));

    assertThat(result.status()).as("%s", result).isEqualTo(6);
    assertThat(result.out().replace("\r", ""))
        .containsPattern("/dev/(pts/0|console)\n33 99\nterminal\n");
  }

  @Test
  void aTerminalPassesKeysOnAndIsAsItWasAfterwards() throws Exception {
    Result result =
        terminal(
            "before=$(stty -g); ",
            "; [ \"$before\" = \"$(stty -g)\" ] && echo same",
            words("read line; echo got $line", "--interactive"),
            "hello\n");

    assertThat(result.out().replace("\r", "")).contains("got hello\n").contains("same\n");
  }

  @Test
  void theControlCOfATerminalInterruptsTheApp() throws Exception {
    Result result =
        terminal(
            "",
            "; echo status $?",
            words("trap 'echo caught; exit 8' INT; while :; do sleep 0.05; done", "--interactive"),
            "\003");

    assertThat(result.out().replace("\r", "")).contains("caught\n").contains("status 8\n");
  }

  private Result terminal(String before, String... words) throws Exception {
    return terminal(before, "", words, "");
  }

  /** Runs rkt on a fresh terminal, types {@code keys} after a while, and prints what is shown. */
  private Result terminal(String before, String after, String[] words, String keys)
      throws Exception {
    String python =
        "import os,pty,sys,time,select\n"
            + "pid,fd=pty.fork()\n"
            + "if pid==0: os.execvp('bash',['bash','-c',sys.argv[1]+'\"$@\"'+sys.argv[2],'sh']+sys.argv[4:])\n"
            + "keys=sys.argv[3].encode(); t=time.time(); out=b''\n"
            + "while True:\n"
            + "  r,_,_=select.select([fd],[],[],0.1)\n"
            + "  if keys and time.time()-t>1.5: os.write(fd,keys); keys=b''\n"
            + "  if r:\n"
            + "    try: d=os.read(fd,4096)\n"
            + "    except OSError: break\n"
            + "    if not d: break\n"
            + "    os.write(1,d)\n"
            + "_,s=os.waitpid(pid,0)\n"
            + "sys.exit(os.waitstatus_to_exitcode(s))\n";
    return rkt.call(words)
        .env("TERM", "vt100")
        .under("python3", "-c", python, before, after, keys)
        .run();
  }
}
