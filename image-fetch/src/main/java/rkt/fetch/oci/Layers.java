package rkt.fetch.oci;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import rkt.fetch.transport.FetchException;
import rkt.fetch.transport.Progress;
import rkt.spec.RktException;
import rkt.spec.image.OciDescriptor;

/** Fetches the layers of an image, several at a time; the first failure ends the others. */
final class Layers {
  private static final int AT_ONCE = 3;
  private static final long LAST_BREATH_SECONDS = 40;

  private final OciSource source;
  private final Stage stage;
  private final Progress progress;

  Layers(OciSource source, Stage stage, Progress progress) {
    this.source = source;
    this.stage = stage;
    this.progress = progress;
  }

  void fetch(List<OciDescriptor> layers) throws RktException {
    long all = 0;
    for (OciDescriptor layer : layers) {
      all += layer.sizeBytes();
    }
    progress.expected(all);
    ExecutorService threads = Executors.newFixedThreadPool(Math.min(AT_ONCE, layers.size() + 1));
    try {
      CompletionService<@Nullable Void> done = new ExecutorCompletionService<>(threads);
      List<Future<@Nullable Void>> started = new ArrayList<>();
      for (int i = 0; i < layers.size(); i++) {
        OciDescriptor layer = layers.get(i);
        String place = "layer " + (i + 1) + "/" + layers.size();
        started.add(
            done.submit(() -> {
              fetch(layer, place);
              return null;
            }));
      }
      for (int i = 0; i < started.size(); i++) {
        done.take().get();
      }
    } catch (ExecutionException e) {
      throw failure(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw FetchException.network("interrupted while fetching " + source.what(), e);
    } finally {
      stop(threads);
    }
  }

  private void fetch(OciDescriptor layer, String place) throws RktException {
    String digest =
        layer.digest().algorithm().label() + ":" + layer.digest().hex().substring(0, 12);
    String what = place + " " + digest;
    boolean reused = stage.has(layer.digest());
    if (!reused) {
      source.blob(layer, stage, progress.started(what, layer.sizeBytes()));
    }
    progress.finished(what, layer.sizeBytes(), reused);
  }

  private RktException failure(@Nullable Throwable cause) {
    return switch (cause) {
      case RktException e -> e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case null, default -> FetchException.network("cannot fetch " + source.what(), cause);
    };
  }

  /** Readers see the interrupt at their next piece; none may write once the transaction closes. */
  private static void stop(ExecutorService threads) {
    threads.shutdownNow();
    try {
      threads.awaitTermination(LAST_BREATH_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
