package rkt.stage1.render;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import rkt.kernel.DirFd;
import rkt.kernel.Names;
import rkt.kernel.Stat;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;
import rkt.spec.image.Image;

/** Every tar of spec/vectors/tar is refused, or contained, as it says there. */
class TarVectorsTest {
  private static final Path VECTORS = Path.of("../spec/vectors/tar");

  @TempDir Path temp;

  static Stream<String> cases() throws Exception {
    List<String> names = new ArrayList<>();
    try (var directories = Files.newDirectoryStream(VECTORS, Files::isDirectory)) {
      for (Path directory : directories) {
        names.add(directory.getFileName().toString());
      }
    }
    return names.stream().sorted();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void isRenderedOrRefusedAsDescribed(String name) throws Exception {
    Path sentinel = Files.createDirectory(temp.resolve("SENT"));
    Files.writeString(sentinel.resolve("secret"), "secret");
    Path data = Files.createDirectory(temp.resolve("data"));
    TarText text = TarText.read(VECTORS.resolve(name).resolve("tar.txt"), sentinel.toString());
    Vectors vectors = new Vectors();
    Image image = vectors.image(text.aci, text.layers);
    TreeCache cache = new TreeCache(data, vectors.source(), Vectors.LIMITS);
    List<String> first = text.expectations.getFirst().words();
    assumeTrue(!first.equals(List.of("root")) || Vectors.OWN_UID == 0, "needs root");

    if (first.getFirst().equals("refuse")) {
      refuses(cache, image, String.join(" ", first.subList(1, first.size())), data);
    } else {
      List<Path> lowers = cache.render(image);
      for (TarText.Expectation expectation : text.expectations) {
        check(lowers.getLast(), expectation.words());
      }
    }

    assertThat(sentinel.resolve("secret")).hasContent("secret");
    assertThat(Files.getAttribute(sentinel.resolve("secret"), "unix:nlink")).isEqualTo(1);
    assertThat(sentinel.toFile().list()).containsExactly("secret");
    assertThat(temp.toFile().list()).containsExactlyInAnyOrder("SENT", "data");
  }

  private static void refuses(TreeCache cache, Image image, String why, Path data)
      throws Exception {
    RktException refusal = catchThrowableOfType(RktException.class, () -> cache.render(image));
    assertThat(refusal.errorClass()).isEqualTo(ErrorClass.INTEGRITY);
    assertThat(refusal).hasMessageContaining(why).hasMessageContaining("layer sha256:");
    assertThat(refusal.getMessage()).matches("[\\x20-\\x7e]*");
    // Whole trees of lower layers may stay; of the refused one, nothing.
    List<String> names = TreeCache.treeNames(image);
    List<String> allowed = names.subList(0, names.size() - 1);
    assertThat(allowed).containsAll(List.of(data.resolve("trees").toFile().list()));
  }

  private static void check(Path rootfs, List<String> words) throws Exception {
    if (words.size() < 2) {
      return;
    }
    String[] argument = words.toArray(new String[0]);
    byte[] path = TarText.bytes(argument[1]);
    try (DirFd root = DirFd.open(rootfs.toString())) {
      if (argument[0].equals("absent")) {
        assertThat(root.statOrNull(path)).isNull();
        return;
      }
      Stat stat = root.stat(path);
      switch (argument[0]) {
        case "file" -> {
          assertThat(stat.isRegular()).isTrue();
          try (var file = root.open(path, DirFd.O_RDONLY, 0, DirFd.Resolve.NO_SYMLINKS);
              var buffer = new rkt.kernel.NativeBuffer(4096)) {
            byte[] bytes = new byte[4096];
            int length = file.read(bytes, buffer);
            byte[] expected = argument.length > 2 ? TarText.bytes(argument[2]) : new byte[0];
            assertThat(java.util.Arrays.copyOf(bytes, length)).isEqualTo(expected);
          }
        }
        case "dir" -> assertThat(stat.isDirectory()).isTrue();
        case "symlink" -> assertThat(root.readlink(path)).isEqualTo(TarText.bytes(argument[2]));
        case "fifo" -> assertThat(stat.mode() & Stat.S_IFMT).isEqualTo(Stat.S_IFIFO);
        case "whiteout" -> {
          assertThat(stat.mode() & Stat.S_IFMT).isEqualTo(Stat.S_IFCHR);
          assertThat(stat.rdev()).isZero();
        }
        case "opaque" ->
            assertThat(root.getXattr(path, Overlays.form().opaqueAttribute()))
                .isEqualTo(Names.of("y"));
        case "mode" -> assertThat(Integer.toOctalString(stat.permissions())).isEqualTo(argument[2]);
        case "owner" -> assertThat(stat.uid() + ":" + stat.gid()).isEqualTo(argument[2]);
        case "mtime" -> assertThat(stat.mtimeSeconds()).isEqualTo(Long.parseLong(argument[2]));
        case "links" -> assertThat(stat.links()).isEqualTo(Integer.parseInt(argument[2]));
        case "size" -> assertThat(stat.size()).isEqualTo(Long.parseLong(argument[2]));
        case "blocks-below" -> assertThat(stat.blocks()).isLessThan(Long.parseLong(argument[2]));
        case "xattr" ->
            assertThat(root.getXattr(path, TarText.bytes(argument[2])))
                .isEqualTo(TarText.bytes(argument[3]));
        case "no-xattr" -> assertThat(root.getXattr(path, TarText.bytes(argument[2]))).isNull();
        default -> throw new IllegalArgumentException(argument[0]);
      }
    }
  }
}
