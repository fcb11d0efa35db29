package rkt.stage1.pack;

import java.io.BufferedOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import rkt.spec.RktException;
import rkt.spec.store.DraftFile;
import rkt.stage1.render.Aside;

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
    Aside.sweepBeside(target);
    try (DraftFile draft =
        DraftFile.create(Aside.directory(target), Aside.prefix(target), mode.attributes())) {
      OutputStream out =
          new BufferedOutputStream(Channels.newOutputStream(draft.channel()), BUFFER);
      contents.write(new Kept(out));
      out.flush();
      if (overwrite) {
        draft.moveTo(target);
      } else {
        draft.moveToNew(target); // fails if somebody was faster
      }
    } catch (IOException e) {
      throw PackException.system("write " + target, e);
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
}
