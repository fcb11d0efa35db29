package rkt.tests.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import rkt.tests.Result;
import rkt.tests.Rkt;
import rkt.tests.Running;
import rkt.tests.Scale;

/** Commands that write to the store, killed at any moment. */
@Tag("crash")
@TestInstance(Lifecycle.PER_CLASS)
class KilledStoreCrashIT {
  private static final int KILLS = Scale.of(30, 3000);
  private static final String BYPASS = "--insecure-options=image";

  private Rkt rkt;
  private Path first;
  private Path second;
  private Path layout;

  @BeforeAll
  void open() throws Exception {
    rkt = Rkt.fresh();
    byte[] noise = new byte[2 << 20];
    new Random(1).nextBytes(noise);
    first = new BuiltImage(rkt, "first").file("noise", noise).build("first", "");
    second =
        new BuiltImage(rkt, "second")
            .file("words", "x".getBytes(UTF_8))
            .build("second", ",\"dependencies\":[{\"imageName\":\"example.com/store/first\"}]");
    Rkt maker = rkt.withData(rkt.home().resolve("data-maker"));
    maker.ok(BYPASS, "image", "import", first.toString());
    layout = rkt.home().resolve("layout");
    maker.ok("image", "export", "--format=oci", "example.com/store/first", layout.toString());
  }

  @AfterAll
  void close() throws Exception {
    rkt.close();
  }

  /** What is killed: every command that writes to the store or the trees. */
  private List<String[]> victims() {
    String name = "--image-name=example.com/store/layout";
    return List.of(
        new String[] {BYPASS, "image", "import", first.toString()},
        new String[] {BYPASS, "fetch", name, "oci:" + layout},
        new String[] {BYPASS, "fetch", second.toString()},
        new String[] {"image", "render", "example.com/store/second", "@out"},
        new String[] {"image", "export", "--format=oci", "example.com/store/first", "@out"},
        new String[] {"image", "verify"},
        new String[] {"image", "gc", "--grace-period=0"},
        new String[] {"image", "rm", "example.com/store/first", "example.com/store/second"});
  }

  @Test
  void whateverIsKilledTheStoreIsRightAndNothingIsLeft() throws Exception {
    Random random = new Random(7);
    Path out = Files.createDirectory(rkt.home().resolve("out"));
    long whole = rkt.ok(BYPASS, "image", "import", first.toString()).millis();
    int killed = 0;
    for (int i = 0; i < KILLS; i++) {
      // Sometimes there is something to remove, sometimes there is not.
      if (random.nextInt(3) == 0) {
        rkt.ok(BYPASS, "image", "import", first.toString());
        rkt.ok(BYPASS, "fetch", second.toString());
      }
      String[] words = victims().get(random.nextInt(victims().size())).clone();
      for (int j = 0; j < words.length; j++) {
        words[j] = words[j].equals("@out") ? out.resolve("o" + i).toString() : words[j];
      }
      try (Running victim = rkt.call(words).start()) {
        Thread.sleep(random.nextLong(whole + whole / 2));
        killed += victim.isAlive() ? 1 : 0;
        victim.signal("KILL");
        victim.await();
      }
      Result verified = rkt.run("image", "verify");
      assertThat(verified.status())
          .as("after kill %d of %s: %s", i, List.of(words), verified)
          .isZero();
    }
    assertThat(killed).isGreaterThan(KILLS / 4);
    rkt.ok(BYPASS, "image", "import", first.toString());
    rkt.ok(BYPASS, "fetch", second.toString());
    rkt.ok("image", "verify");
    StoreState.assertEmptyAfterGc(rkt, "after all kills");
  }
}
