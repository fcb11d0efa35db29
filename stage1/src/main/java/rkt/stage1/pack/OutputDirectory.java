package rkt.stage1.pack;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import rkt.kernel.DirFd;
import rkt.kernel.KernelException;
import rkt.kernel.Names;
import rkt.spec.RktException;

/** A directory that appears under its name when it is whole, or not at all. */
public final class OutputDirectory {
  private static final Set<PosixFilePermission> PRIVATE =
      PosixFilePermissions.fromString("rwx------");
  private static final Set<PosixFilePermission> READABLE =
      PosixFilePermissions.fromString("rwxr-xr-x");

  private OutputDirectory() {}

  /** Fills a private directory; gives what of it gets the name, usually that itself. */
  public interface Contents {
    Path fill(Path directory) throws IOException, RktException;
  }

  /**
   * Makes {@code target}.
   *
   * @param overwrite whether something may be there already; it goes when the new is whole
   */
  public static void write(Path target, boolean overwrite, Contents contents) throws RktException {
    boolean empty = isEmptyDirectory(target);
    if (!empty) {
      OutputFile.requireFree(target, overwrite);
    }
    Path draft = OutputFile.draft(target);
    Path old = OutputFile.draft(target);
    try {
      // Closed to others while it is filled: what is set-user-ID in it is not theirs to run yet.
      Files.createDirectory(draft, PosixFilePermissions.asFileAttribute(PRIVATE));
      Path whole = contents.fill(draft);
      sync(draft);
      if (whole.equals(draft)) {
        Files.setPosixFilePermissions(draft, READABLE);
      }
      if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
        Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
      }
      Files.move(whole, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw PackException.system("write " + target, e);
    } catch (KernelException e) {
      throw PackException.system("write " + target, e);
    } finally {
      remove(draft);
      remove(old);
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

  private static void remove(Path path) throws PackException {
    Path parent = path.toAbsolutePath().getParent();
    if (parent == null || !Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (DirFd dir = DirFd.open(parent.toString())) {
      dir.removeTree(Names.of(String.valueOf(path.getFileName())));
    } catch (KernelException e) {
      throw PackException.system("remove " + path, e);
    }
  }
}
