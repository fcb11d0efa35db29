package rkt.stage1.run;

import org.jspecify.annotations.Nullable;
import rkt.kernel.DirFd;
import rkt.kernel.Fd;
import rkt.kernel.FileFd;
import rkt.kernel.KernelException;

/**
 * A place in an app's root where something is to be mounted, held open: whatever its names become
 * meanwhile, what is mounted goes there and nowhere else.
 */
final class Place implements AutoCloseable {
  private final @Nullable DirFd directory;
  private final FileFd file;
  private final boolean made;

  private Place(@Nullable DirFd directory, FileFd file, boolean made) {
    this.directory = directory;
    this.file = file;
    this.made = made;
  }

  static Place of(DirFd directory, boolean made) {
    return new Place(directory, directory.self(), made);
  }

  static Place of(FileFd file, boolean made) {
    return new Place(null, file, made);
  }

  /** As a descriptor to mount on; closed with this. */
  Fd fd() {
    return Fd.adopt(file.number());
  }

  FileFd file() {
    return file;
  }

  /** What the image has there, where it is a directory. */
  DirFd directory() {
    if (directory == null) {
      throw new IllegalStateException("not a directory");
    }
    return directory;
  }

  /** Whether it was not there before. */
  boolean isMade() {
    return made;
  }

  /** Whether a mount here hides something. */
  boolean hidesContent() throws KernelException {
    return directory != null && !made && !directory.list().isEmpty();
  }

  @Override
  public void close() {
    file.close();
  }
}
