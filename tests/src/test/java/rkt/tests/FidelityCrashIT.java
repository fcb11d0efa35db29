package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What comes out of a pod is what the app gave, to the byte and to the number, and whatever ends
 * rkt at whatever moment leaves nothing behind.
 */
@Tag("crash")
class FidelityCrashIT extends PodTests {
  private static final long SEED = 20261128;

  /** Signals whose default action ends a process, but KILL, which nobody passes on. */
  private static final List<String> DEADLY = List.of("HUP", "INT", "QUIT", "USR1", "USR2", "TERM");

  private static final Map<String, Integer> NUMBERS =
      Map.of("HUP", 1, "INT", 2, "QUIT", 3, "USR1", 10, "USR2", 12, "TERM", 15);

  @Test
  void everyExitStatusPassesThrough() throws Exception {
    int step = Scale.of(23, 1);
    for (int status = 0; status < 256; status += step) {
      assertThat(sh("exit " + status).status()).isEqualTo(status);
    }
    assertThat(sh("exit 255").status()).isEqualTo(255);
  }

  @Test
  void everySignalThatEndsAnAppIsTold() throws Exception {
    List<Integer> signals = new ArrayList<>(List.of(1, 9, 15, 31, 34, 64));
    for (int signal = 2; signal <= Scale.of(0, 64); signal++) {
      // Those that stop or are ignored, the two that glibc keeps, and those above.
      boolean ends = signal < 17 || signal > 23 || signal == 23;
      if (ends && signal != 18 && signal != 23 && signal != 28 && signal != 32 && signal != 33) {
        signals.add(signal);
      }
    }
    for (int signal : signals) {
      Result result = sh("exec probe signal " + signal);
      assertThat(result.status()).as("%s", result).isEqualTo(128 + signal);
    }
  }

  @Test
  void aGibibyteComesOutAsItWentIn() throws Exception {
    String bytes = Integer.toString(1 << 30);
    String text = "yes 0123456789abcdefghijklmnopqrstuvwxyz | head -c " + bytes;

    Result result =
        rkt.call(words(text))
            .within(Duration.ofMinutes(5))
            .under("bash", "-c", "set -o pipefail; \"$@\" | cmp - <(" + text + ")", "bash")
            .run();

    assertThat(result.status()).as("%s", result).isZero();
  }

  @Test
  void binaryInputArrivesAsItIs() throws Exception {
    Path file = rkt.home().resolve("random");
    byte[] random = new byte[32 << 20];
    new Random(SEED).nextBytes(random);
    Files.write(file, random);
    try {
      Result result =
          rkt.call(words("exec cat", "--interactive"))
              .within(Duration.ofMinutes(5))
              .under("bash", "-c", "set -o pipefail; \"$@\" < " + file + " | cmp - " + file, "bash")
              .run();

      assertThat(result.status()).as("%s", result).isZero();
    } finally {
      Files.delete(file);
    }
  }

  @Test
  void aSignalAtAnyMomentEndsThePodWithItsNumber() throws Exception {
    List<String> mounts = HostState.mounts();
    Random random = new Random(SEED);
    for (int i = 0; i < Scale.of(36, 600); i++) {
      String signal = DEADLY.get(i % DEADLY.size());
      // A caller in the background of a script ignores INT and QUIT, and hands that down.
      // What has no effect on Java may have none at all.
      String app = "echo one; exec sleep " + (signal.equals("USR2") ? "2" : "60");
      Call call = rkt.call(words(app)).under("env", "--default-signal");
      try (Running pod = call.openStdin().start()) {
        Thread.sleep(random.nextInt(300));
        pod.signal(signal);
        Result result = pod.await();
        assertThat(result.status()).as("%s after %s", signal, result).isIn(expected(signal));
      }
    }
    rkt.assertNothingIsLeftAfterGc();
    assertThat(HostState.mounts()).isEqualTo(mounts);
  }

  /** USR2 is Java's own: as long as there is one, it has no effect. */
  private static List<Integer> expected(String signal) {
    int ended = 128 + NUMBERS.get(signal);
    return signal.equals("USR2") ? List.of(ended, 0) : List.of(ended);
  }

  @Test
  void aReaderThatLeavesAtAnyMomentEndsTheAppThatWrites() throws Exception {
    List<String> mounts = HostState.mounts();
    Random random = new Random(SEED);
    for (int i = 0; i < Scale.of(20, 300); i++) {
      String wait = "0." + (100 + random.nextInt(300));
      Result result =
          rkt.call(words("exec yes"))
              .under("bash", "-c", "\"$@\" | sleep " + wait + "; exit ${PIPESTATUS[0]}", "bash")
              .run();
      assertThat(result.status()).as("%s", result).isEqualTo(128 + 13);
    }
    rkt.assertNothingIsLeftAfterGc();
    assertThat(HostState.mounts()).isEqualTo(mounts);
  }
}
