package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/**
 * Tests of one class share a data directory with one image in it: busybox, whose app is a shell.
 */
@TestInstance(Lifecycle.PER_CLASS)
abstract class PodTests {
  protected Rkt rkt;
  protected String image;

  @BeforeAll
  void open() throws IOException, InterruptedException {
    rkt = Rkt.fresh();
    image = Images.admitBusybox(rkt);
    assertThat(sh("true").status()).isZero(); // renders the image, compiles the filter
  }

  @AfterAll
  void collect() throws IOException, InterruptedException {
    if (rkt != null) {
      rkt.close();
    }
  }

  /** The words of {@code rkt run FLAGS IMAGE -- -c SCRIPT}. */
  protected String[] words(String script, String... flags) {
    return wordsOf(image, script, flags);
  }

  protected static String[] wordsOf(String image, String script, String... flags) {
    List<String> words = new ArrayList<>(List.of("run"));
    words.addAll(List.of(flags));
    words.addAll(List.of(image, "--", "-c", script));
    return words.toArray(new String[0]);
  }

  /** Runs a shell script in a pod. */
  protected Result sh(String script, String... flags) throws IOException, InterruptedException {
    return rkt.run(words(script, flags));
  }

  /** What a shell script prints in a pod, where it has to succeed. */
  protected String out(String script, String... flags) throws IOException, InterruptedException {
    return rkt.ok(words(script, flags)).out();
  }

  /** A pod that has printed "ready", and its UUID. */
  protected Pod pod(String script, String... flags) throws IOException, InterruptedException {
    List<String> before = rkt.uuids();
    Running running = rkt.pod("ready", words("echo ready;" + script, flags));
    List<String> after = new ArrayList<>(rkt.uuids());
    after.removeAll(before);
    assertThat(after).hasSize(1);
    return new Pod(running, after.get(0));
  }

  record Pod(Running running, String uuid) implements AutoCloseable {
    @Override
    public void close() {
      running.close();
    }
  }
}
