package rkt.tests.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rkt.tests.Rkt;

/** Listings of so many images that what they print is kept. */
@Tag("privileged")
class LongListingIT {
  private static final int MANY = 2000;

  private Rkt rkt;
  private String id;

  /** One image, and a list that has it many times. */
  @BeforeEach
  void open() throws Exception {
    rkt = Rkt.fresh();
    Path file = new BuiltImage(rkt, "plain").build("plain", "");
    id = rkt.ok("--insecure-options=image", "image", "import", file.toString()).out().strip();
    rkt.ok("image", "list");
    Path list = rkt.data().resolve("images.list");
    String text = Files.readString(list);
    int first = text.indexOf('\n') + 1;
    Files.writeString(list, text.substring(0, first) + text.substring(first).repeat(MANY));
  }

  @AfterEach
  void close() throws Exception {
    rkt.close();
  }

  private String list(String... options) throws Exception {
    String[] words = new String[options.length + 2];
    words[0] = "image";
    words[1] = "list";
    System.arraycopy(options, 0, words, 2, options.length);
    return rkt.ok(words).out();
  }

  @Test
  void whatIsPrintedAgainIsTheSameAndAsItIsAskedFor() throws Exception {
    String text = list();
    assertThat(text.lines()).hasSize(MANY + 1);
    assertThat(rkt.data().resolve("images.text")).exists();
    assertThat(list()).isEqualTo(text);
    String json = list("--format=json");
    assertThat(json.lines()).hasSize(MANY).allMatch(line -> line.contains(id));
    assertThat(list("--format=json")).isEqualTo(json);
    assertThat(list("--no-legend").lines()).hasSize(MANY);
    assertThat(list("--full")).contains(id);
    assertThat(list("--fields=name", "--no-legend").lines())
        .containsOnly("example.com/store/plain");
    assertThat(list()).isEqualTo(text);
  }

  @Test
  void whatWasUsedOrRemovedSinceIsSeen() throws Exception {
    assertThat(list()).isEqualTo(list()).doesNotContain("2001-09-09");
    Path directory = rkt.data().resolve("images").resolve(id);
    Files.setLastModifiedTime(
        directory.resolve("image.json"), FileTime.from(Instant.ofEpochSecond(1_000_000_000)));
    // As a start does.
    Files.writeString(rkt.data().resolve("images.used"), id + "\n");
    String used = list("--fields=lastused", "--no-legend");
    assertThat(used.lines()).hasSize(MANY).containsOnly("2001-09-09T01:46:40Z");
    assertThat(list("--fields=lastused", "--no-legend")).isEqualTo(used);
    rkt.ok("image", "rm", id);
    assertThat(list("--no-legend")).isEmpty();
  }
}
