package rkt.verify.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The audit log under everything that stops a process or a disk in the middle of a record. */
@Tag("crash")
final class AuditLogCrashIT {
  private static final int WRITERS = 16;
  private static final int ROUNDS = Boolean.getBoolean("rkt.long") ? 50 : 1;
  private static final String ENDLESS = "1000000";
  private static final String SMALL_SEGMENTS = "20000";

  /** So that there are several even if each writer gets to one record only. */
  private static final String TINY_SEGMENTS = "2000";

  @TempDir Path directory;

  private record Writer(String name, Process process, Path output) {}

  private static List<String> writer(Path data, String name, String count, String segment) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin/java").toString(),
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-Xmx64m",
        "-cp",
        System.getProperty("java.class.path"),
        AuditWriter.class.getName(),
        data.toString(),
        name,
        count,
        segment);
  }

  private Process start(List<String> command, Path output) throws IOException {
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(output.toFile())
        .start();
  }

  @Test
  void sixteenProcessesThatAreKilledAtAnyMomentKeepTheChainAndWhatTheyWerePromised()
      throws Exception {
    Path data = Files.createDirectory(directory.resolve("data"));
    Random random = new Random(1);
    Map<String, Long> promised = new HashMap<>();
    for (int round = 0; round < ROUNDS; round++) {
      List<Writer> writers = new ArrayList<>();
      try {
        for (int i = 0; i < WRITERS; i++) {
          String name = "writer-" + round + "-" + i;
          Path output = directory.resolve(name);
          List<String> command = writer(data, name, ENDLESS, TINY_SEGMENTS);
          writers.add(new Writer(name, start(command, output), output));
        }
        for (Writer one : writers) {
          awaitRecord(one.process(), one.output());
          Thread.sleep(random.nextInt(40)); // to be killed anywhere, which is the point
          one.process().destroyForcibly().waitFor();
        }
      } finally {
        for (Writer one : writers) {
          one.process().destroyForcibly().waitFor();
        }
      }
      for (Writer one : writers) {
        promised.put(one.name(), last(one.output()));
      }
    }
    assertThat(Files.exists(data.resolve("audit/00000002.jsonl"))).as("rotated").isTrue();
    Process after = start(writer(data, "after", "1", TINY_SEGMENTS), directory.resolve("after"));
    assertThat(ended(after)).as(Files.readString(directory.resolve("after"))).isZero();
    Map<String, Long> found = new HashMap<>();
    AuditCheck check =
        AuditCheck.of(
            data,
            (record, _) -> {
              if (record.string("event").equals("run")) {
                long number = record.integer("status");
                Long before = found.put(record.string("name"), number);
                assertThat(number).isEqualTo(before == null ? 1 : before + 1);
              }
            });
    assertThat(check.problems()).isEmpty();
    promised.forEach(
        // The very last may have been written and not yet told of.
        (name, last) -> assertThat(found.get(name)).as(name).isBetween(last, last + 1));
  }

  private static void awaitRecord(Process writer, Path output) throws Exception {
    for (int i = 0; i < 6000 && last(output) == 0; i++) {
      assertThat(writer.isAlive()).as(Files.readString(output)).isTrue();
      Thread.sleep(10);
    }
    assertThat(last(output)).isPositive();
  }

  /** The last number that was printed whole. */
  private static long last(Path output) throws IOException {
    String text = Files.readString(output);
    List<String> lines = text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    return lines.isEmpty() ? 0 : Long.parseLong(lines.getLast());
  }

  /** Its status; a process that does not end is a failure, not a wait for ever. */
  private static int ended(Process process) throws InterruptedException {
    boolean hasEnded = process.waitFor(300, TimeUnit.SECONDS);
    int status = process.destroyForcibly().waitFor();
    assertThat(hasEnded).as("has ended").isTrue();
    return status;
  }

  private List<String> run(List<String> command) throws Exception {
    Path output = directory.resolve("output");
    ended(start(command, output));
    return Files.readAllLines(output);
  }

  @Test
  void aDiskThatDoesNotSyncKeepsNothingOfTheRecord() throws Exception {
    Path data = Files.createDirectory(directory.resolve("data"));
    assertThat(run(writer(data, "good", "2", SMALL_SEGMENTS))).containsExactly("1", "2");
    List<String> failing =
        new ArrayList<>(
            List.of("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e"));
    failing.add("inject=fdatasync:error=EIO");
    failing.addAll(writer(data, "bad", "1", SMALL_SEGMENTS));
    assertThat(run(failing))
        .singleElement()
        .asString()
        .startsWith("refused SYSTEM cannot write the audit log in ")
        .contains("Input/output error");
    AuditCheck check = AuditCheck.of(data);
    assertThat(check.problems()).isEmpty();
    assertThat(check.records()).isEqualTo(2);
    assertThat(run(writer(data, "good", "1", SMALL_SEGMENTS))).containsExactly("1");
    assertThat(AuditCheck.of(data).problems()).isEmpty();
  }

  @Test
  void aFullDiskRefusesAndTheLogGoesOnWhenThereIsSpace() throws Exception {
    Path data = Files.createDirectory(directory.resolve("data"));
    Path copy = directory.resolve("copy");
    String script =
        """
        mount -t tmpfs -o size=64k,mode=0700 tmpfs "$0" || exit 99
        "$@"; echo "status $?"
        mount -o remount,size=64m "$0" || exit 98
        "$@" >/dev/null; echo "again $?"
        cp -r "$0/audit" %s
        """
            .formatted(copy);
    List<String> command =
        new ArrayList<>(List.of("unshare", "-m", "sh", "-c", script, data.toString()));
    command.addAll(writer(data, "writer", "500", SMALL_SEGMENTS));
    List<String> output = run(command);
    int refused = output.size() - 3;
    assertThat(output.get(refused))
        .startsWith("refused SYSTEM cannot write the audit log in ")
        .contains("No space left");
    assertThat(output.subList(refused + 1, output.size())).containsExactly("status 1", "again 0");
    Files.createDirectory(directory.resolve("log"));
    Files.move(copy, directory.resolve("log/audit"));
    AuditCheck check = AuditCheck.of(directory.resolve("log"));
    assertThat(check.problems()).isEmpty();
    assertThat(check.records()).as("and none of the one that was refused").isEqualTo(refused + 500);
  }
}
