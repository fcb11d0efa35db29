package rkt.stage1.render;

import java.nio.file.Path;
import rkt.kernel.DirFd;
import rkt.kernel.KernelException;
import rkt.kernel.Names;
import rkt.spec.RktException;

/** A private directory for work on images; what a killed process leaves of it is swept. */
public final class Aside implements AutoCloseable {
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
    DirFd parent = null;
    try {
      parent = DirFd.open(directory.toString());
      Staging staging = Staging.create(parent, "");
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

  @Override
  public void close() throws RktException {
    try (DirFd _ = parent) {
      staging.close();
    } catch (KernelException e) {
      throw RenderException.system("remove " + path, e);
    }
  }
}
