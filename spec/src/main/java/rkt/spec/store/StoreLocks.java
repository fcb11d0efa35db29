package rkt.spec.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import rkt.spec.Digest;

/**
 * The locks of one store: record locks (fcntl) on single bytes of {@code locks/store}. Byte 0 is
 * the index; a blob, and an open transaction, has the byte that its name hashes to, so no lock ever
 * leaves a file behind, and a process that dies releases all of its own. spec/store.md#locks
 *
 * <p>Closing any descriptor of a file drops every record lock that the process holds on it.
 * Therefore the file is opened once in a process and stays open.
 */
final class StoreLocks {
  static final long INDEX = 0;

  private static final Map<Object, FileChannel> OPEN = new ConcurrentHashMap<>();
  private static final long FIRST_WAIT_MILLIS = 1;
  private static final long LONGEST_WAIT_MILLIS = 25;

  private final FileChannel channel;

  private StoreLocks(FileChannel channel) {
    this.channel = channel;
  }

  /** The locks in {@code file}, which is created if need be. */
  static StoreLocks open(Path file) throws IOException {
    synchronized (OPEN) {
      if (!Files.exists(file)) {
        Durable.createFile(file);
      }
      // The key survives renames, and differs for a new file under an old name.
      Object key = Files.readAttributes(file, "unix:dev,ino");
      FileChannel channel = OPEN.get(key);
      if (channel == null) {
        channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
        OPEN.put(key, channel);
      }
      return new StoreLocks(channel);
    }
  }

  /** The byte of a blob. */
  static long byteOf(Digest blob) {
    return byteOf(blob.hex());
  }

  /** The byte that stands for 15 hex digits; never that of the index. */
  static long byteOf(String hex) {
    return Long.parseLong(hex.substring(0, 15), 16) + 1;
  }

  /** The lock on {@code position}, or null while another process or thread holds it. */
  @Nullable FileLock tryTake(long position) throws IOException {
    try {
      return channel.tryLock(position, 1, false);
    } catch (OverlappingFileLockException e) {
      return null; // held by another thread of this process
    }
  }

  /** Whether this process itself holds the lock on {@code position}, in whichever thread. */
  boolean isOwn(long position) throws IOException {
    try {
      FileLock lock = channel.tryLock(position, 1, false);
      if (lock != null) {
        lock.release();
      }
      return false;
    } catch (OverlappingFileLockException e) {
      return true;
    }
  }

  /** The lock on {@code position}, or null if it stays taken for as long as {@code patience}. */
  @Nullable FileLock take(long position, Duration patience) throws IOException {
    long end = System.nanoTime() + patience.toNanos();
    for (long wait = FIRST_WAIT_MILLIS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MILLIS)) {
      FileLock lock = tryTake(position);
      if (lock != null || System.nanoTime() > end) {
        return lock;
      }
      try {
        Thread.sleep(wait);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return null;
      }
    }
  }
}
