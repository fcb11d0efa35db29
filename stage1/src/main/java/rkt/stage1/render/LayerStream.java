package rkt.stage1.render;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;
import rkt.spec.Digest;

/**
 * The uncompressed bytes of one layer, inflated on a thread of its own while the caller hashes them
 * and places files: rendering then takes the longer of the two and not their sum. The caller takes
 * whole chunks, so that contents go from the inflater's buffer to write(2) with one copy.
 */
final class LayerStream implements AutoCloseable {
  private static final int CHUNK_BYTES = 256 << 10;
  private static final int CHUNKS = 4;

  /** A buffer on its way between the two threads; a length of 0 is the end. */
  private static final class Chunk {
    final byte[] bytes = new byte[CHUNK_BYTES];
    int length;
  }

  private final InputStream in;
  private final MessageDigest hash;
  private final long limit;
  private final BlockingQueue<Chunk> full = new ArrayBlockingQueue<>(CHUNKS + 1);
  private final BlockingQueue<Chunk> free = new ArrayBlockingQueue<>(CHUNKS + 1);
  private final Thread producer;
  private volatile @Nullable Throwable failure;

  private @Nullable Chunk current;
  private int position;
  private boolean ended;

  /**
   * Starts to read.
   *
   * @param in the uncompressed bytes; closed by {@link #close}
   * @param limit the most bytes that may come out of it
   */
  LayerStream(InputStream in, Digest.Algorithm algorithm, long limit) {
    this.in = in;
    this.hash = algorithm.start();
    this.limit = limit;
    for (int i = 0; i < CHUNKS; i++) {
      free.add(new Chunk());
    }
    producer = new Thread(this::produce, "inflate");
    producer.setDaemon(true);
    producer.start();
  }

  /** Makes at least one byte available; false at the end of the layer. */
  boolean fill() throws IOException, LayerFormatException {
    Chunk chunk = current;
    if (chunk != null && position < chunk.length) {
      return true;
    }
    if (ended) {
      return false;
    }
    try {
      if (chunk != null) {
        free.put(chunk);
      }
      chunk = full.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    current = chunk;
    position = 0;
    ended = chunk.length == 0;
    if (ended) {
      throwFailure();
    }
    // Here and not where it is inflated, which takes longer than to place and hash.
    hash.update(chunk.bytes, 0, chunk.length);
    return !ended;
  }

  /** The bytes at hand, from {@link #position} on, {@link #available} many. */
  byte[] bytes() {
    if (current == null) {
      throw new IllegalStateException("nothing was read yet");
    }
    return current.bytes;
  }

  int position() {
    return position;
  }

  int available() {
    return current == null ? 0 : current.length - position;
  }

  /** Passes over {@code length} bytes of a file. */
  void skip(long length) throws IOException, LayerFormatException {
    long left = length;
    while (left > 0) {
      if (!fill()) {
        throw new LayerFormatException("it ends within a file");
      }
      int part = (int) Math.min(left, available());
      advance(part);
      left -= part;
    }
  }

  /** Passes over bytes at hand. */
  void advance(int count) {
    position += count;
  }

  /**
   * Fills {@code target}; false if the layer ended before its first byte.
   *
   * @throws EOFException if it ended within
   */
  boolean readFully(byte[] target) throws IOException, LayerFormatException {
    int done = 0;
    while (done < target.length) {
      if (!fill()) {
        if (done == 0) {
          return false;
        }
        throw new EOFException("it ends within a block");
      }
      int part = Math.min(available(), target.length - done);
      System.arraycopy(bytes(), position, target, done, part);
      advance(part);
      done += part;
    }
    return true;
  }

  /** Reads what follows, to the last byte, and gives the digest of the whole. */
  Digest finish(Digest.Algorithm algorithm) throws IOException, LayerFormatException {
    while (fill()) {
      advance(available());
    }
    return Digest.of(algorithm, hash);
  }

  @Override
  public void close() throws IOException {
    producer.interrupt();
    boolean interrupted = false;
    while (producer.isAlive()) {
      try {
        producer.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    in.close();
  }

  private void throwFailure() throws IOException, LayerFormatException {
    switch (failure) {
      case null -> {}
      case IOException e -> throw e;
      case LayerFormatException e -> throw e;
      case Throwable e -> throw new IOException(e);
    }
  }

  private void produce() {
    try {
      inflateAll();
    } catch (InterruptedException e) {
      // The caller gave up; nobody waits for the rest.
    } catch (Throwable e) {
      // Handed over, errors included: the caller must not wait for ever for a thread that died.
      failure = e;
      Chunk end = new Chunk();
      full.add(end);
    }
  }

  private void inflateAll() throws IOException, InterruptedException, LayerFormatException {
    long total = 0;
    while (true) {
      Chunk chunk = free.take();
      chunk.length = in.readNBytes(chunk.bytes, 0, CHUNK_BYTES);
      total += chunk.length;
      if (total > limit) {
        throw new LayerFormatException(
            "it expands to more than " + limit + " bytes, the limit for its compressed size");
      }
      full.put(chunk);
      if (chunk.length == 0) {
        return;
      }
    }
  }
}
