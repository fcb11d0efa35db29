package rkt.stage1.pack;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import rkt.kernel.DirFd;
import rkt.kernel.KernelException;
import rkt.spec.RktException;
import rkt.stage1.render.Aside;

/** A directory that appears under its name when it is whole, or not at all. */
public final class OutputDirectory {
  private static final Set<PosixFilePermission> READABLE =
      PosixFilePermissions.fromString("rwxr-xr-x");

  private OutputDirectory() {}

  /** Fills a directory; gives what of it gets the name, usually that itself. */
  public interface Contents {
    Path fill(Path directory) throws IOException, RktException;
  }

  /**
   * Makes {@code target}.
   *
   * @param overwrite whether something may be there already; it goes when the new is whole
   */
  public static void write(Path target, boolean overwrite, Contents contents) throws RktException {
    if (!isEmptyDirectory(target)) {
      OutputFile.requireFree(target, overwrite);
    }
    Aside.sweepBeside(target);
    // Closed to others while it is filled: what is set-user-ID in it is not theirs to run yet.
    try (Aside aside = Aside.beside(target)) {
      Path directory = Files.createDirectory(aside.path().resolve("new"));
      Files.setPosixFilePermissions(directory, READABLE);
      Path whole = contents.fill(directory);
      sync(directory);
      aside.moveTo(whole, target, overwrite);
    } catch (IOException | KernelException e) {
      throw PackException.system("write " + target, e);
    }
  }

  private static boolean isEmptyDirectory(Path target) {
    String[] names = target.toFile().list();
    return names != null && names.length == 0 && !Files.isSymbolicLink(target);
  }

  private static void sync(Path directory) throws KernelException {
    try (DirFd dir = DirFd.open(directory.toString())) {
      dir.self().syncFileSystem();
    }
  }
}
