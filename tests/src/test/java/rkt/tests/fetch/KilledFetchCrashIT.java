package rkt.tests.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
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

/** {@code rkt fetch} from a registry, killed at any moment. */
@Tag("crash")
@TestInstance(Lifecycle.PER_CLASS)
class KilledFetchCrashIT {
  private static final int KILLS = 20;

  private Rkt rkt;
  private Gpg gpg;
  private Registry registry;
  private String digest;
  private String[] fetch;

  @BeforeAll
  void open() throws Exception {
    rkt = Rkt.fresh();
    gpg = new Gpg(rkt.home().resolve("gnupg"));
    registry = Registry.plain(rkt.home().resolve("registry"));
    Path layout = rkt.home().resolve("layout");
    byte[] noise = new byte[8 << 20];
    new Random(1).nextBytes(noise);
    digest =
        OciImage.ordinary()
            .gzip(new OciImage.Tar().program("noise", noise).bytes())
            .write(layout, "1");
    registry.push(layout, "1", "team/app:1");
    rkt.ok("trust", "--prefix=" + registry.host(), gpg.key("it@example.com").toString());
    Path manifest = OciImage.blob(layout, digest.substring("sha256:".length()));
    fetch =
        new String[] {
          "--insecure-options=http",
          "fetch",
          "--signature=" + gpg.sign("it@example.com", manifest),
          registry.reference("team/app:1")
        };
  }

  @AfterAll
  void close() throws Exception {
    registry.close();
    gpg.close();
    rkt.close();
  }

  @Test
  void theSameCommandSucceedsAfterwardsAndNothingIsLeft() throws Exception {
    long begin = System.nanoTime();
    rkt.withData(rkt.home().resolve("data-measure")).ok(fetch);
    long whole = (System.nanoTime() - begin) / 1_000_000;
    Random random = new Random(4);
    int killed = 0;
    for (int i = 0; i < KILLS; i++) {
      Rkt here = rkt.withData(rkt.home().resolve("data-" + i));
      try (Running victim = here.call(fetch).start()) {
        Thread.sleep(random.nextLong(whole + whole / 4));
        killed += victim.isAlive() ? 1 : 0;
        victim.signal("KILL");
      }
      if (i % 2 == 0) {
        here.ok("gc"); // which has to cope with what there is, and may not take anything away
      }
      Result again = here.run(fetch);
      assertThat(again.status()).as("after kill %d: %s", i, again).isZero();
      assertThat(again.out()).isEqualTo(digest + "\n");
      here.assertNothingIsLeftAfterGc();
      assertThat(here.tool("rkt-verify", digest).run().out()).isEqualTo(digest + "\n");
    }
    assertThat(killed).isGreaterThan(KILLS / 3);
  }

  @Test
  void oneDirectoryIsKilledInAgainAndAgain() throws Exception {
    Rkt here = rkt.withData(rkt.home().resolve("data-same"));
    Random random = new Random(5);
    for (int i = 0; i < KILLS / 2; i++) {
      try (Running victim = here.call(fetch).start()) {
        Thread.sleep(100 + random.nextLong(300));
        victim.signal("KILL");
      }
    }
    here.ok(fetch);
    here.assertNothingIsLeftAfterGc();
    assertThat(here.ok("run", "--net=none", digest).out()).isEqualTo("words:usual words\n");
    here.assertNothingIsLeftAfterGc();
  }
}
