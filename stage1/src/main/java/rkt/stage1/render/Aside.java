package rkt.stage1.render;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import rkt.kernel.DirFd;
import rkt.kernel.Errno;
import rkt.kernel.Ids;
import rkt.kernel.KernelException;
import rkt.kernel.Names;
import rkt.kernel.Stat;
import rkt.spec.RktException;
import rkt.spec.store.DraftFile;

/** A private directory for work on images; what a killed process leaves of it is swept. */
public final class Aside implements AutoCloseable {
  private static final int OTHERS_WRITE = 0022;
  private static final int STICKY = 01000;

  private final Path path;
  private final DirFd parent;
  private final Staging staging;

  private Aside(Path path, DirFd parent, Staging staging) {
    this.path = path;
    this.parent = parent;
    this.staging = staging;
  }

  /** A new one in {@code directory}, closed to everybody else, with all that comes into it. */
  public static Aside in(Path directory) throws RktException {
    return in(directory, "");
  }

  /** A new one beside {@code target}, where what is made in it gets that name by one rename. */
  public static Aside beside(Path target) throws RktException {
    return in(directory(target), prefix(target));
  }

  /** Before the name of what is made beside {@code target}: hidden, and known by it. */
  public static String prefix(Path target) {
    return "." + target.getFileName() + ".";
  }

  /**
   * Removes what writers of {@code target} that were killed have left beside it. Where others may
   * name things it removes nothing: they could have given that name to what they want to be rid of.
   * spec/rendering.md#flat
   */
  public static void sweepBeside(Path target) throws RktException {
    Path directory = directory(target);
    if (!Files.isReadable(directory)) {
      return;
    }
    String prefix = prefix(target);
    int self = Ids.effectiveUser();
    try (DirFd dir = DirFd.open(directory.toString())) {
      Stat stat = dir.self().stat();
      boolean isOpen = (stat.permissions() & OTHERS_WRITE) != 0;
      boolean isSticky = (stat.permissions() & STICKY) != 0;
      if ((stat.uid() == self || stat.uid() == 0) && (!isOpen || isSticky)) {
        Staging.sweep(dir, prefix, self);
        DraftFile.sweep(directory, prefix);
      }
    } catch (IOException | KernelException e) {
      throw RenderException.system("remove what was left beside " + target, e);
    }
  }

  /** Where {@code target} is made, without links. */
  public static Path directory(Path target) throws RktException {
    Path parent = target.toAbsolutePath().getParent();
    if (parent == null) {
      throw RenderException.usage("cannot write " + target, "name something that can be made");
    }
    try {
      return parent.toRealPath();
    } catch (NoSuchFileException e) {
      throw RenderException.usage(
          "cannot write " + target + ": there is no directory " + parent, "mkdir -p " + parent);
    } catch (IOException e) {
      throw RenderException.system("write into " + parent, e);
    }
  }

  private static Aside in(Path directory, String prefix) throws RktException {
    DirFd parent = null;
    try {
      parent = DirFd.open(directory.toString());
      Staging staging = Staging.create(parent, prefix);
      return new Aside(directory.resolve(Names.printable(staging.name())), parent, staging);
    } catch (KernelException e) {
      if (parent != null) {
        parent.close();
      }
      throw RenderException.system("work in " + directory, e);
    }
  }

  /** The directory. */
  public Path path() {
    return path;
  }

  /**
   * Gives the directory {@code whole}, which is somewhere in this, the name {@code target} beside
   * this, in one step.
   *
   * @param overwrite whether anything but an empty directory may be there; it is in this then, and
   *     goes when this is closed
   */
  public void moveTo(Path whole, Path target, boolean overwrite) throws RktException {
    byte[] child = Names.of(String.valueOf(whole.getFileName()));
    byte[] name = Names.of(String.valueOf(target.getFileName()));
    try (DirFd from = DirFd.open(String.valueOf(whole.getParent()))) {
      try {
        from.rename(child, parent, name);
      } catch (KernelException e) {
        boolean isTaken = e.is(Errno.ENOTEMPTY) || e.is(Errno.EEXIST) || e.is(Errno.ENOTDIR);
        if (!isTaken || !overwrite) {
          throw e;
        }
        exchange(from, child, name);
      }
      parent.self().sync();
    } catch (KernelException e) {
      throw RenderException.system("write " + target, e);
    }
  }

  private void exchange(DirFd from, byte[] child, byte[] name) throws KernelException {
    try {
      from.exchange(child, parent, name);
    } catch (KernelException e) {
      if (!e.is(Errno.EINVAL)) {
        throw e;
      }
      // A file system without that: for a moment there is nothing.
      parent.renameNew(name, staging.dir(), Names.of("replaced"));
      from.rename(child, parent, name);
    }
  }

  @Override
  public void close() throws RktException {
    try (DirFd _ = parent) {
      staging.close();
    } catch (KernelException e) {
      throw RenderException.system("remove " + path, e);
    }
  }
}
