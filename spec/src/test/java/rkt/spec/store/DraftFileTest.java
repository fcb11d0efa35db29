package rkt.spec.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DraftFileTest {
  private static final String LEFT = ".key.tmp-0123456789abcdef";

  @TempDir Path directory;

  /** Another process, which writes a draft until its input ends. */
  public static final class Writer {
    private Writer() {}

    public static void main(String[] arguments) throws IOException {
      try (DraftFile draft = DraftFile.create(Path.of(arguments[0]), ".key.")) {
        System.out.write('w');
        System.out.flush();
        System.in.transferTo(OutputStream.nullOutputStream());
        draft.moveTo(Path.of(arguments[0], "key"));
      }
    }
  }

  @Test
  void whatAWriterThatIsGoneHasLeftIsRemoved() throws Exception {
    Files.writeString(directory.resolve(LEFT), "half");
    DraftFile.sweep(directory, ".key.");
    assertThat(names()).isEmpty();
  }

  @Test
  void whatIsBeingWrittenIsLeftAloneByItsOwnProcess() throws Exception {
    try (DraftFile draft = DraftFile.create(directory, ".key.")) {
      draft.channel().write(ByteBuffer.wrap(new byte[] {1}));
      DraftFile.sweep(directory, ".key.");
      draft.moveTo(directory.resolve("key"));
    }
    assertThat(names()).containsExactly("key");
  }

  @Test
  void whatIsBeingWrittenIsLeftAloneByOthersUntilItsWriterIsKilled() throws Exception {
    Process writer = writer();
    assertThat(writer.getInputStream().read()).isEqualTo('w');
    DraftFile.sweep(directory, ".key.");
    assertThat(names()).hasSize(1);
    writer.destroyForcibly().waitFor();
    DraftFile.sweep(directory, ".key.");
    assertThat(names()).isEmpty();
  }

  @Test
  void aWriterThatOthersSweepBesideFinishes() throws Exception {
    Process writer = writer();
    assertThat(writer.getInputStream().read()).isEqualTo('w');
    DraftFile.sweep(directory, ".key.");
    writer.getOutputStream().close();
    assertThat(writer.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(writer.exitValue()).isZero();
    assertThat(names()).containsExactly("key");
  }

  @Test
  void onlyFilesThatAreNamedLikeDraftsAreRemoved() throws Exception {
    for (String name :
        List.of(
            "key",
            ".key.tmp-",
            ".key.tmp-0123456789abcde",
            ".key.tmp-0123456789abcdeF",
            ".key.tmp-0123456789abcdef0",
            ".other.tmp-0123456789abcdef",
            "key.tmp-0123456789abcdef")) {
      Files.createFile(directory.resolve(name));
    }
    Files.createDirectory(directory.resolve(".key.tmp-aaaaaaaaaaaaaaaa"));
    Files.createSymbolicLink(directory.resolve(".key.tmp-bbbbbbbbbbbbbbbb"), Path.of("key"));
    List<String> before = names();
    DraftFile.sweep(directory, ".key.");
    assertThat(names()).isEqualTo(before);
  }

  @Test
  void aNameThatIsTakenIsKeptAndNothingIsLeftBesideIt() throws Exception {
    Path taken = directory.resolve("key");
    Files.writeString(taken, "theirs");
    try (DraftFile draft = DraftFile.create(directory, ".key.")) {
      assertThatThrownBy(() -> draft.moveToNew(taken))
          .isInstanceOf(FileAlreadyExistsException.class);
    }
    assertThat(names()).containsExactly("key");
    assertThat(taken).hasContent("theirs");
  }

  @Test
  void whereNothingWasEverWrittenThereIsNothingToRemove() throws Exception {
    DraftFile.sweep(directory.resolve("absent"), ".key.");
    assertThat(names()).isEmpty();
  }

  private Process writer() throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin/java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Writer.class.getName(),
            directory.toString())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  private List<String> names() {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries
          .map(entry -> Objects.requireNonNull(entry.getFileName()).toString())
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
