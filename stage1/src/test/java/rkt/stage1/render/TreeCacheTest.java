package rkt.stage1.render;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rkt.kernel.DirFd;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;
import rkt.spec.image.Image;
import rkt.spec.image.Layer;

class TreeCacheTest {
  @TempDir Path temp;
  private final Vectors vectors = new Vectors();
  private final AtomicInteger opened = new AtomicInteger();
  private Path data;
  private TreeCache cache;

  @BeforeEach
  void open() throws Exception {
    data = Files.createDirectory(temp.resolve("data"));
    cache = new TreeCache(data, this::count, Vectors.LIMITS);
  }

  @Test
  void renderingTwiceReadsTheBlobsOnce() throws Exception {
    Image image = image("file a data=x", "layer", "file b data=y");

    List<Path> first = cache.render(image);
    List<Path> second = cache.render(image);

    assertThat(second).isEqualTo(first).hasSize(2);
    assertThat(opened).hasValue(2);
    assertThat(first.get(0).resolve("a")).hasContent("x");
    assertThat(first.get(1).resolve("b")).hasContent("y");
    assertThat(cache.isRendered(image)).isTrue();
  }

  @Test
  void twoImagesShareTheirCommonLayers() throws Exception {
    cache.render(image("file a data=x", "layer", "file b data=y"));
    cache.render(image("file a data=x", "layer", "file c data=z"));

    assertThat(opened).hasValue(3);
    assertThat(data.resolve("trees").toFile().list()).hasSize(3);
  }

  @Test
  void manyRendersAtOnceDoTheWorkOnce() throws Exception {
    Image image = image("file a data=x", "layer", "file b data=y", "layer", "file c data=z");
    List<Callable<List<Path>>> renders = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      // Each its own cache, as each process has: they meet in the file system alone.
      renders.add(() -> new TreeCache(data, this::count, Vectors.LIMITS).render(image));
    }

    try (var pool = Executors.newFixedThreadPool(8)) {
      for (var render : pool.invokeAll(renders)) {
        assertThat(render.get()).hasSize(3);
      }
    }

    assertThat(opened).hasValue(3);
    assertThat(data.resolve("trees").toFile().list()).hasSize(3);
  }

  @Test
  void aLayerThatIsNotItsDiffIdNeverBecomesVisible() throws Exception {
    TarText text = text("file a data=x");
    byte[] tar = text.layers.getFirst();
    Layer wrong = vectors.layer(false, tar, Vectors.digest(false, new byte[0]));

    assertThatThrownBy(() -> cache.render(vectors.image(false, wrong)))
        .isInstanceOfSatisfying(
            RktException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.INTEGRITY))
        .hasMessageContaining("not to its diffID");
    assertThat(data.resolve("trees")).isEmptyDirectory();
  }

  @Test
  void aBadUpperLayerLeavesNoStaging() throws Exception {
    Image image = image("file a data=x", "layer", "file ../b data=y", "layer", "file c data=z");

    assertThatThrownBy(() -> cache.render(image)).hasMessageContaining("..");

    for (String tree : data.resolve("trees").toFile().list()) {
      assertThat(tree).doesNotStartWith("tmp-");
    }
  }

  @Test
  void aTreeOfAnEarlierBootThatWasNeverSyncedIsMadeAgain() throws Exception {
    Image image = image("file a data=x");
    Path lower = cache.render(image).getFirst();
    Path mark = lower.resolveSibling("complete");
    Files.writeString(lower.resolve("a"), "lost in the power cut");
    Files.writeString(mark, "rkt-tree 1\n00000000-0000-0000-0000-000000000000\n");

    assertThat(cache.isRendered(image)).isFalse();
    cache.render(image);

    assertThat(lower.resolve("a")).hasContent("x");
    assertThat(opened).hasValue(2);
    assertThat(data.resolve("trees").toFile().list()).hasSize(1);
  }

  @Test
  void aSyncedTreeOutlivesTheBoot() throws Exception {
    Image image = image("file a data=x");
    Path mark = cache.render(image).getFirst().resolveSibling("complete");

    cache.sync();
    cache.sync();

    assertThat(mark).hasContent("rkt-tree 1\nsynced");
    assertThat(cache.isRendered(image)).isTrue();
  }

  @Test
  void manySyncsAtOnceDisturbNeitherEachOtherNorThoseWhoRemove() throws Exception {
    Image image = image("file a data=x", "layer", "file b data=y", "layer", "file c data=z");
    List<Callable<Void>> disturbers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      boolean removes = i == 0;
      disturbers.add(() -> {
        TreeCache own = new TreeCache(data, this::count, Vectors.LIMITS);
        for (int round = 0; round < 25; round++) {
          try (DirFd _ = own.keepAll()) {
            own.render(image);
          }
          own.sync();
          own.sweep();
          if (removes) {
            own.removeUnneeded(Set::of);
          }
        }
        return null;
      });
    }

    try (var pool = Executors.newFixedThreadPool(disturbers.size())) {
      for (var disturber : pool.invokeAll(disturbers)) {
        disturber.get();
      }
    }
    cache.render(image);
    cache.sync();

    assertThat(data.resolve("trees").toFile().list()).hasSize(3);
  }

  @Test
  void aCutMarkIsNoMark() throws Exception {
    Image image = image("file a data=x");
    Path mark = cache.render(image).getFirst().resolveSibling("complete");
    Files.writeString(mark, "rkt-tree 1\n");

    assertThat(cache.isRendered(image)).isFalse();
  }

  @Test
  void whatAKilledRenderLeftIsSweptAndWhatOneIsDoingIsNot() throws Exception {
    cache.render(image("file a data=x"));
    Path left = Files.createDirectories(data.resolve("trees/tmp-0123456789abcdef/rootfs/d"));
    Files.writeString(left.resolve("file"), "half");

    try (var trees = rkt.kernel.DirFd.open(data.resolve("trees").toString());
        Staging busy = Staging.create(trees, "")) {
      assertThat(cache.sweep()).isEqualTo(1);
      assertThat(busy.dir().list()).isEmpty();
      assertThat(data.resolve("trees").toFile().list()).hasSize(2);
    }

    assertThat(data.resolve("trees").toFile().list()).hasSize(1);
  }

  @Test
  void aTreeIsRemovedAsAWhole() throws Exception {
    Image image = image("file a data=x");
    cache.render(image);

    cache.remove(TreeCache.treeNames(image).getFirst());
    cache.remove(TreeCache.treeNames(image).getFirst());

    assertThat(data.resolve("trees")).isEmptyDirectory();
    assertThat(cache.isRendered(image)).isFalse();
  }

  @Test
  void anOciLayerAndAnAciOfTheSameBytesAreTwoTrees() throws Exception {
    byte[] tar =
        text("file manifest data={}", "dir rootfs", "file rootfs/a data=x").layers.getFirst();
    Layer layer = vectors.layer(true, tar, Vectors.digest(true, tar));

    Path aci = cache.render(vectors.image(true, layer)).getFirst();
    Path oci = cache.render(vectors.image(false, layer)).getFirst();

    assertThat(aci.resolve("a")).hasContent("x");
    assertThat(oci.resolve("rootfs/a")).hasContent("x");
  }

  @Test
  void treesAreClosedToOthers() throws Exception {
    cache.render(image("dir . mode=777", "file s mode=4755 data=x"));

    assertThat(Files.getAttribute(data.resolve("trees"), "unix:mode")).isEqualTo(0040700);
  }

  @Test
  void treesAreSpreadOverADiskOfExt4() throws Exception {
    cache.render(image("file a data=x"));

    assertThat(cache.isRendered(image("file a data=x"))).isTrue(); // on whatever file system
    if (!Files.getFileStore(data).type().equals("ext4")) {
      return;
    }
    Process lsattr = new ProcessBuilder("lsattr", "-d", data.resolve("trees").toString()).start();
    String line = new String(lsattr.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(line.substring(0, line.indexOf(' '))).contains("T");
  }

  private Image image(String... lines) throws Exception {
    return vectors.image(false, text(lines).layers);
  }

  private TarText text(String... lines) throws Exception {
    Path file = Files.createTempFile(temp, "tar", ".txt");
    Files.write(file, List.of(lines), StandardCharsets.US_ASCII);
    return TarText.read(file, "");
  }

  private java.io.InputStream count(Layer layer) throws java.io.IOException, RktException {
    opened.incrementAndGet();
    return vectors.source().open(layer);
  }
}
