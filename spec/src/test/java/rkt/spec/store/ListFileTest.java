package rkt.spec.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
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

  private Optional<String> kept(String form) throws Exception {
    Optional<ListingText> text = ListingText.of(root, file, form);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    return text.isPresent() && text.get().writeTo(out)
        ? Optional.of(out.toString(StandardCharsets.UTF_8))
        : Optional.empty();
  }

  private void keep(String text) throws Exception {
    ListingText.of(root, file, "form")
        .orElseThrow()
        .keep(text.getBytes(StandardCharsets.UTF_8), root.resolve("store"));
  }

  @Test
  void aTextIsKeptForItsFormUntilAnImageIsUsedOrTheIndexChanges() throws Exception {
    assertThat(kept("form")).isEmpty();
    keep("é\nlines\n");
    assertThat(kept("form")).contains("é\nlines\n");
    assertThat(kept("other form")).isEmpty();
    file.noteUse("sha256-0");
    assertThat(kept("form")).as("after a use").isEmpty();
    keep("");
    assertThat(kept("form")).contains("");
    Files.delete(root.resolve("images.used"));
    assertThat(kept("form")).as("where uses are not noted").isEmpty();
    Files.createFile(root.resolve("images.used"));
    assertThat(kept("form")).as("of others' notes").isEmpty();
    keep("again");
    Files.writeString(root.resolve("store/index.json"), "{ }");
    assertThat(kept("form")).as("of another index").isEmpty();
  }

  @Test
  void aTextThatWasMadeOfAnOlderStateIsFoundByNobody() throws Exception {
    ListingText before = ListingText.of(root, file, "form").orElseThrow();
    file.noteUse("sha256-0");
    before.keep(new byte[] {'a'}, root.resolve("store"));
    assertThat(kept("form")).isEmpty();
  }

  @Test
  void aTextThatWasCutOrChangedCountsForNothing() throws Exception {
    keep("a line\nand another\n");
    Path text = root.resolve("images.text");
    byte[] whole = Files.readAllBytes(text);
    for (int length = 0; length < whole.length; length++) {
      Files.write(text, Arrays.copyOf(whole, length));
      assertThat(kept("form")).as("cut to %d", length).isEmpty();
      byte[] changed = whole.clone();
      changed[length] ^= 1;
      Files.write(text, changed);
      assertThat(kept("form")).as("changed at %d", length).isEmpty();
    }
    Files.write(text, whole);
    assertThat(kept("form")).isPresent();
  }

  @Test
  void noTextIsKeptOfAFewImages() throws Exception {
    file.write(stamp, images.subList(0, 10), root.resolve("scratch"));
    assertThat(ListingText.of(root, file, "form")).isEmpty();
  }
}
