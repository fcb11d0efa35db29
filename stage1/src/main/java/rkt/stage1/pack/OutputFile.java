package rkt.stage1.pack;

import java.io.BufferedOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import rkt.spec.RktException;

/**
 * A file that appears under its name when it is whole and on the disk, or not at all. Until then it
 * is a hidden one beside it.
 */
public final class OutputFile {
  private static final int BUFFER = 256 << 10;

  private OutputFile() {}

  /** Who may read the file. */
  public enum Mode {
    /** Whoever the umask lets. */
    USUAL,
    OWNER_ONLY;

    private FileAttribute<?>[] attributes() {
      return this == USUAL
          ? new FileAttribute<?>[0]
          : new FileAttribute<?>[] {
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
          };
    }
  }

  /** Writes the contents. */
  public interface Contents {
    void write(OutputStream out) throws IOException, RktException;
  }

  /**
   * Writes {@code target}.
   *
   * @param overwrite whether it may be there already
   * @throws PackException of class usage if it is there and may not be
   */
  public static void write(Path target, boolean overwrite, Contents contents) throws RktException {
    write(target, Mode.USUAL, overwrite, contents);
  }

  /** The same, with a mode. */
  public static void write(Path target, Mode mode, boolean overwrite, Contents contents)
      throws RktException {
    requireFree(target, overwrite);
    Path draft = draft(target);
    try {
      try (FileChannel channel =
          FileChannel.open(
              draft,
              Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              mode.attributes())) {
        OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER);
        contents.write(new Kept(out));
        out.flush();
        channel.force(true);
      }
      publish(draft, target, overwrite);
    } catch (IOException e) {
      throw PackException.system("write " + target, e);
    } finally {
      discard(draft);
    }
  }

  /** Refuses a name that is taken, and one in a directory that is not there. */
  public static void requireFree(Path target, boolean overwrite) throws PackException {
    Path directory = target.toAbsolutePath().getParent();
    if (directory != null && !Files.isDirectory(directory)) {
      throw PackException.usage(
          "cannot write " + target + ": there is no directory " + directory,
          "mkdir -p " + directory);
    }
    if (!overwrite && Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw PackException.usage(
          "cannot write " + target + ": it is there already", "name another, or add --overwrite");
    }
  }

  /** A hidden name beside {@code target} that nobody has. */
  static Path draft(Path target) {
    long random = ThreadLocalRandom.current().nextLong() & Long.MAX_VALUE;
    return target.resolveSibling(".%s.tmp-%016x".formatted(target.getFileName(), random));
  }

  /** What a compressor that ends may close, and the file stays open. */
  private static final class Kept extends FilterOutputStream {
    Kept(OutputStream out) {
      super(out);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
    }

    @Override
    public void close() throws IOException {
      flush();
    }
  }

  private static void publish(Path draft, Path target, boolean overwrite) throws IOException {
    if (overwrite) {
      Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE);
    } else {
      Files.createLink(target, draft); // fails if somebody was faster
    }
    Path directory = target.toAbsolutePath().getParent();
    if (directory != null) {
      try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  private static void discard(Path draft) throws PackException {
    try {
      Files.deleteIfExists(draft);
    } catch (IOException e) {
      throw PackException.system("remove " + draft, e);
    }
  }
}
