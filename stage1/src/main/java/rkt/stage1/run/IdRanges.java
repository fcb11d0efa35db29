package rkt.stage1.run;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import rkt.kernel.Descriptors;
import rkt.kernel.Fd;
import rkt.kernel.KernelException;
import rkt.kernel.OpenFlag;
import rkt.stage1.StageException;

/**
 * The ids of this host that pods live under: ranges of 65,536, each of at most one pod at a time. A
 * range is a file, and whose it is says its lock, which ends with the last process that holds it:
 * nothing is ever stale. spec/pod.md#ids
 */
public final class IdRanges {
  /** Above what systemd gives to containers and shadow to users, below where ids turn negative. */
  static final long FIRST = 0x7000_0000L;

  /** The first that is somebody else's again: systemd's, of foreign images. */
  static final long END = 0x7ffe_0000L;

  /** How many ids a pod has. */
  public static final int SIZE = 65_536;

  private static final int SLOTS = (int) ((END - FIRST) / SIZE);

  private final Path directory;
  private final List<Path> delegated;

  /**
   * @param directory where the files are, one a range
   * @param delegated lists of ids that belong to users of the host, in the form of /etc/subuid
   */
  IdRanges(Path directory, List<Path> delegated) {
    this.directory = directory;
    this.delegated = List.copyOf(delegated);
  }

  /** Those of this host, which all users of its ids must share. */
  static IdRanges ofThisHost() {
    return new IdRanges(
        Path.of("/run/rkt/ids"), List.of(Path.of("/etc/subuid"), Path.of("/etc/subgid")));
  }

  /**
   * A range, held until {@code lock} and every duplicate of it is closed.
   *
   * @param first the id on the host that is 0 in the pod
   */
  record Range(long first, Fd lock) implements AutoCloseable {
    @Override
    public void close() {
      lock.close();
    }
  }

  /**
   * Takes a range that nobody holds.
   *
   * @param pod where to begin to look: pods that start together seldom meet
   */
  Range take(String pod) throws StageException {
    List<long[]> taken = delegated();
    int begin = Math.floorMod(pod.hashCode(), SLOTS);
    try {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      for (int i = 0; i < SLOTS; i++) {
        long first = FIRST + (begin + i) % SLOTS * (long) SIZE;
        if (isFree(first, taken)) {
          Fd lock =
              Descriptors.open(
                  directory.resolve(Long.toString(first)).toString(),
                  OpenFlag.READ_WRITE,
                  OpenFlag.CREATE,
                  OpenFlag.NO_FOLLOW);
          if (Descriptors.tryLock(lock, Descriptors.Lock.EXCLUSIVE)) {
            return new Range(first, lock);
          }
          lock.close();
        }
      }
    } catch (KernelException | IOException e) {
      throw StageException.system(
          "cannot take a range of ids in " + directory, "make it a directory of root's own", e);
    }
    throw StageException.run(
        "no range of ids is free for the pod: all " + SLOTS + " are taken",
        "end some pods; rkt list shows them");
  }

  private static boolean isFree(long first, List<long[]> taken) {
    for (long[] range : taken) {
      if (first < range[1] && range[0] < first + SIZE) {
        return false;
      }
    }
    return true;
  }

  /** What users of the host were given, from first to behind last. */
  private List<long[]> delegated() throws StageException {
    List<long[]> ranges = new ArrayList<>();
    for (Path file : delegated) {
      try {
        read(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1), ranges);
      } catch (NoSuchFileException e) {
        // No user was given any.
      } catch (IOException e) {
        throw StageException.system("cannot read " + file, null, e);
      }
    }
    return ranges;
  }

  /** Lines {@code NAME:FIRST:COUNT}; what is none gives nobody ids. */
  private static void read(String text, List<long[]> ranges) {
    int start = 0;
    while (start < text.length()) {
      int newline = text.indexOf('\n', start);
      int end = newline < 0 ? text.length() : newline;
      int second = text.lastIndexOf(':', end - 1);
      int first = second <= start ? -1 : text.lastIndexOf(':', second - 1);
      if (first >= start) {
        try {
          long from = Long.parseLong(text.substring(first + 1, second));
          ranges.add(
              new long[] {from, from + Long.parseLong(text.substring(second + 1, end).strip())});
        } catch (NumberFormatException e) {
          // Not such a line.
        }
      }
      start = end + 1;
    }
  }
}
