package rkt.stage1.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rkt.kernel.Descriptors;
import rkt.stage1.StageException;

class IdRangesTest {
  @TempDir Path temp;

  private final List<IdRanges.Range> held = new ArrayList<>();

  @AfterEach
  void release() {
    held.forEach(IdRanges.Range::close);
  }

  @Test
  void rangesOfPodsThatLiveAtTheSameTimeHaveNoIdInCommon() throws Exception {
    Set<Long> firsts = new HashSet<>();
    for (int i = 0; i < 300; i++) {
      long first = take(ranges(), UUID.randomUUID().toString()).first();
      assertThat(first).isBetween(IdRanges.FIRST, IdRanges.END - IdRanges.SIZE);
      assertThat((first - IdRanges.FIRST) % IdRanges.SIZE).isZero();
      assertThat(firsts.add(first)).isTrue();
    }
  }

  @Test
  void aRangeIsFreeAgainOnceEveryDescriptorOfItIsClosed() throws Exception {
    IdRanges.Range range = ranges().take("pod");
    long first = range.first();
    try (var ofProcess1 = Descriptors.duplicate(range.lock(), 100)) {
      range.close();
      assertThat(ofProcess1.number()).isGreaterThanOrEqualTo(100);
      assertThat(take(ranges(), "pod").first()).isNotEqualTo(first);
    }
    assertThat(take(ranges(), "pod").first()).isEqualTo(first);
  }

  @Test
  void aFileThatNobodyHoldsMeansNothing() throws Exception {
    long first;
    try (IdRanges.Range range = ranges().take("pod")) {
      first = range.first();
    }
    assertThat(temp.resolve("ids/" + first)).exists();
    Files.writeString(temp.resolve("ids/" + first), "left by somebody");
    assertThat(take(ranges(), "pod").first()).isEqualTo(first);
  }

  @Test
  void whatUsersOfTheHostWereGivenIsNotUsed() throws Exception {
    long first;
    try (IdRanges.Range range = ranges().take("pod")) {
      first = range.first();
    }
    // The last id of this range, and the first of the next, in two files.
    Files.writeString(
        temp.resolve("subuid"),
        "# comment\n\nnonsense\nuser:x:y\nann:" + (first + 65_535) + ":1\n");
    Files.writeString(temp.resolve("subgid"), "1000:" + (first + 65_536) + ":10");
    assertThat(take(ranges(), "pod").first()).isEqualTo(first + 2 * IdRanges.SIZE);
  }

  @Test
  void whereAllIsGivenAwayThePodIsRefused() throws Exception {
    Files.writeString(temp.resolve("subuid"), "ann:100000:4294867295\n");
    assertThatThrownBy(() -> ranges().take("pod"))
        .isInstanceOf(StageException.class)
        .hasMessageContaining("no range of ids is free");
    assertThat(temp.resolve("ids")).isEmptyDirectory();
  }

  @Test
  void theDirectoryIsClosedToOthers() throws Exception {
    take(ranges(), "pod");
    assertThat(Files.getPosixFilePermissions(temp.resolve("ids")))
        .isEqualTo(java.nio.file.attribute.PosixFilePermissions.fromString("rwx------"));
  }

  @Test
  void aDirectoryThatCannotBeMadeIsAnErrorOfTheSystem() throws Exception {
    Files.writeString(temp.resolve("ids"), "a file");
    assertThatThrownBy(() -> ranges().take("pod")).isInstanceOf(StageException.class);
  }

  private IdRanges ranges() {
    return new IdRanges(
        temp.resolve("ids"), List.of(temp.resolve("subuid"), temp.resolve("subgid")));
  }

  private IdRanges.Range take(IdRanges ranges, String pod) throws StageException {
    IdRanges.Range range = ranges.take(pod);
    held.add(range);
    return range;
  }
}
