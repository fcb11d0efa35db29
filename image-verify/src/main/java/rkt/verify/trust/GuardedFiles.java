package rkt.verify.trust;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.store.DraftFile;
import rkt.verify.openpgp.Rule;
import rkt.verify.openpgp.TrustException;

/**
 * The files that decide what is trusted, and who may have written them: only root and the user that
 * we run as. Each directory from {@code trustedkeys} or {@code policy.d} down is checked, so nobody
 * else can swap a file between a check and its use. spec/trust.md#files
 */
public final class GuardedFiles {
  /** The largest file. */
  private static final int MAX_BYTES = 1 << 20;

  /** Before the names of what is being written. */
  private static final String DRAFT = ".";

  private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  private static final int TYPE = 0170000;
  private static final int DIRECTORY = 0040000;
  private static final int REGULAR = 0100000;
  private static final int OTHERS_WRITE = 0022;
  private static final int STICKY = 01000;

  /** What the files say, and the rule that refuses those which others may have written. */
  public enum Kind {
    TRUST_STORE(Rule.TRUST_STORE, "trust store", "could trust any key"),
    POLICY(Rule.POLICY_FILE, "trust policy", "could ask for any policy");

    private final Rule rule;
    private final String place;
    private final String danger;

    Kind(Rule rule, String place, String danger) {
      this.rule = rule;
      this.place = place;
      this.danger = danger;
    }
  }

  /** Who may read what is written here. */
  enum Access {
    EVERYONE("rwxr-xr-x", "rw-r--r--"),
    OWNER("rwx------", "rw-------");

    private final String directory;
    private final String file;

    Access(String directory, String file) {
      this.directory = directory;
      this.file = file;
    }
  }

  /** The id of every user that a user namespace does not have. user_namespaces(7) */
  private static final int UNKNOWN = 65534;

  private final Kind kind;
  private final int self;

  public GuardedFiles(Kind kind) throws RktException {
    this.kind = kind;
    try {
      // The owner of /proc/self is our effective user.
      self = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    } catch (IOException | UnsupportedOperationException e) {
      throw SpecException.system("cannot tell who runs this: /proc is not mounted", e);
    }
  }

  /**
   * The names in {@code base/relative}, sorted; null if there is no such directory. Every directory
   * on the way is checked.
   */
  public String @Nullable [] list(Path base, String relative) throws RktException {
    Path directory = base;
    if (!checkDirectory(directory)) {
      return null;
    }
    for (int at = 0; at < relative.length(); ) {
      int slash = relative.indexOf('/', at);
      int end = slash < 0 ? relative.length() : slash;
      directory = directory.resolve(relative.substring(at, end));
      if (!checkDirectory(directory)) {
        return null;
      }
      at = end + 1;
    }
    String[] names = directory.toFile().list();
    if (names == null && !checkDirectory(directory)) {
      return null; // Removed since the check.
    }
    if (names == null) {
      throw SpecException.system(
          "cannot list " + directory, new NotDirectoryException(directory.toString()));
    }
    Arrays.sort(names);
    return names;
  }

  /** Whether {@code directory} exists; refuses it if it is not as it must be. */
  public boolean checkDirectory(Path directory) throws RktException {
    return check(directory, DIRECTORY) >= 0;
  }

  /** Whether {@code path} is a directory, itself and not through a link. */
  public static boolean isDirectory(Path path) {
    return Files.isDirectory(path, NOFOLLOW_LINKS);
  }

  /** Whether there is anything at {@code path}. */
  static boolean exists(Path path) {
    return Files.exists(path, NOFOLLOW_LINKS);
  }

  /** The bytes of a file; empty for a mask; null if there is none. */
  public byte @Nullable [] read(Path file) throws RktException {
    long size = check(file, REGULAR);
    if (size < 0) {
      return null;
    }
    if (size > MAX_BYTES) {
      throw refuse(
          file + " in the " + kind.place + " is larger than " + MAX_BYTES + " bytes", "rm " + file);
    }
    try (InputStream in = Files.newInputStream(file, NOFOLLOW_LINKS)) {
      return in.readNBytes(MAX_BYTES);
    } catch (NoSuchFileException e) {
      return null; // Removed since the check.
    } catch (IOException e) {
      throw SpecException.system("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  /**
   * The bytes of a file that is named by its whole path, like a key that a policy names. No part of
   * the path is a symbolic link, and none may be written or moved by others; a directory that
   * everyone may write to, like {@code /tmp}, is good enough if it is sticky.
   *
   * @throws TrustException also if there is no such file
   */
  public byte[] readNamed(Path file) throws RktException {
    for (Path above = file.getParent(); above != null; above = above.getParent()) {
      check(above, DIRECTORY, STICKY);
    }
    byte[] bytes = read(file);
    if (bytes == null) {
      throw refuse("there is no file " + file, "put it there, or correct the policy");
    }
    return bytes;
  }

  private long check(Path path, int type) throws RktException {
    return check(path, type, 0);
  }

  /** The size of {@code path}, or -1 if there is nothing; refuses what is not as it must be. */
  private long check(Path path, int type, int excuse) throws RktException {
    Map<String, Object> found;
    try {
      found = Files.readAttributes(path, "unix:mode,uid,size", NOFOLLOW_LINKS);
    } catch (NoSuchFileException e) {
      return -1;
    } catch (IOException e) {
      throw SpecException.system("cannot look at " + path + ": " + e.getMessage(), e);
    }
    int mode = number(found.get("mode"));
    int owner = number(found.get("uid"));
    if ((mode & TYPE) != type) {
      throw refuse(
          path
              + " in the "
              + kind.place
              + " is not a "
              + (type == REGULAR ? "regular file" : "directory"),
          "rm " + path);
    }
    if (owner != 0 && owner != self && !isHostRoot(owner)) {
      throw refuse(
          path + " in the " + kind.place + " belongs to user " + owner + ", who " + kind.danger,
          "chown root " + path + "   (after checking what is in it), or rm " + path);
    }
    if ((mode & OTHERS_WRITE) != 0 && (mode & excuse) == 0) {
      throw refuse(
          path
              + " in the "
              + kind.place
              + " may be written by its group or by everyone (mode "
              + Integer.toOctalString(mode & 07777)
              + ")",
          "chmod go-w " + path + "   (after checking what is in it)");
    }
    return found.get("size") instanceof Long size ? size : -1;
  }

  /**
   * Whether {@code owner} is who a user namespace without the host's root shows in its place: in
   * one, the files of the installation belong to the same unknown user as {@code /}.
   * spec/rootless.md
   */
  private static boolean isHostRoot(int owner) throws RktException {
    try {
      return owner == UNKNOWN && owner == (Integer) Files.getAttribute(Path.of("/"), "unix:uid");
    } catch (IOException e) {
      throw SpecException.system("cannot look at /: " + e.getMessage(), e);
    }
  }

  private static int number(@Nullable Object value) {
    return value instanceof Integer number ? number : -1;
  }

  /** A refusal of something that such a file says. */
  public TrustException refuse(String message, String fix) {
    return new TrustException(kind.rule, message, fix);
  }

  /**
   * Puts {@code bytes} at {@code base/relative}, whole or not at all, and durably. Directories are
   * made as needed.
   */
  void write(Path base, String relative, byte[] bytes, Access access) throws RktException {
    Path target = base.resolve(relative);
    try {
      makeDirectories(base, relative, access);
      // Beside the directories that are read: what a crash leaves is never taken for a key.
      try (DraftFile draft = DraftFile.create(base, DRAFT, OWNER_ONLY)) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
          draft.channel().write(buffer);
        }
        Files.setPosixFilePermissions(draft.path(), PosixFilePermissions.fromString(access.file));
        draft.moveTo(target);
      }
    } catch (IOException e) {
      throw SpecException.system("cannot write " + target + ": " + e.getMessage(), e);
    }
  }

  /**
   * Removes from a {@code base} of {@link #write} what writers that were killed have left there.
   */
  static void sweep(Path base) throws RktException {
    try {
      DraftFile.sweep(base, DRAFT);
    } catch (IOException e) {
      throw SpecException.system("cannot remove drafts in " + base + ": " + e.getMessage(), e);
    }
  }

  /** Removes the file at {@code target}, durably; it is fine if somebody else was faster. */
  void delete(Path target) throws RktException {
    try {
      Files.deleteIfExists(target);
      sync(target);
    } catch (IOException e) {
      throw SpecException.system("cannot remove " + target + ": " + e.getMessage(), e);
    }
  }

  private void makeDirectories(Path base, String relative, Access access)
      throws IOException, RktException {
    if (!Files.isDirectory(base)) {
      Path above = base.toAbsolutePath().getParent();
      if (above != null) {
        Files.createDirectories(above);
      }
      make(base, access);
    }
    checkDirectory(base);
    Path directory = base;
    Path parents = Path.of(relative).getParent();
    if (parents == null) {
      return;
    }
    for (Path part : parents) {
      directory = directory.resolve(part);
      if (!checkDirectory(directory)) {
        make(directory, access);
        checkDirectory(directory);
        sync(directory);
      }
    }
  }

  /** Makes a directory that is never open to more than it shall be; others may be faster. */
  private static void make(Path directory, Access access) throws IOException {
    Set<PosixFilePermission> mode = PosixFilePermissions.fromString(access.directory);
    try {
      Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(mode));
      Files.setPosixFilePermissions(directory, mode); // whatever the umask is
    } catch (FileAlreadyExistsException e) {
      return; // what it is, is checked
    }
  }

  /** Makes the name of {@code file} durable. */
  private static void sync(Path file) throws IOException {
    Path parent = file.toAbsolutePath().getParent();
    if (parent != null) {
      try (FileChannel directory = FileChannel.open(parent, StandardOpenOption.READ)) {
        directory.force(true);
      }
    }
  }

  /** Whether {@code name} can name a key: 40 or 64 lowercase hex digits. */
  public static boolean isFingerprint(String name) {
    if (name.length() != 40 && name.length() != 64) {
      return false;
    }
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (!HexFormat.isHexDigit(c) || (c >= 'A' && c <= 'F')) {
        return false;
      }
    }
    return true;
  }
}
