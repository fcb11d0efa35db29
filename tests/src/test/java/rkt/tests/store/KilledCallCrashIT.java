package rkt.tests.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import rkt.tests.Call;
import rkt.tests.Images;
import rkt.tests.Result;
import rkt.tests.Rkt;
import rkt.tests.Scale;

/**
 * Commands that write to the store, to the trust store, or where they are told to, killed at each
 * call in turn that changes what is on disk: as if the machine had lost its power there, but for
 * what the disk had not written.
 */
@Tag("crash")
@TestInstance(Lifecycle.PER_CLASS)
class KilledCallCrashIT {
  private static final String BYPASS = "--insecure-options=image";

  /** No command makes more calls of one kind than that. */
  private static final int MOST = 200;

  /** Each so many of the calls, in the usual run; the whole one takes every one of them. */
  private static final int STEP = Scale.of(12, 1);

  private Rkt rkt;
  private Path first;
  private Path second;
  private Path layout;
  private Path key;
  private Path targets;
  private Rkt empty;
  private Rkt full;

  @BeforeAll
  void open() throws Exception {
    rkt = Rkt.fresh();
    byte[] noise = new byte[1 << 20];
    new Random(1).nextBytes(noise);
    BuiltImage linked = new BuiltImage(rkt, "first").withShell("sh").file("noise", noise);
    Files.createLink(linked.rootfs().resolve("again"), linked.rootfs().resolve("noise"));
    first = linked.build("first", "");
    second =
        new BuiltImage(rkt, "second")
            .file("words", "x".getBytes(UTF_8))
            .file("deep/below/words", "y".getBytes(UTF_8))
            .build("second", ",\"dependencies\":[{\"imageName\":\"example.com/store/first\"}]");
    empty = rkt.withData(Files.createDirectory(rkt.home().resolve("data-empty")));
    full = rkt.withData(rkt.home().resolve("data-full"));
    full.ok(BYPASS, "image", "import", first.toString(), second.toString());
    key = Images.key();
    targets = rkt.home().resolve("targets");
    layout = rkt.home().resolve("layout");
    full.ok("image", "export", "--format=oci", "example.com/store/first", layout.toString());
  }

  @AfterAll
  void close() throws Exception {
    rkt.close();
  }

  /** A command that is killed. */
  enum Victim {
    IMPORT,
    FETCH,
    RENDER,
    REMOVE,
    COLLECT,
    TRUST,
    EXTRACT,
    FLATTEN,
    EXPORT
  }

  private static List<String> calls(Victim victim) {
    return switch (victim) {
      case IMPORT -> List.of("rename", "fsync", "mkdir", "rmdir");
      case FETCH -> List.of("rename", "fsync", "mkdir");
      case RENDER -> List.of("renameat2", "mkdirat", "openat2", "fchmod", "linkat");
      case REMOVE -> List.of("rename", "fsync", "unlink", "rmdir");
      case COLLECT -> List.of("unlink", "rename");
      case TRUST -> List.of("rename", "fsync");
      case EXTRACT -> List.of("renameat2", "unlinkat");
      case FLATTEN -> List.of("renameat2", "mkdirat");
      case EXPORT -> List.of("fsync", "link");
    };
  }

  /** Every one of the calls where there are few. */
  private static int step(Victim victim, String call) {
    boolean areFew =
        switch (victim) {
          case TRUST, EXPORT -> true;
          case EXTRACT, FLATTEN -> call.equals("renameat2");
          default -> false;
        };
    return areFew ? 1 : STEP;
  }

  private static Stream<Arguments> kills() {
    List<Arguments> kills = new ArrayList<>();
    for (Victim victim : Victim.values()) {
      for (String call : calls(victim)) {
        kills.add(Arguments.of(victim, call));
      }
    }
    return kills.stream();
  }

  @ParameterizedTest(name = "{0} at each {1}")
  @MethodSource("kills")
  void whateverIsKilledAtAnyCallIsDoneOrNotAndCanBeDoneAgain(Victim victim, String call)
      throws Exception {
    // Another second one for each, so that their steps meet more of the calls.
    int step = step(victim, call);
    int second = step == 1 ? 1 : 1 + call.length() % 4;
    boolean done = false;
    int killed = 0;
    for (int at = 1; !done; at += at == 1 ? second : step) {
      assertThat(at).as("calls of %s", call).isLessThan(MOST);
      String after = victim + " killed at " + call + " " + at;
      Path home = Files.createTempDirectory(rkt.home(), "killed-");
      Rkt here = copyOf(victim, home.resolve("data"));
      Result result = call(here, victim).under(killing(call, at)).run();
      done = result.status() == 0;
      killed += done ? 0 : 1;
      assertThat(result.status()).as("%s: %s", after, result).isIn(0, 137);
      StoreState.assertSound(here, after);
      assertOldOrNew(victim, after);
      Result again = call(here, victim).run();
      if (victim == Victim.REMOVE && again.status() != 0) {
        Rkt.assertRefusalText("not-found", again);
      } else {
        assertThat(again.status()).as("%s, and then: %s", after, again).isZero();
      }
      StoreState.assertEmptyAfterGc(here, after);
      assertOldOrNew(victim, after);
      assertThat(names(targets)).as("%s: what is beside the target", after).isSubsetOf("target");
      Rkt.delete(home);
    }
    assertThat(killed).as("calls of %s that %s makes", call, victim).isPositive();
  }

  private Rkt copyOf(Victim victim, Path data) throws Exception {
    boolean needsNothing =
        victim == Victim.IMPORT || victim == Victim.FETCH || victim == Victim.TRUST;
    Rkt.delete(rkt.home().resolve("local"));
    Rkt.delete(targets);
    Files.createDirectories(targets);
    if (victim == Victim.EXTRACT) {
      Files.createDirectories(targets.resolve("target/old"));
    }
    BuiltImage.ok("cp", "-a", (needsNothing ? empty : full).data().toString(), data.toString());
    return rkt.withData(data);
  }

  /** What is at the target was there before, or is the whole of what was to be written. */
  private void assertOldOrNew(Victim victim, String after) throws Exception {
    Path target = targets.resolve("target");
    switch (victim) {
      case EXTRACT ->
          assertThat(Files.exists(target.resolve("old")))
              .as("%s: the target is neither what it was nor whole", after)
              .isNotEqualTo(isWhole(target.resolve("rootfs")));
      case FLATTEN -> {
        if (Files.exists(target)) {
          assertThat(isWhole(target)).as("%s: the target is whole", after).isTrue();
          Rkt.delete(target);
        }
      }
      case EXPORT -> {
        if (Files.exists(target)) {
          full.withData(targets.resolveSibling("checked"))
              .ok(BYPASS, "fetch", "oci-archive:" + target);
          Rkt.delete(targets.resolveSibling("checked"));
          Files.delete(target);
        }
      }
      default -> assertThat(target).doesNotExist();
    }
  }

  private static boolean isWhole(Path rootfs) {
    return Files.exists(rootfs.resolve("words"))
        && Files.exists(rootfs.resolve("deep/below/words"))
        && Files.exists(rootfs.resolve("noise"));
  }

  private static List<String> names(Path directory) throws Exception {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(entry -> entry.getFileName().toString()).toList();
    }
  }

  private Call call(Rkt here, Victim victim) {
    String target = targets.resolve("target").toString();
    return switch (victim) {
      case IMPORT -> here.call(BYPASS, "image", "import", first.toString(), second.toString());
      case FETCH ->
          here.call(BYPASS, "fetch", "--image-name=example.com/store/layout", "oci:" + layout);
      case RENDER -> here.tool("rkt-render", "example.com/store/second");
      case REMOVE ->
          here.call("image", "rm", "example.com/store/first", "example.com/store/second");
      case COLLECT -> here.call("image", "gc", "--grace-period=0");
      case TRUST -> here.call("trust", "--root", key.toString());
      case EXTRACT ->
          here.call("image", "render", "--overwrite", "example.com/store/second", target);
      case FLATTEN -> here.tool("rkt-render", "example.com/store/second", target);
      case EXPORT ->
          here.call("image", "export", "--format=oci-archive", "example.com/store/first", target);
    };
  }

  /** strace counts the calls of each thread by itself. */
  private static String[] killing(String call, int at) {
    return new String[] {
      "env",
      "RKT_COMPILERS=both", // or Java starts twice
      "strace",
      "-f",
      "-qq",
      "-o",
      "/dev/null",
      "-e",
      "trace=" + call,
      "-e",
      "inject=" + call + ":signal=KILL:when=" + at
    };
  }
}
