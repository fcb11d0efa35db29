package rkt.stage1.pod;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import rkt.kernel.DirFd;
import rkt.stage1.StageException;

@Timeout(20)
class PodWaitTest {
  @TempDir Path data;
  private Path directory;

  @BeforeEach
  void aPod() throws Exception {
    directory = Files.createDirectories(data.resolve("pods/run").resolve(PodSamples.ID));
  }

  private PodView view() throws StageException {
    return new Pods(data).find(PodSamples.ID);
  }

  @Test
  void aPodThatNobodyHoldsHasEnded() throws Exception {
    assertThat(PodWait.untilEnded(view(), Duration.ZERO)).isTrue();
  }

  @Test
  void aPodThatIsHeldIsWaitedForNoLongerThanAsked() throws Exception {
    try (DirFd holder = DirFd.open(directory.toString())) {
      holder.self().lock(true);
      assertThat(PodWait.untilEnded(view(), Duration.ZERO)).isFalse();
      assertThat(PodWait.untilEnded(view(), Duration.ofMillis(60))).isFalse();
    }
  }

  @Test
  void theEndOfAPodEndsTheWait() throws Exception {
    PodView view;
    CompletableFuture<Boolean> waiter;
    try (DirFd holder = DirFd.open(directory.toString())) {
      holder.self().lock(true);
      view = view();
      waiter =
          CompletableFuture.supplyAsync(() -> {
            try {
              return PodWait.untilEnded(view, Duration.ofHours(999_999_999));
            } catch (StageException e) {
              throw new IllegalStateException(e);
            }
          });
    }
    assertThat(waiter.get(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aPodThatWasCollectedMeanwhileHasEnded() throws Exception {
    PodView view = view();
    Files.delete(directory);
    assertThat(PodWait.untilEnded(view, Duration.ZERO)).isTrue();
  }

  @Test
  void onlyARunningPodCanBeStopped() throws Exception {
    assertThatThrownBy(() -> PodStop.stop(view(), Duration.ZERO))
        .hasMessage("pod " + PodSamples.ID + " does not run: it is exited");
  }

  @Test
  void aPodThatHasNoSupervisorYetIsNotKilledBlindly() throws Exception {
    try (DirFd holder = DirFd.open(directory.toString())) {
      holder.self().lock(true);
      assertThatThrownBy(() -> PodStop.stop(view(), Duration.ZERO))
          .hasMessage("pod " + PodSamples.ID + " has only just begun to start");
    }
  }
}
