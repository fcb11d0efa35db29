package rkt.tests.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import rkt.tests.Result;
import rkt.tests.Rkt;
import rkt.tests.Scale;

/** A disk that fails one call in turn: told, nothing half-done stays, and the next try succeeds. */
@Tag("crash")
@TestInstance(Lifecycle.PER_CLASS)
class FailingDiskCrashIT {
  private static final String BYPASS = "--insecure-options=image";

  /** What each error is called in a message. */
  private static final Map<String, String> WORDS =
      Map.of(
          "EIO", "Input/output error",
          "ENOSPC", "No space left on device",
          "EDQUOT", "Disk quota exceeded",
          "EROFS", "Read-only file system",
          "EMFILE", "Too many open files",
          "ENOMEM", "Cannot allocate memory");

  private Rkt rkt;
  private Path aci;

  @BeforeAll
  void open() throws Exception {
    rkt = Rkt.fresh();
    byte[] noise = new byte[1 << 20];
    new Random(1).nextBytes(noise);
    aci = new BuiltImage(rkt, "image").file("noise", noise).build("image", "");
  }

  @AfterAll
  void close() throws Exception {
    rkt.close();
  }

  /**
   * A call that fails.
   *
   * @param at which of its kind, in each thread
   * @param path on which file of the data directory alone; empty for any
   */
  record Fault(String call, String error, int at, String path) {
    @Override
    public String toString() {
      return call + " " + at + (path.isEmpty() ? "" : " of " + path) + " fails with " + error;
    }
  }

  private static Stream<Fault> faults() {
    List<Fault> faults = new ArrayList<>();
    for (String path :
        List.of(
            "store/tmp/new", "store/index.json", "locks/store", "audit/lock", "audit/head.new")) {
      faults.add(new Fault("openat", "EMFILE", 1, path));
    }
    faults.add(new Fault("openat", "ENOMEM", 1, "store/blobs/sha256"));
    faults.add(new Fault("openat", "EIO", 2, "store/index.json"));
    faults.add(new Fault("fsync", "EROFS", 1, "store/tmp"));
    faults.add(new Fault("fsync", "EIO", 5, "store")); // when the image is there
    faults.add(new Fault("write", "EROFS", 1, "audit/00000001.jsonl"));
    List<String> errors = List.of("EIO", "ENOSPC", "EDQUOT", "EROFS");
    int kind = 0;
    for (String call : List.of("fsync", "rename", "mkdir", "write")) {
      int calls = Map.of("fsync", 28, "write", 17).getOrDefault(call, 12);
      // Java's own come first, and that of the result last.
      int first = call.equals("write") ? 3 : 1 + kind % 2;
      for (int at = first; at <= calls; at += Scale.of(7, 1)) {
        faults.add(new Fault(call, errors.get(kind++ % errors.size()), at, ""));
      }
    }
    return faults.stream();
  }

  @ParameterizedTest
  @MethodSource("faults")
  void oneFailureIsToldAndLeavesTheStoreRight(Fault fault) throws Exception {
    Rkt here = rkt.withData(Files.createTempDirectory(rkt.home(), "data-"));
    Result result =
        here.call(BYPASS, "image", "import", aci.toString()).under(failing(here, fault)).run();
    boolean isThere = !here.ok("image", "list", "--no-legend").out().isEmpty();
    if (result.status() == 0) {
      // What can be made again may fail unseen: a list, a sync of what was synced already.
      assertThat(isThere).as("%s: %s", fault, result).isTrue();
    } else {
      assertThat(result.status()).as("%s: %s", fault, result).isEqualTo(254);
      assertThat(result.out()).as("%s: %s", fault, result).isEmpty();
      assertThat(result.err())
          .as("%s", fault)
          .contains("system: ", WORDS.get(fault.error()))
          .doesNotContain("Exception", "\tat ", "null");
      assertThat(here.listing().keySet().stream().filter(FailingDiskCrashIT::isContent))
          .as("%s: what is left", fault)
          .isEmpty();
    }
    StoreState.assertSound(here, fault.toString());
    here.ok(BYPASS, "image", "import", aci.toString());
    StoreState.assertEmptyAfterGc(here, fault.toString());
  }

  private static boolean isContent(String path) {
    return path.matches("(store/tmp|store/blobs/sha256|store/blobs/sha512|images)/.+");
  }

  private static String[] failing(Rkt here, Fault fault) {
    List<String> words = new ArrayList<>(List.of("env", "RKT_COMPILERS=both", "strace"));
    words.addAll(List.of("-f", "-qq", "-o", "/dev/null", "-e", "trace=" + fault.call()));
    if (!fault.path().isEmpty()) {
      words.addAll(List.of("-P", here.data().resolve(fault.path()).toString()));
    }
    String how = fault.call() + ":error=" + fault.error() + ":when=" + fault.at();
    words.addAll(List.of("-e", "inject=" + how));
    return words.toArray(new String[0]);
  }
}
