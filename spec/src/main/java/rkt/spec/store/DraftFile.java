package rkt.spec.store;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * A file that is written under a name of its own before it gets the right one. Its writer holds a
 * lock on it, which ends with the process however that ends, so that {@link #sweep} can tell what
 * was left behind from what is being written. spec/store.md#drafts
 */
public final class DraftFile implements AutoCloseable {
  /** What every draft's name has, and 16 hex digits after it. */
  private static final String MARK = "tmp-";

  private static final int DIGITS = 16;
  private static final int TRIES = 100;

  /**
   * Names of the drafts that this process writes. Closing any descriptor of a file drops every
   * record lock that the process holds on it, so a sweep must not even open these.
   */
  private static final Set<String> OWN = ConcurrentHashMap.newKeySet();

  private final Path path;
  private final FileChannel channel;

  private DraftFile(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  /**
   * Makes an empty one in {@code directory}.
   *
   * @param prefix put before the name, for a directory that has other files too
   */
  public static DraftFile create(Path directory, String prefix, FileAttribute<?>... attributes)
      throws IOException {
    for (int tries = 0; tries < TRIES; tries++) {
      String name = name(prefix);
      Path path = directory.resolve(name);
      OWN.add(name);
      FileChannel channel = null;
      try {
        channel =
            FileChannel.open(
                path, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), attributes);
        // A sweep may have come between the two calls.
        if (tryLock(channel) != null && Files.exists(path, NOFOLLOW_LINKS)) {
          return new DraftFile(path, channel);
        }
        Files.deleteIfExists(path);
        release(name, channel);
      } catch (IOException e) {
        release(name, channel);
        throw e;
      }
    }
    throw new IOException("others lock every file that is made in " + directory);
  }

  private static String name(String prefix) {
    StringBuilder name = new StringBuilder(prefix).append(MARK);
    long random = ThreadLocalRandom.current().nextLong();
    for (int shift = Long.SIZE - 4; shift >= 0; shift -= 4) {
      name.append(Character.forDigit((int) (random >>> shift) & 15, 16));
    }
    return name.toString();
  }

  /** Whether {@code name} is that of a draft that was made with {@code prefix}. */
  public static boolean isOne(String name, String prefix) {
    int start = prefix.length() + MARK.length();
    if (name.length() != start + DIGITS || !name.startsWith(prefix + MARK)) {
      return false;
    }
    for (int i = start; i < name.length(); i++) {
      char c = name.charAt(i);
      if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
        return false;
      }
    }
    return true;
  }

  /** For its bytes. */
  public FileChannel channel() {
    return channel;
  }

  /** Its name for now, for what is said about it. */
  public Path path() {
    return path;
  }

  /** Gives it the name {@code target}, over what may be there, when its bytes are on the disk. */
  public void moveTo(Path target) throws IOException {
    channel.force(true);
    Files.move(path, target, StandardCopyOption.ATOMIC_MOVE);
    sync(target);
  }

  /**
   * The same where nothing may be there.
   *
   * @throws java.nio.file.FileAlreadyExistsException if somebody was faster
   */
  public void moveToNew(Path target) throws IOException {
    channel.force(true);
    Files.createLink(target, path);
    sync(target);
  }

  private static void sync(Path target) throws IOException {
    Path directory = target.toAbsolutePath().getParent();
    if (directory != null) {
      Durable.sync(directory);
    }
  }

  /** Removes it, unless it was moved. */
  @Override
  public void close() throws IOException {
    try {
      Files.deleteIfExists(path);
    } finally {
      release(String.valueOf(path.getFileName()), channel);
    }
  }

  private static void release(String name, @Nullable FileChannel channel) throws IOException {
    try {
      if (channel != null) {
        channel.close();
      }
    } finally {
      OWN.remove(name);
    }
  }

  /**
   * Removes from {@code directory} the drafts with this prefix whose writers are gone: regular
   * files that belong to who asks.
   */
  public static void sweep(Path directory, String prefix) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        String name = String.valueOf(entry.getFileName());
        if (isOne(name, prefix) && isOwnFile(entry)) {
          removeUnlessLocked(entry, name);
        }
      }
    } catch (NoSuchFileException | NotDirectoryException e) {
      return; // nothing was ever written there
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
  }

  private static boolean isOwnFile(Path entry) throws IOException {
    try {
      // The owner of /proc/self is our effective user.
      Object self = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
      return Files.isRegularFile(entry, NOFOLLOW_LINKS)
          && Files.getAttribute(entry, "unix:uid", NOFOLLOW_LINKS).equals(self);
    } catch (NoSuchFileException e) {
      return false; // moved or removed meanwhile
    }
  }

  private static void removeUnlessLocked(Path draft, String name) throws IOException {
    if (OWN.contains(name)) {
      return;
    }
    try (FileChannel channel = FileChannel.open(draft, StandardOpenOption.WRITE, NOFOLLOW_LINKS)) {
      // Names are not used twice: whatever became of it since it was opened, this is nobody's.
      if (tryLock(channel) != null) {
        Files.deleteIfExists(draft);
      }
    } catch (NoSuchFileException e) {
      return; // its writer, or another sweep, was faster
    }
  }

  /** Null if somebody else has locked it. */
  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }
}
