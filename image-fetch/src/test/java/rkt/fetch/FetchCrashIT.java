package rkt.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rkt.spec.image.Image;
import rkt.spec.store.Store;
import rkt.spec.store.StoredImage;

@Tag("crash")
final class FetchCrashIT {
  private static final int KILLS = 25;
  private static final int AT_ONCE = 8;

  @TempDir Path directory;
  private FakeRegistry registry;

  @BeforeEach
  void start() throws Exception {
    byte[] layer = new byte[24 << 20];
    new Random(1).nextBytes(layer);
    registry = new FakeRegistry(layer);
  }

  @AfterEach
  void stop() {
    registry.close();
  }

  @Test
  void aFetchKilledAtAnyMomentLeavesAStoreThatTheNextOneCanUse() throws Exception {
    Random random = new Random(2);
    for (int i = 0; i < KILLS; i++) {
      Path data = directory.resolve("data-" + i);
      Process victim = Tool.start(Tool.rktFetch(data, registry.reference()));
      if (!victim.waitFor(150 + random.nextInt(700), TimeUnit.MILLISECONDS)) {
        victim.destroyForcibly().waitFor();
      }
      Tool.Result again = Tool.run(Tool.rktFetch(data, registry.reference()));
      assertThat(again.status()).as("after kill " + i + ": " + again.output()).isZero();
      assertSound(Store.at(data));
    }
  }

  @Test
  void concurrentFetchesOfOneImageDownloadItOnce() throws Exception {
    Path data = directory.resolve("data");
    List<Process> all = new ArrayList<>();
    for (int i = 0; i < AT_ONCE; i++) {
      all.add(Tool.start(Tool.rktFetch(data, registry.reference())));
    }
    for (Process one : all) {
      Tool.Result result = Tool.finish(one);
      assertThat(result.status()).as(result.output()).isZero();
    }
    assertThat(registry.requests(FakeRegistry.blob(registry.layer))).isEqualTo(1);
    assertSound(Store.at(data));
  }

  private static void assertSound(Store store) throws Exception {
    List<StoredImage> images = store.list();
    assertThat(images).hasSize(1);
    Image image = images.getFirst().image();
    assertThat(store.blobsUntouched(image)).isTrue();
    store.rehash(image);
    assertThat(store.root().resolve("store/tmp")).isEmptyDirectory();
    assertThat(store.root().resolve("store/blobs/sha256").toFile().list()).hasSize(3);
  }
}
