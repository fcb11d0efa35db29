package rkt.verify.signing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Set;
import rkt.spec.RktException;
import rkt.spec.SpecException;

/** Files that only their owner may read: keys and passphrases. spec/signing.md#secrets */
public final class SecretFile {
  private static final int MAX_BYTES = 1 << 20;
  private static final int MAX_PASSPHRASE = 4096;
  private static final Set<PosixFilePermission> OWNER =
      PosixFilePermissions.fromString("rwx------");

  private SecretFile() {}

  /** Reads a secret key; the caller clears it. */
  public static byte[] key(Path file) throws RktException {
    return read(file, MAX_BYTES);
  }

  /**
   * The passphrase in a file, or in a pipe such as {@code /dev/fd/3}: its bytes, without the line
   * end if it ends with one. The caller clears it.
   */
  public static byte[] passphrase(Path file) throws RktException {
    byte[] bytes = read(file, MAX_PASSPHRASE);
    int length = bytes.length;
    if (length > 0 && bytes[length - 1] == '\n') {
      length--;
    }
    if (length > 0 && bytes[length - 1] == '\r') {
      length--;
    }
    byte[] result = Arrays.copyOf(bytes, length);
    Arrays.fill(bytes, (byte) 0);
    return result;
  }

  /** Refuses a name that is taken, by a link to nowhere too. */
  static void requireAbsent(Path file) throws SpecException {
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      throw exists(file);
    }
  }

  /** Removes a file that {@link #create} made, because of a failure that it then adds to. */
  static void withdraw(Path file, Exception failure) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  /** Writes a file that is not there yet, with these permissions, durably; whole or not at all. */
  static void create(Path file, byte[] bytes, String permissions) throws RktException {
    boolean made = false;
    try (FileChannel out =
        FileChannel.open(
            file,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions)))) {
      made = true;
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        out.write(buffer);
      }
      out.force(true);
    } catch (FileAlreadyExistsException e) {
      throw exists(file);
    } catch (IOException e) {
      if (made) {
        withdraw(file, e);
      }
      throw SpecException.system("cannot write " + file + ": " + e.getMessage(), e);
    }
  }

  private static SpecException exists(Path file) {
    return SpecException.usage(
        file + " is there already", "choose another name: what it opens would be lost");
  }

  private static byte[] read(Path file, int most) throws RktException {
    try (InputStream in = Files.newInputStream(file)) {
      requireOwner(file);
      byte[] bytes = in.readNBytes(most + 1);
      if (bytes.length > most) {
        Arrays.fill(bytes, (byte) 0);
        throw SpecException.usage(file + " is larger than " + most + " bytes");
      }
      return bytes;
    } catch (NoSuchFileException e) {
      throw SpecException.notFound("no such file: " + file, null);
    } catch (IOException e) {
      throw SpecException.system("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  /** A pipe belongs to who holds it; of a file everyone could see, the secret is none any more. */
  private static void requireOwner(Path file) throws RktException, IOException {
    if (!Files.isRegularFile(file)) {
      return;
    }
    int owner = (Integer) Files.getAttribute(file, "unix:uid");
    int self = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    if (owner != self && owner != 0) {
      throw SpecException.usage(
          file + " is a secret and belongs to user " + owner, "use a file of your own");
    }
    if (!OWNER.containsAll(Files.getPosixFilePermissions(file))) {
      throw SpecException.usage(
          file + " is a secret that others may read or write", "chmod 600 " + file);
    }
  }
}
