package rkt.kernel;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Set;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import rkt.spec.store.DraftFile;

/**
 * Compiled profiles. A cache file holds what it was compiled from (architecture, file of
 * libseccomp, text of the profile) in full, the program, and a checksum: nothing is trusted for its
 * name alone, a damaged file is compiled again, and no hash has to be computed that would load a
 * security provider. The directory belongs to the user that runs pods; who can write there is root
 * already.
 */
public final class SeccompFilter {
  private static final int MAGIC = 0x726b7431; // "rkt1"
  private static final long MAX_FILE_SIZE = 1 << 20;
  private static final String DRAFT = ".";
  private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
  private static final String[] LIBRARY_DIRECTORIES = {
    "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/lib"
  };

  private SeccompFilter() {}

  /**
   * The program for {@code profile}: read from the cache if it is there, else compiled and put
   * there, completely or not at all. A cache that cannot be written costs time at the next start,
   * no more.
   *
   * @param cacheDirectory made if absent
   * @return struct sock_filter after struct sock_filter, as seccomp(2) takes them
   * @throws KernelException if it must be compiled and libseccomp is absent or refuses
   */
  public static byte[] load(Path cacheDirectory, SeccompProfile profile) throws KernelException {
    String source =
        System.getProperty("os.arch") + "\n" + libraryIdentity() + "\n" + profile.text();
    byte[] key = source.getBytes(StandardCharsets.UTF_8);
    String name = Integer.toHexString(checksum(key, key.length)) + ".bpf";
    File file = new File(cacheDirectory.toString(), name);
    byte[] cached = read(file, key);
    if (cached != null) {
      return cached;
    }
    byte[] program = SeccompCompiler.compile(profile);
    try {
      write(cacheDirectory, file.toPath(), key, program);
    } catch (IOException _) {
      // Compiled again next time.
    }
    return program;
  }

  /**
   * seccomp(SET_MODE_FILTER): puts the filter on the calling thread, and what it starts. Needs
   * no_new_privs on the thread ({@link Privileges#forbidNewPrivileges}) or CAP_SYS_ADMIN. No undo.
   */
  public static void install(byte[] program) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      long descriptor = scratch.zeroed(16); // struct sock_fprog
      Scratch.MEMORY.putShort(descriptor, (short) (program.length / 8));
      Scratch.MEMORY.putLong(descriptor + 8, scratch.bytes(program));
      LibC.checked(LibC.syscall(SystemCall.SECCOMP, 1, 0, descriptor), "seccomp", "filter");
    }
  }

  private static byte @Nullable [] read(File file, byte[] key) {
    if (file.length() == 0 || file.length() > MAX_FILE_SIZE) {
      return null;
    }
    try (FileInputStream in = new FileInputStream(file)) {
      ByteBuffer content = ByteBuffer.wrap(in.readAllBytes());
      int size = content.capacity();
      if (size < 12 + key.length
          || content.getInt() != MAGIC
          || content.getInt() != key.length
          || content.getInt(size - 4) != checksum(content.array(), size - 4)
          || !Arrays.equals(content.array(), 8, 8 + key.length, key, 0, key.length)) {
        return null;
      }
      return Arrays.copyOfRange(content.array(), 8 + key.length, size - 4);
    } catch (IOException _) {
      return null; // unreadable is as good as absent
    }
  }

  private static void write(Path directory, Path file, byte[] key, byte[] program)
      throws IOException {
    Files.createDirectories(directory);
    ByteBuffer content = ByteBuffer.allocate(12 + key.length + program.length);
    content.putInt(MAGIC).putInt(key.length).put(key).put(program);
    content.putInt(checksum(content.array(), content.position()));
    try (DraftFile draft = DraftFile.create(directory, DRAFT, OWNER_ONLY)) {
      content.rewind();
      while (content.hasRemaining()) {
        draft.channel().write(content);
      }
      draft.moveTo(file);
    }
  }

  /** Removes from the cache what writers that were killed have left. */
  public static void sweep(Path cacheDirectory) throws IOException {
    DraftFile.sweep(cacheDirectory, DRAFT);
  }

  /** Changes when libseccomp is upgraded; costs a look at a file. */
  private static String libraryIdentity() {
    for (String directory : LIBRARY_DIRECTORIES) {
      File library = new File(directory, "libseccomp.so.2");
      long modified = library.lastModified();
      if (modified != 0) {
        return library + " " + modified + " " + library.length();
      }
    }
    return "no libseccomp";
  }

  // Native, unlike CRC32C, which the interpreter runs for a millisecond.
  private static int checksum(byte[] bytes, int length) {
    CRC32 checksum = new CRC32();
    checksum.update(bytes, 0, length);
    return (int) checksum.getValue();
  }
}
