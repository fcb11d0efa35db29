package rkt.tests.store;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rkt.tests.Result;
import rkt.tests.Rkt;
import rkt.tests.Scale;

/**
 * The power is cut at any write of commands that fill and empty a store, start a pod and collect
 * it: what a command said is done is done, what it had begun is done or not, everything that is
 * there is whole, and all goes on.
 */
@Tag("crash")
class PowerCutCrashIT {
  private static final int CUTS = Scale.of(8, 200);
  private static final String BYPASS = "--insecure-options=image";
  private static final String ONE = "example.com/store/one";
  private static final String TWO = "example.com/store/two";
  private static final String WORDS = "usual words\n";

  /**
   * A command that was run.
   *
   * @param name of the image that it puts there or takes away; empty if none
   * @param isThere whether that is in the store when it has ended
   * @param begin how long the log was before
   * @param end how long it was after
   */
  private record Step(List<String> words, String name, boolean isThere, long begin, long end) {}

  @Test
  void whatWasDoneIsDoneWhatWasBegunIsDoneOrNotAndAllGoesOn() throws Exception {
    try (Rkt rkt = Rkt.fresh();
        LoggedDisk disk = new LoggedDisk(rkt.home())) {
      Path one = image(rkt, "one");
      Path two = image(rkt, "two");
      List<Step> steps = new ArrayList<>();
      Rkt there = rkt.withData(disk.point().resolve("data"));
      long empty = disk.position();
      step(disk, there, steps, ONE, true, BYPASS, "image", "import", one.toString());
      step(disk, there, steps, "", false, BYPASS, "run", "--net=none", ONE);
      step(disk, there, steps, TWO, true, BYPASS, "fetch", two.toString());
      step(disk, there, steps, "", false, "gc", "--grace-period=0");
      step(disk, there, steps, ONE, false, "image", "rm", ONE);
      step(disk, there, steps, "", false, "image", "gc", "--grace-period=1h");
      step(disk, there, steps, ONE, true, BYPASS, "image", "import", one.toString());
      step(disk, there, steps, TWO, false, "image", "rm", TWO);
      long last = disk.position();
      disk.end();
      List<LoggedDisk.Entry> entries = disk.entries(last);
      int first = disk.entries(empty).size();
      assertThat(entries.size() - first).as("writes and flushes").isGreaterThan(100);

      Path image = rkt.home().resolve("replayed");
      Random random = new Random(11);
      for (int i = 0; i < CUTS; i++) {
        int cut = first + random.nextInt(entries.size() - first + 1);
        disk.replay(entries, cut, random, image);
        Path point = Files.createDirectory(rkt.home().resolve("again" + i));
        BuiltImage.ok("mount", "-o", "loop", image.toString(), point.toString());
        try {
          long written = entries.get(cut - 1).end();
          String after = "cut at %d of %d, %d bytes".formatted(cut, entries.size(), written);
          look(rkt.withData(point.resolve("data")), after, steps, written, one, two);
        } finally {
          BuiltImage.ok("umount", point.toString());
        }
      }
    }
  }

  private static Path image(Rkt rkt, String name) throws Exception {
    byte[] noise = new byte[3 << 20];
    new Random(name.hashCode()).nextBytes(noise);
    return new BuiltImage(rkt, name)
        .withShell("sh", "cat")
        .file("words", WORDS.getBytes(UTF_8))
        .file("noise", noise)
        .build(name, "");
  }

  private static void step(
      LoggedDisk disk, Rkt rkt, List<Step> steps, String name, boolean isThere, String... words)
      throws Exception {
    long begin = disk.position();
    rkt.ok(words);
    steps.add(new Step(Arrays.asList(words), name, isThere, begin, disk.position()));
  }

  /** After the machine has started again. */
  private static void look(
      Rkt rkt, String after, List<Step> steps, long written, Path one, Path two) throws Exception {
    Path trees = rkt.data().resolve("trees");
    if (Files.isDirectory(trees)) {
      boot(trees);
    }
    StoreState.assertSound(rkt, after);
    List<String> names = names(rkt);
    for (String name : List.of(ONE, TWO)) {
      boolean isThere = false;
      boolean isSure = true;
      for (Step step : steps) {
        if (step.name().equals(name) && step.begin() < written) {
          isSure = step.end() <= written;
          isThere = step.isThere();
        }
      }
      if (isSure) {
        assertThat(names.contains(name)).as("%s: %s is there", after, name).isEqualTo(isThere);
      }
    }
    for (String name : names) {
      Result run = rkt.run(BYPASS, "run", "--net=none", name);
      assertThat(run.status()).as("%s: %s", after, run).isZero();
      assertThat(run.out()).as("%s: %s", after, run).isEqualTo(WORDS);
    }
    for (Path aci : List.of(one, two)) {
      rkt.ok(BYPASS, "image", "import", aci.toString());
    }
    StoreState.assertSound(rkt, after);
    rkt.assertNothingIsLeftAfterGc();
    StoreState.assertEmptyAfterGc(rkt, after);
  }

  private static List<String> names(Rkt rkt) throws Exception {
    List<String> names = new ArrayList<>();
    for (String line : rkt.ok("image", "list", "--no-legend", "--fields=name").lines()) {
      names.add(line.strip());
    }
    return names;
  }

  /** Trees that this boot of the machine had in its memory are none for the next. */
  private static void boot(Path trees) throws Exception {
    String id = Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
    try (Stream<Path> marks = Files.find(trees, 2, (mark, _) -> mark.endsWith("complete"))) {
      for (Path mark : marks.toList()) {
        String text = Files.readString(mark, ISO_8859_1);
        Files.writeString(mark, text.replace(id, new UUID(1, 2).toString()), ISO_8859_1);
      }
    }
  }
}
