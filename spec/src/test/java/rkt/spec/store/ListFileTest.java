package rkt.spec.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lists that are long enough to be read by two threads. */
final class ListFileTest {
  private static final int MANY = 3000;

  @TempDir Path root;
  private final List<ListedImage> images = new ArrayList<>();
  private ListFile file;
  private String stamp;

  @BeforeEach
  void write() throws Exception {
    Files.createDirectories(root.resolve("store"));
    Files.writeString(root.resolve("store/index.json"), "{}");
    for (int i = 0; i < MANY; i++) {
      String odd = "name\t\\" + i + "\né";
      List<String> references = new ArrayList<>(List.of("one:" + i, odd)).subList(0, i % 3);
      images.add(
          new ListedImage(
              "sha256:" + "0".repeat(60) + i, odd, i, 7, 8, i % 2 == 0, "from " + i, references));
    }
    Files.createFile(root.resolve("images.used"));
    file = new ListFile(root);
    stamp = file.stamp().orElseThrow();
    file.write(stamp, images, root.resolve("scratch"));
  }

  @Test
  void everyImageIsReadOnceAndInOrder() throws Exception {
    assertThat(file.read(stamp, image -> image)).contains(images);
    assertThat(file.read("another", image -> image)).isEmpty();
  }

  @Test
  void aLineThatNobodyWroteMakesTheFileWorthlessInEitherHalf() throws Exception {
    Path list = root.resolve("images.list");
    byte[] text = Files.readAllBytes(list);
    for (int place : new int[] {stamp.length() + 100, text.length - 100}) {
      byte[] damaged = text.clone();
      int end = new String(text, StandardCharsets.ISO_8859_1).indexOf('\n', place);
      damaged[end - 1] = '\n';
      Files.write(list, damaged);
      assertThat(file.read(stamp, image -> image)).as("damaged at %d", place).isEmpty();
    }
  }
}
