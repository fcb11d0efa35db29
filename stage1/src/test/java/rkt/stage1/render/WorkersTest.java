package rkt.stage1.render;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class WorkersTest {
  /** What a task made: its size. */
  private record Made(long size) implements AutoCloseable {
    @Override
    public void close() {}
  }

  @Test
  void theLargestAreBegunFirstAndAllAreTakenInOrder() throws Exception {
    int threads = Math.max(2, Runtime.getRuntime().availableProcessors());
    CountDownLatch busy = new CountDownLatch(threads);
    List<Long> begun = Collections.synchronizedList(new ArrayList<>());
    List<Workers.Task<Made>> tasks = new ArrayList<>();
    for (long size = 1; size <= 3L * threads; size++) {
      long made = size;
      tasks.add(
          new Workers.Task<>(
              made,
              () -> {
                begun.add(made);
                busy.countDown();
                busy.await();
                return new Made(made);
              }));
    }

    List<Long> taken = new ArrayList<>();
    try (Workers<Made> workers = new Workers<>(tasks)) {
      for (int i = 0; i < tasks.size(); i++) {
        try (Made made = workers.take()) {
          taken.add(made.size());
        }
      }
    }

    assertThat(taken).isSorted().hasSize(3 * threads);
    assertThat(begun.subList(0, threads)).allMatch(size -> size > 2L * threads);
  }
}
