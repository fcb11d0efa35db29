package rkt.tests;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * One command line again and again, from a shell, which starts it with less work than we do. What
 * it prints is kept by round.
 */
final class Loop {
  private static final String SCRIPT =
      "n=$1; shift; i=0; while [ $i -lt $n ]; do"
          + " \"$@\" 2>&1; echo \"=== $?\"; i=$((i+1)); done";

  private Loop() {}

  /**
   * What became of one round.
   *
   * @param out both streams
   */
  record Round(int status, String out) {}

  /**
   * Runs {@code call} {@code times} times, one after the other.
   *
   * @param under the words of another command to start each through
   */
  static List<Round> run(Call call, int times, String... under)
      throws IOException, InterruptedException {
    List<String> shell =
        new ArrayList<>(List.of("sh", "-c", SCRIPT, "sh", Integer.toString(times)));
    shell.addAll(List.of(under));
    Result result =
        call.within(Duration.ofMinutes(5).plusSeconds(3L * times))
            .under(shell.toArray(new String[0]))
            .run();
    List<Round> rounds = new ArrayList<>();
    StringBuilder out = new StringBuilder();
    for (String line : result.lines()) {
      if (line.startsWith("=== ")) {
        rounds.add(new Round(Integer.parseInt(line.substring(4)), out.toString()));
        out.setLength(0);
      } else {
        out.append(line).append('\n');
      }
    }
    if (rounds.size() != times) {
      throw new AssertionError(rounds.size() + " of " + times + " rounds: " + result);
    }
    return rounds;
  }
}
