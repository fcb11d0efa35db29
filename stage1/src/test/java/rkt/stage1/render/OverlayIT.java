package rkt.stage1.render;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rkt.spec.image.Image;

/** The kernel's overlay of rendered trees shows what flattening the same image gives. */
@Tag("privileged")
class OverlayIT {
  private static final List<String> LINES =
      List.of(
          "dir d mode=750",
          "file d/gone data=1",
          "file d/kept data=2",
          "file e/old data=3",
          "file f data=4",
          "dir r mode=700",
          "file r/old data=5",
          "layer",
          "file d/.wh.gone",
          "file d/x/new data=6",
          "file e/.wh..wh..opq",
          "file e/new data=7",
          "file .wh.r",
          "dir r mode=755",
          "file r/new data=8",
          "layer",
          "file .wh.f",
          "file d/more data=9");

  @TempDir Path temp;

  @Test
  void overlaidTreesAreTheFlatImage() throws Exception {
    Path tar = temp.resolve("tar.txt");
    Files.write(tar, LINES, StandardCharsets.US_ASCII);
    Vectors vectors = new Vectors();
    Image image = vectors.image(false, TarText.read(tar, "").layers);
    Path data = Files.createDirectory(temp.resolve("data"));
    TreeCache cache = new TreeCache(data, vectors.source(), Vectors.LIMITS);
    List<String> lowers = new ArrayList<>();
    for (Path lower : cache.render(image).reversed()) {
      lowers.add(lower.toString());
    }
    Path flat = temp.resolve("flat");
    new FlatRender(vectors.source(), Vectors.LIMITS).write(image, flat);

    List<String> overlaid = listed("lowerdir=" + String.join(":", lowers));

    assertThat(overlaid).isEqualTo(list(flat));
  }

  private List<String> listed(String options) throws Exception {
    Path mountPoint = Files.createDirectory(temp.resolve("mounted"));
    return run(
        "unshare",
        "-m",
        "sh",
        "-c",
        "mount -t overlay overlay -o \"$1\" \"$2\" && cd \"$2\" && find . -printf '" + FORMAT + "'",
        "sh",
        options,
        mountPoint.toString());
  }

  private List<String> list(Path directory) throws Exception {
    return run(
        "sh", "-c", "cd \"$1\" && find . -printf '" + FORMAT + "'", "sh", directory.toString());
  }

  private static final String FORMAT = "%p %y %m %U:%G %T@ %l\\n";

  private List<String> run(String... command) throws Exception {
    Path out = temp.resolve("out");
    Process process =
        new ProcessBuilder(command)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .redirectOutput(out.toFile())
            .start();
    assertThat(process.waitFor()).isZero();
    return Files.readAllLines(out, StandardCharsets.UTF_8).stream().sorted().toList();
  }
}
