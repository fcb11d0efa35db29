package rkt.stage1.render;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rkt.spec.image.AciStep;
import rkt.spec.image.Image;
import rkt.spec.image.Layer;

/** How ACIs that depend on others are assembled. spec/rendering.md#dependencies */
class AciAssemblyTest {
  @TempDir Path temp;
  private final Vectors vectors = new Vectors();
  private TreeCache cache;

  @BeforeEach
  void open() {
    cache = new TreeCache(temp.resolve("data"), vectors.source(), Vectors.LIMITS);
  }

  @Test
  void dependenciesComeDepthFirstAndTheLaterOneWins() throws Exception {
    Image b = aci(List.of(), "file rootfs/b data=b", "file rootfs/who data=b");
    Image d =
        aci(List.of(), "file rootfs/d data=d", "file rootfs/who data=d", "file rootfs/x data=d");
    Image c = aci(List.of(), "file rootfs/c data=c", "file rootfs/who data=c").on(List.of(d));
    Image a = aci(List.of(), "file rootfs/a data=a").on(List.of(b, c));

    assertThat(a.layers()).hasSize(4);
    assertThat(a.steps()).extracting(AciStep::level).containsExactly(1, 2, 1, 0);
    Path root = only(a);
    assertThat(names(root)).containsExactly("a", "b", "c", "d", "who", "x");
    assertThat(root.resolve("who")).hasContent("c");
    assertThat(root.toString()).contains("/assembled-sha512-");
    assertThat(cache.check(a)).allMatch(tree -> tree.state() == TreeReport.State.INTACT);
    assertThat(only(a)).isEqualTo(root);
    Files.writeString(root.resolve("who"), "x");
    assertThat(cache.check(a)).allMatch(tree -> tree.state() == TreeReport.State.DAMAGED);
  }

  @Test
  void whatIsThereIsReplacedAndNoLinkIsFollowed() throws Exception {
    Path outside = Files.createDirectory(temp.resolve("outside"));
    Image below =
        aci(
            List.of(),
            "symlink rootfs/d link=" + outside,
            "dir rootfs/file",
            "file rootfs/file/in data=x",
            "file rootfs/dir data=x",
            "symlink rootfs/s link=/etc/passwd");
    Image above =
        aci(
                List.of(),
                "file rootfs/d/in data=y",
                "file rootfs/file data=y",
                "dir rootfs/dir mode=750",
                "file rootfs/dir/in data=y",
                "file rootfs/s data=y")
            .on(List.of(below));

    Path root = only(above);
    assertThat(root.resolve("d")).isDirectory();
    assertThat(Files.isSymbolicLink(root.resolve("d"))).isFalse();
    assertThat(root.resolve("d/in")).hasContent("y");
    assertThat(root.resolve("file")).hasContent("y");
    assertThat(root.resolve("dir/in")).hasContent("y");
    assertThat(root.resolve("s")).isRegularFile().hasContent("y");
    assertThat(outside).isEmptyDirectory();
  }

  @Test
  void aWhitelistIsOfAllThatItsImageIsMadeOf() throws Exception {
    Image below =
        aci(List.of(), "file rootfs/lib/a data=a", "file rootfs/lib/b data=b", "dir rootfs/e");
    Image above =
        aci(
                List.of("/lib/a", "/bin/own", "/e/", "/absent"),
                "file rootfs/bin/own data=o",
                "file rootfs/bin/no data=n")
            .on(List.of(below));

    assertThat(all(only(above))).containsExactly("bin", "bin/own", "e", "lib", "lib/a");
  }

  @Test
  void aWhitelistTouchesOnlyItsPartOfTheWay() throws Exception {
    Image first = aci(List.of(), "file rootfs/first data=1", "file rootfs/shared data=1");
    Image deep = aci(List.of(), "file rootfs/deep data=2", "file rootfs/kept data=2");
    Image second =
        aci(List.of("/kept"), "file rootfs/second data=3", "file rootfs/shared data=3")
            .on(List.of(deep));
    Image third = aci(List.of("/third"), "file rootfs/third data=4", "file rootfs/gone data=4");
    Image top = aci(List.of(), "file rootfs/top data=5").on(List.of(first, second, third));

    Path root = only(top);
    assertThat(all(root)).containsExactly("first", "kept", "shared", "third", "top");
    assertThat(root.resolve("shared")).hasContent("1");
  }

  @Test
  void anImageReachedByTwoRoutesIsLaidDownOnEach() throws Exception {
    Image shared = aci(List.of(), "file rootfs/x data=x", "file rootfs/y data=y");
    Image one = aci(List.of("/x"), "file rootfs/1 data=1").on(List.of(shared));
    Image two = aci(List.of("/y"), "file rootfs/2 data=2").on(List.of(shared));

    Image top = aci(List.of(), "file rootfs/top data=t").on(List.of(one, two));

    assertThat(all(only(top))).containsExactly("top", "x", "y");
    assertThat(top.dependencies()).containsExactly(shared.id(), one.id(), two.id());
  }

  @Test
  void aWhitelistWithoutDependenciesCountsAndDirectoriesKeepTheirTimes() throws Exception {
    Image image =
        aci(
            List.of("/d/a"),
            "dir rootfs/d mtime=1000 mode=711",
            "file rootfs/d/a data=a",
            "file rootfs/d/b data=b");

    Path root = only(image);
    assertThat(all(root)).containsExactly("d", "d/a");
    assertThat(Files.getLastModifiedTime(root.resolve("d")))
        .isEqualTo(FileTime.fromMillis(1_000_000));
    assertThat(Files.getAttribute(root.resolve("d"), "unix:mode")).isEqualTo(0040711);
    assertThat(all(only(image.alone()))).containsExactly("d", "d/a", "d/b");
  }

  @Test
  void aBadDependencyLeavesNothing() throws Exception {
    Image bad = aci(List.of(), "file rootfs/../x data=x");
    Image top =
        aci(List.of(), "file rootfs/a data=a")
            .on(List.of(aci(List.of(), "file rootfs/b data=b"), bad));

    org.assertj.core.api.Assertions.assertThatThrownBy(() -> cache.render(top))
        .hasMessageContaining("..");
    assertThat(temp.resolve("data/trees")).isEmptyDirectory();
  }

  private Path only(Image image) throws Exception {
    List<Path> trees = cache.render(image);
    assertThat(trees).hasSize(1);
    return trees.get(0);
  }

  private static List<String> names(Path root) throws Exception {
    try (Stream<Path> children = Files.list(root)) {
      return children.map(child -> String.valueOf(child.getFileName())).sorted().toList();
    }
  }

  private static List<String> all(Path root) throws Exception {
    List<String> all = new ArrayList<>();
    try (Stream<Path> paths = Files.walk(root)) {
      for (Path path : (Iterable<Path>) paths.sorted()::iterator) {
        if (!path.equals(root)) {
          assertThat(Files.exists(path, LinkOption.NOFOLLOW_LINKS)).isTrue();
          all.add(root.relativize(path).toString());
        }
      }
    }
    return all;
  }

  /** An ACI of these entries that depends on nothing. */
  private Image aci(List<String> whitelist, String... lines) throws Exception {
    List<String> text = new ArrayList<>(List.of("aci", "file manifest data={}", "dir rootfs"));
    text.addAll(List.of(lines));
    Path file = Files.createTempFile(temp, "tar", ".txt");
    Files.write(file, text, StandardCharsets.US_ASCII);
    byte[] tar = TarText.read(file, "").layers.getFirst();
    Layer layer = vectors.layer(true, tar, Vectors.digest(true, tar));
    Image image = vectors.image(true, layer);
    return whitelist.isEmpty()
        ? image
        : new Image(
            image.id(),
            image.name(),
            image.manifest(),
            image.signed(),
            image.layers(),
            image.app(),
            image.labels(),
            List.of(new AciStep(0, whitelist)),
            false);
  }
}
