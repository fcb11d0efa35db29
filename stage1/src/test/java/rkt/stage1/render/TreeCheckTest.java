package rkt.stage1.render;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rkt.spec.image.Image;

class TreeCheckTest {
  @TempDir Path temp;
  private final Vectors vectors = new Vectors();
  private TreeCache cache;
  private Image image;
  private Path lower;
  private Path upper;

  @BeforeEach
  void render() throws Exception {
    cache = new TreeCache(temp.resolve("data"), vectors.source(), Vectors.LIMITS);
    Path file = temp.resolve("tar.txt");
    Files.write(
        file,
        List.of(
            "dir etc",
            "file etc/passwd data=root",
            "hardlink etc/copy link=etc/passwd",
            "symlink etc/link link=passwd",
            "fifo etc/pipe",
            "layer",
            "file etc/.wh.link",
            "file etc/added data=x"),
        StandardCharsets.US_ASCII);
    image = vectors.image(false, TarText.read(file, "").layers);
    List<Path> lowers = cache.render(image);
    lower = lowers.get(0);
    upper = lowers.get(1);
  }

  @Test
  void aTreeThatNobodyTouchedIsIntactAndTheCheckLeavesNothing() throws Exception {
    assertThat(cache.check(image)).allMatch(tree -> tree.state() == TreeReport.State.INTACT);
    assertThat(temp.resolve("data/trees").toFile().list()).hasSize(2);
  }

  @Test
  void aTreeThatIsNotThereIsAbsent() throws Exception {
    cache.remove(TreeCache.treeNames(image).get(1));
    assertThat(cache.check(image))
        .extracting(TreeReport::state)
        .containsExactly(TreeReport.State.INTACT, TreeReport.State.ABSENT);
  }

  @Test
  void otherContentsAreFoundEvenWhenTheTimeWasSetBack() throws Exception {
    Path passwd = lower.resolve("etc/passwd");
    FileTime before = Files.getLastModifiedTime(passwd);
    Files.writeString(passwd, "evil");
    Files.setLastModifiedTime(passwd, before);
    assertThat(findings(0)).hasSize(1);
    assertThat(findings(0).get(0)).matches("etc/(passwd|copy) has other contents");
  }

  @Test
  void whatIsMissingAndWhatIsNotOfTheLayerIsNamed() throws Exception {
    Files.delete(lower.resolve("etc/pipe"));
    Files.writeString(lower.resolve("etc/more"), "x");
    assertThat(findings(0))
        .containsExactlyInAnyOrder(
            "etc was modified", "etc/pipe is missing", "etc/more is not in the layer");
  }

  @Test
  void anotherModeTargetAndLinkAreFound() throws Exception {
    Path link = lower.resolve("etc/link");
    FileTime before = Files.getLastModifiedTime(link, LinkOption.NOFOLLOW_LINKS);
    Files.delete(link);
    Files.createSymbolicLink(link, Path.of("../../../../etc/shadow"));
    Files.setAttribute(lower.resolve("etc/passwd"), "unix:mode", 0104755);
    assertThat(findings(0))
        .contains("etc/link points elsewhere")
        .anyMatch(finding -> finding.contains("has the mode 04755 and not 0"));
    assertThat(before).isNotNull();
  }

  @Test
  void aHardLinkThatBecameAFileOfItsOwnIsFound() throws Exception {
    Path copy = lower.resolve("etc/copy");
    FileTime time = Files.getLastModifiedTime(copy);
    Files.delete(copy);
    Files.writeString(copy, "root");
    Files.setLastModifiedTime(copy, time);
    assertThat(findings(0))
        .anyMatch(finding -> finding.contains("is no link to the file that it should be one of"));
  }

  @Test
  void aWhiteoutThatIsGoneIsFound() throws Exception {
    if (!Files.exists(upper.resolve("etc/link"), LinkOption.NOFOLLOW_LINKS)) {
      throw new AssertionError("the upper tree has no whiteout");
    }
    Files.delete(upper.resolve("etc/link"));
    assertThat(findings(1)).contains("etc/link is missing");
    assertThat(findings(0)).isEmpty();
  }

  private List<String> findings(int tree) throws Exception {
    return cache.check(image).get(tree).findings().stream()
        .map(finding -> finding.path() + " " + finding.what())
        .toList();
  }
}
