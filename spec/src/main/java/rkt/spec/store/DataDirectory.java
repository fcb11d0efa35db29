package rkt.spec.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import rkt.spec.SpecException;

/**
 * The directory of {@code --dir}: what is in it is believed and executed as root, so nobody else
 * may write to it. spec/store.md
 */
public final class DataDirectory {
  private static final int WRITABLE_BY_OTHERS = 0022;

  private DataDirectory() {}

  /**
   * Refuses a directory that others could have filled. One that is absent is fine: it is made with
   * mode 0700.
   *
   * @throws SpecException of class usage if it belongs to somebody else, or others may write to it
   */
  public static void check(Path directory) throws SpecException {
    try {
      int owner = number(directory, "unix:uid");
      int mode = number(directory, "unix:mode") & 07777;
      if (owner != 0 && owner != number(Path.of("/proc/self"), "unix:uid")) {
        throw SpecException.usage(
            "the data directory " + directory + " belongs to user " + owner,
            "choose another with --dir, or chown it");
      }
      if ((mode & WRITABLE_BY_OTHERS) != 0) {
        throw SpecException.usage(
            "the data directory "
                + directory
                + " is open to others: its mode is 0"
                + Integer.toOctalString(mode),
            "chmod 700 " + directory + ", if nobody has put anything into it");
      }
    } catch (NoSuchFileException e) {
      return;
    } catch (IOException e) {
      throw SpecException.system("cannot look at the data directory " + directory, e);
    }
  }

  private static int number(Path path, String attribute) throws IOException {
    return (Integer) Files.getAttribute(path, attribute);
  }
}
