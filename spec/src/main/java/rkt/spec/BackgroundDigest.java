package rkt.spec;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Gives bytes to digests, each on a thread of its own, so that whoever reads or expands them takes
 * the longest of the times and not their sum. The digests are the caller's again after {@link
 * #finish}. For one writing thread.
 */
public final class BackgroundDigest implements AutoCloseable {
  private static final int BLOCK_BYTES = 256 << 10;
  private static final int BLOCKS = 4;

  private final List<MessageDigest> digests;
  private final List<ExecutorService> workers = new ArrayList<>();
  private final List<Block> blocks = new ArrayList<>();
  private Block current;

  /** Bytes, and when each digest will have had them. */
  private static final class Block {
    private final byte[] bytes = new byte[BLOCK_BYTES];
    private final List<Future<?>> hashed = new ArrayList<>();
    private int length;
  }

  /**
   * @param digests each gets every byte; none, and {@link #write} costs nothing
   */
  public BackgroundDigest(List<MessageDigest> digests) {
    this.digests = List.copyOf(digests);
    this.current = new Block();
    blocks.add(current);
  }

  /** Adds bytes; they are copied. */
  public void write(byte[] bytes, int offset, int count) throws IOException {
    if (digests.isEmpty()) {
      return;
    }
    for (int done = 0; done < count; ) {
      int part = Math.min(count - done, BLOCK_BYTES - current.length);
      System.arraycopy(bytes, offset + done, current.bytes, current.length, part);
      done += part;
      add(part);
    }
  }

  /** Adds what one read of {@code in} gives; how much that is, negative at the end. */
  public int writeFrom(InputStream in) throws IOException {
    int read = in.read(current.bytes, current.length, BLOCK_BYTES - current.length);
    if (read > 0) {
      add(read);
    }
    return read;
  }

  /** Waits until all that was added is in the digests. May be called again. */
  public void finish() throws IOException {
    if (current.length > 0) {
      giveAway();
    }
    for (Block block : blocks) {
      await(block);
    }
  }

  /** Ends the threads; what they have not hashed yet is given up. */
  @Override
  public void close() {
    for (ExecutorService worker : workers) {
      worker.shutdownNow();
    }
  }

  private void add(int count) throws IOException {
    current.length += count;
    if (current.length == BLOCK_BYTES) {
      giveAway();
    }
  }

  /** Has the current block hashed, and takes one that was. */
  private void giveAway() throws IOException {
    Block full = current;
    if (workers.isEmpty()) {
      for (int i = 0; i < digests.size(); i++) {
        workers.add(Executors.newSingleThreadExecutor(BackgroundDigest::thread));
      }
    }
    for (int i = 0; i < digests.size(); i++) {
      MessageDigest digest = digests.get(i);
      int length = full.length;
      full.hashed.add(workers.get(i).submit(() -> digest.update(full.bytes, 0, length)));
    }
    int next = (blocks.indexOf(full) + 1) % BLOCKS;
    if (next == blocks.size()) {
      blocks.add(new Block());
    }
    current = blocks.get(next);
    await(current);
    current.length = 0;
  }

  private static void await(Block block) throws IOException {
    for (Future<?> hashed : block.hashed) {
      try {
        hashed.get();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while hashing");
      } catch (ExecutionException e) {
        throw new IllegalStateException("the thread that hashes has failed", e.getCause());
      }
    }
    block.hashed.clear();
  }

  private static Thread thread(Runnable task) {
    Thread thread = new Thread(task, "digest");
    thread.setDaemon(true);
    return thread;
  }
}
