package rkt.spec.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Files that survive: bytes, then the name, then the name's durability. spec/store.md#durability
 */
final class Durable {
  private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY_FILE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
  private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY_DIRECTORY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private static final int TRIES = 100;
  private static final Path MOUNTS = Path.of("/proc/self/mountinfo");

  private Durable() {}

  /** Opens a new file for writing, readable by its owner only. */
  static FileChannel create(Path file) throws IOException {
    return FileChannel.open(
        file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), OWNER_ONLY_FILE);
  }

  /** Makes an empty file; it is fine if another process was faster. */
  static void createFile(Path file) throws IOException {
    try {
      create(file).close();
    } catch (FileAlreadyExistsException e) {
      return;
    }
  }

  /** Makes the directory, and those above it, where missing: 0700. */
  static void createDirectories(Path directory) throws IOException {
    if (Files.isDirectory(directory)) {
      return;
    }
    Path parent = directory.getParent();
    if (parent != null) {
      createDirectories(parent);
    }
    try {
      Files.createDirectory(directory, OWNER_ONLY_DIRECTORY);
      if (parent != null) {
        sync(parent);
      }
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(directory)) {
        throw e;
      }
    }
  }

  /** A new file with these bytes, which are on disk when this returns. */
  static void write(Path file, byte[] bytes) throws IOException {
    try (FileChannel out = create(file)) {
      write(out, bytes);
      out.force(true);
    }
  }

  /** The same for what can be made again: a power loss may cut it. */
  static void writeUnsynced(Path file, byte[] bytes) throws IOException {
    try (FileChannel out = create(file)) {
      write(out, bytes);
    }
  }

  private static void write(FileChannel out, byte[] bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      out.write(buffer);
    }
  }

  /** Moves a file over another name; durable once the directory of {@code to} is synced. */
  static void move(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Makes the names in a directory durable. */
  static void sync(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /**
   * Removes a tree; what is already gone is fine, and so is what others still put there. Symbolic
   * links are not followed.
   *
   * @throws IOException before anything is removed, if something is mounted in it
   */
  static void deleteTree(Path tree) throws IOException {
    requireNoMounts(tree);
    for (int i = 0; Files.exists(tree, LinkOption.NOFOLLOW_LINKS); i++) {
      try {
        deleteOnce(tree);
      } catch (DirectoryNotEmptyException e) {
        if (i == TRIES) {
          throw e;
        }
      }
    }
  }

  private static void requireNoMounts(Path tree) throws IOException {
    if (!Files.isDirectory(tree, LinkOption.NOFOLLOW_LINKS) || !Files.exists(MOUNTS)) {
      return;
    }
    String real = tree.toRealPath().toString();
    for (String line : Files.readAllLines(MOUNTS, StandardCharsets.ISO_8859_1)) {
      String point = mountPoint(line);
      if (point.equals(real) || point.startsWith(real + "/")) {
        throw new FileSystemException(point, null, point + " is a mount; umount it first");
      }
    }
  }

  /** The fifth field of a line of mountinfo, in which four characters are octal. proc(5) */
  private static String mountPoint(String line) {
    String[] fields = line.split(" ", 6);
    if (fields.length < 6) {
      return "";
    }
    String point = fields[4];
    for (char escaped : new char[] {' ', '\t', '\n'}) {
      point = point.replace("\\%03o".formatted((int) escaped), String.valueOf(escaped));
    }
    byte[] bytes = point.replace("\\134", "\\").getBytes(StandardCharsets.ISO_8859_1);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static void deleteOnce(Path tree) throws IOException {
    Files.walkFileTree(
        tree,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (e instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE;
            }
            throw e;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e)
              throws IOException {
            if (e != null) {
              throw e;
            }
            Files.deleteIfExists(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
