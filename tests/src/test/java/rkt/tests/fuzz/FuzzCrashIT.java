package rkt.tests.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The readers of foreign bytes under Jazzer, which changes what it feeds them until they go another
 * way: each in a Java of its own with a heap of 512 MiB. With tests/all --long all of them, ten
 * minutes each; else one, for some seconds.
 */
@Tag("crash")
final class FuzzCrashIT {
  private static final boolean IS_LONG = Boolean.getBoolean("rkt.long");
  private static final int SECONDS = IS_LONG ? 600 : 5;

  /** To start, and to end, on a machine that does much else. */
  private static final int LENIENCE_SECONDS = 300;

  private static final String INSTRUMENTED =
      "rkt.**:org.bouncycastle.bcpg.**:org.jsoup.**"
          + ":com.fasterxml.jackson.dataformat.**:org.yaml.snakeyaml.**:org.apache.commons.compress.archivers.tar.**";

  @TempDir Path directory;

  /** What Jazzer said, and whether it found nothing. */
  private record Outcome(int status, String log) {}

  static Stream<FuzzTarget> targets() {
    return IS_LONG ? Stream.of(FuzzTarget.values()) : Stream.of(FuzzTarget.SIGNATURE);
  }

  @ParameterizedTest
  @MethodSource("targets")
  void nothingBreaksAReader(FuzzTarget target) throws Exception {
    Outcome outcome = fuzz(target.name(), target.seeds(), SECONDS);
    assertThat(outcome.status()).as("%s", outcome.log()).isZero();
    assertThat(outcome.log()).containsPattern("Done [0-9]{2,} runs in");
  }

  @Test
  void whatIsBrokenWouldBeFound() throws Exception {
    Outcome outcome = fuzz(Fuzz.PLANTED, List.of(new byte[] {'r', 'k', 'x', 'x'}), 120);
    assertThat(outcome.status()).as("%s", outcome.log()).isNotZero();
    assertThat(outcome.log()).contains("IllegalStateException: planted");
  }

  private Outcome fuzz(String target, List<byte[]> seeds, int seconds)
      throws IOException, InterruptedException {
    Path corpus = Files.createDirectory(directory.resolve("corpus"));
    for (int i = 0; i < seeds.size(); i++) {
      Files.write(corpus.resolve("seed-" + i), seeds.get(i));
    }
    Path log = directory.resolve("log");
    Process jazzer =
        new ProcessBuilder(command(target, corpus, seconds))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      boolean hasEnded = jazzer.waitFor(seconds + LENIENCE_SECONDS, TimeUnit.SECONDS);
      assertThat(hasEnded).as("has ended: %s", Files.readString(log)).isTrue();
      return new Outcome(jazzer.exitValue(), Files.readString(log));
    } finally {
      jazzer.destroyForcibly().waitFor();
    }
  }

  private List<String> command(String target, Path corpus, int seconds) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin/java").toString());
    command.addAll(List.of("-Xmx512m", "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED"));
    command.addAll(List.of("-Drkt.fuzz=" + target, "-cp", System.getProperty("java.class.path")));
    command.add("com.code_intelligence.jazzer.Jazzer");
    command.add("--target_class=" + Fuzz.class.getName());
    command.add("--instrumentation_includes=" + INSTRUMENTED);
    command.add("--reproducer_path=" + directory);
    command.add("-artifact_prefix=" + directory + "/");
    command.addAll(List.of("-max_total_time=" + seconds, "-timeout=10", "-max_len=16384"));
    command.addAll(List.of("-rss_limit_mb=0", "-print_final_stats=1", corpus.toString()));
    return command;
  }
}
