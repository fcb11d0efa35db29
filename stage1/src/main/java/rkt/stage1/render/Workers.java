package rkt.stage1.render;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import rkt.kernel.KernelException;
import rkt.spec.RktException;

/**
 * Some threads that make things, the largest first, and one caller that takes them in the order of
 * the tasks. What is made and not taken is closed with this, so that one failure leaves nothing of
 * the others.
 */
final class Workers<T extends AutoCloseable> implements AutoCloseable {
  private final ExecutorService pool;
  private final List<FutureTask<T>> made = new ArrayList<>();
  private int taken;

  /**
   * Something to make.
   *
   * @param size how much work it is, compared with the others
   */
  record Task<T>(long size, Callable<T> work) {}

  /** Begins; no task may wait for another. */
  Workers(List<Task<T>> tasks) {
    // Two at least even on one core: one then waits for the disk while the other inflates.
    int threads = Math.max(2, Runtime.getRuntime().availableProcessors());
    pool = Executors.newFixedThreadPool(Math.max(1, Math.min(tasks.size(), threads)));
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < tasks.size(); i++) {
      order.add(i);
      made.add(new FutureTask<>(tasks.get(i).work()));
    }
    // A large one that began last would keep one core busy, and the others idle.
    order.sort(Comparator.comparingLong((Integer i) -> tasks.get(i).size()).reversed());
    for (int i : order) {
      pool.execute(made.get(i));
    }
  }

  /** Waits for the next; the caller closes it. */
  T take() throws RktException, KernelException {
    try {
      return made.get(taken++).get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RktException cause -> throw cause;
        case KernelException cause -> throw cause;
        case IOException cause -> throw RenderException.system("render a layer", cause);
        case Error cause -> throw cause;
        case null, default -> throw new IllegalStateException(e);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw RenderException.system("render a layer", e);
    }
  }

  @Override
  public void close() throws KernelException {
    for (Runnable neverBegun : pool.shutdownNow()) {
      if (neverBegun instanceof Future<?> future) {
        future.cancel(false);
      }
    }
    for (Future<T> future : made.subList(taken, made.size())) {
      if (future.state() != Future.State.CANCELLED) {
        closeResult(future);
      }
    }
  }

  private void closeResult(Future<T> future) throws KernelException {
    boolean interrupted = false;
    while (true) {
      try {
        future.get().close();
        break;
      } catch (InterruptedException e) {
        // What is still running must end first, or it would leave its files.
        interrupted = true;
      } catch (ExecutionException e) {
        break; // It cleaned up itself; the failure that is reported is the one that was taken.
      } catch (KernelException e) {
        throw e;
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
