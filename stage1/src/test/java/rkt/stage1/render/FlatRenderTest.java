package rkt.stage1.render;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;
import rkt.spec.image.Image;

class FlatRenderTest {
  @TempDir Path temp;
  private final Vectors vectors = new Vectors();

  @Test
  void whiteoutsAreAppliedAndLeaveNoTrace() throws Exception {
    Path out = temp.resolve("out");
    render(
        out,
        "dir d mode=750 mtime=1",
        "file d/gone data=1",
        "file d/kept data=2",
        "file e/old data=3",
        "file was-file data=4",
        "dir was-dir",
        "file was-dir/x data=5",
        "file r/old data=6",
        "layer",
        "file d/.wh.gone",
        "file e/.wh..wh..opq",
        "file e/new data=7",
        "dir was-file",
        "file was-file/y data=8",
        "file was-dir data=9",
        "file .wh.r",
        "dir r",
        "file r/new data=10",
        "layer",
        "dir top mode=700 mtime=9",
        "file top/.wh.nothing",
        "file d/more data=11 mtime=4");

    try (var walk = Files.walk(out)) {
      String files =
          walk.filter(Files::isRegularFile)
              .map(p -> out.relativize(p).toString())
              .sorted()
              .collect(Collectors.joining(" "));
      assertThat(files).isEqualTo("d/kept d/more e/new r/new was-dir was-file/y");
    }
    assertThat(out.resolve("d/kept")).hasContent("2");
    assertThat(Files.getAttribute(out.resolve("d"), "unix:mode")).isEqualTo(0040750);
    assertThat(Files.getLastModifiedTime(out.resolve("d")).toMillis()).isEqualTo(1000);
    assertThat(Files.getLastModifiedTime(out.resolve("top")).toMillis()).isEqualTo(9000);
    assertThat(temp.toFile().list()).containsExactlyInAnyOrder("out", "tar.txt");
  }

  @Test
  void anEmptyDirectoryIsReplacedAndAFullOneIsNot() throws Exception {
    Path out = Files.createDirectory(temp.resolve("out"));
    render(out, "file a data=x");
    assertThat(out.resolve("a")).hasContent("x");

    assertThatThrownBy(() -> render(out, "file b data=y"))
        .isInstanceOfSatisfying(
            RktException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.USAGE))
        .hasMessageContaining("not an empty directory");
    assertThat(out.toFile().list()).containsExactly("a");
  }

  @Test
  void aRefusedLayerLeavesNothingBesideTheTarget() throws Exception {
    Path out = temp.resolve("out");

    assertThatThrownBy(() -> render(out, "file a data=x", "layer", "char c"))
        .hasMessageContaining("device node");

    assertThat(temp.toFile().list()).containsExactly("tar.txt");
  }

  @Test
  void aLinkOfALowerLayerIsNotGoneThrough() throws Exception {
    Path sentinel = Files.createDirectory(temp.resolve("SENT"));

    assertThatThrownBy(() ->
            render(temp.resolve("out"), "symlink d link=" + sentinel, "layer", "file d/x data=x"))
        .hasMessageContaining("\"d\" is used as a directory");

    assertThat(sentinel).isEmptyDirectory();
  }

  private void render(Path out, String... lines) throws Exception {
    Path file = temp.resolve("tar.txt");
    Files.write(file, List.of(lines), StandardCharsets.US_ASCII);
    Image image = vectors.image(false, TarText.read(file, "").layers);
    new FlatRender(vectors.source(), Vectors.LIMITS).write(image, out);
  }
}
