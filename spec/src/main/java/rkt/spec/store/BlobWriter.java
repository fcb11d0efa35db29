package rkt.spec.store;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.SpecException;

/**
 * Streams bytes into a new file: hashed in the same pass, stopped one byte past the limit, on disk
 * when it returns. The disk starts to write while bytes still arrive, so that the last sync is
 * short. spec/store.md#durability
 */
final class BlobWriter {
  private static final int BUFFER = 512 << 10;
  private static final long SYNC_EVERY = 16 << 20;

  private final ExecutorService syncer;
  private @Nullable Future<?> sync;

  BlobWriter(ExecutorService syncer) {
    this.syncer = syncer;
  }

  /**
   * Copies {@code in} to its end into {@code file}. After any failure {@code file} is gone.
   *
   * @param limit the most bytes that may come
   * @throws IOException if reading {@code in} fails; what fails here is a {@link SpecException}
   */
  Blob copy(InputStream in, Path file, Digest.Algorithm algorithm, long limit)
      throws SpecException, IOException {
    boolean done = false;
    try (FileChannel out = Durable.create(file)) {
      Blob blob = copy(in, out, algorithm, limit);
      finish(out);
      done = true;
      return blob;
    } catch (WriteFailure e) {
      throw SpecException.system(
          "cannot write " + file + ": " + RktException.why(e.cause), e.cause);
    } finally {
      if (!done) {
        Files.deleteIfExists(file);
      }
    }
  }

  private Blob copy(InputStream in, FileChannel out, Digest.Algorithm algorithm, long limit)
      throws SpecException, IOException, WriteFailure {
    MessageDigest digest = algorithm.start();
    byte[] buffer = new byte[BUFFER];
    long size = 0;
    long synced = 0;
    for (int filled; (filled = fill(in, buffer, limit - size + 1)) > 0; ) {
      size += filled;
      if (size > limit) {
        throw SpecException.integrity("more than the " + limit + " bytes that were announced came");
      }
      digest.update(buffer, 0, filled);
      write(out, ByteBuffer.wrap(buffer, 0, filled));
      if (size - synced >= SYNC_EVERY && (sync == null || sync.isDone())) {
        awaitSync();
        sync =
            syncer.submit(() -> {
              out.force(false);
              return null;
            });
        synced = size;
      }
    }
    return new Blob(Digest.of(algorithm, digest), size);
  }

  /** Reads until the buffer is full, the end, or {@code most} bytes: large writes are cheaper. */
  private static int fill(InputStream in, byte[] buffer, long most) throws IOException {
    int wanted = (int) Math.min(buffer.length, most);
    int filled = 0;
    while (filled < wanted) {
      int read = in.read(buffer, filled, wanted - filled);
      if (read < 0) {
        break;
      }
      filled += read;
    }
    return filled;
  }

  private static void write(FileChannel out, ByteBuffer bytes) throws WriteFailure {
    try {
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
    } catch (IOException e) {
      throw new WriteFailure(e);
    }
  }

  private void finish(FileChannel out) throws WriteFailure {
    try {
      awaitSync();
      out.force(true);
    } catch (IOException e) {
      throw new WriteFailure(e);
    }
  }

  /** The kernel reports a write error to one sync only, so none may go unseen. */
  private void awaitSync() throws WriteFailure {
    if (sync == null) {
      return;
    }
    try {
      sync.get();
    } catch (ExecutionException e) {
      throw new WriteFailure(
          e.getCause() instanceof IOException io ? io : new IOException(e.getCause()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new WriteFailure(new IOException("interrupted", e));
    }
  }

  /** Tells what failed here from what failed in the stream that is read. */
  private static final class WriteFailure extends Exception {
    private final IOException cause;

    WriteFailure(IOException cause) {
      super(cause);
      this.cause = cause;
    }
  }
}
