package rkt.verify.audit;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The files of an audit log, in the directory {@code audit}. spec/audit.md#files */
final class AuditFiles {
  private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
  private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY_DIRECTORY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
  private static final int DIGITS = 8;

  /** No segment has a higher number. */
  static final int LAST_SEGMENT = 99_999_999;

  private static final String SUFFIX = ".jsonl";
  private static final String HEAD = "head";
  private static final int LONGEST_HEAD = 128;
  private static final int HEAD_READS = 10;

  private final Path directory;

  AuditFiles(Path dataDir) {
    this.directory = dataDir.resolve("audit");
  }

  Path directory() {
    return directory;
  }

  boolean exist() {
    return Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS);
  }

  /** Makes the directory, 0700, and what is above it. */
  void create() throws IOException {
    create(directory);
  }

  private static void create(Path directory) throws IOException {
    if (Files.isDirectory(directory)) {
      return;
    }
    Path parent = directory.getParent();
    if (parent != null) {
      create(parent);
    }
    try {
      Files.createDirectory(directory, OWNER_ONLY_DIRECTORY);
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(directory)) {
        throw e;
      }
    }
  }

  /** The file whose lock writers hold. */
  FileChannel openLock() throws IOException {
    return FileChannel.open(
        directory.resolve("lock"),
        Set.of(
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            LinkOption.NOFOLLOW_LINKS),
        OWNER_ONLY);
  }

  /** The file of segment {@code number}, which is 1 or more. */
  Path segment(int number) {
    String digits = Integer.toString(number);
    return directory.resolve("0".repeat(DIGITS - digits.length()) + digits + SUFFIX);
  }

  /** The numbers of the segments that are there, in order. */
  List<Integer> segments() throws IOException {
    List<Integer> numbers = new ArrayList<>();
    if (!exist()) {
      return numbers;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        int number = number(String.valueOf(file.getFileName()));
        if (number > 0) {
          numbers.add(number);
        }
      }
    }
    numbers.sort(null);
    return numbers;
  }

  private static int number(String name) {
    if (name.length() != DIGITS + SUFFIX.length() || !name.endsWith(SUFFIX)) {
      return 0;
    }
    int number = 0;
    for (int i = 0; i < DIGITS; i++) {
      char c = name.charAt(i);
      if (c < '0' || c > '9') {
        return 0;
      }
      number = 10 * number + (c - '0');
    }
    return number;
  }

  /** Opens a segment for appending; it is made if need be. */
  FileChannel openSegment(int number) throws IOException {
    return FileChannel.open(
        segment(number),
        Set.of(
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            LinkOption.NOFOLLOW_LINKS),
        OWNER_ONLY);
  }

  /** What the last writer left as the end of the log; empty if nobody did, or it is unreadable. */
  Optional<AuditHead> head() throws IOException {
    String text = headText();
    for (int i = 0; i < HEAD_READS; i++) { // a writer may be at it, and need not be done
      String again = headText();
      if (again.equals(text)) {
        break;
      }
      text = again;
    }
    return AuditHead.parse(text);
  }

  /** Empty if there is none. */
  private String headText() throws IOException {
    try (FileChannel file =
        FileChannel.open(
            directory.resolve(HEAD), StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
      ByteBuffer buffer = ByteBuffer.allocate(LONGEST_HEAD);
      while (buffer.hasRemaining() && file.read(buffer) >= 0) {
        // until the end of a short file
      }
      return new String(buffer.array(), 0, buffer.position(), US_ASCII).strip();
    } catch (NoSuchFileException e) {
      return "";
    }
  }

  /**
   * Replaces the head; only the holder of the lock may. Where it is, because that needs no sync: a
   * power loss leaves this one or the one before, and no file of another length or of none.
   */
  void writeHead(AuditHead head) throws IOException {
    byte[] bytes = head.bytes();
    try (FileChannel file =
        FileChannel.open(
            directory.resolve(HEAD), StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
      if (file.size() == bytes.length) {
        write(file, bytes);
        return;
      }
    } catch (NoSuchFileException e) {
      // It is the first.
    }
    makeHead(bytes);
  }

  private void makeHead(byte[] bytes) throws IOException {
    Path draft = directory.resolve(HEAD + ".new");
    try (FileChannel file =
        FileChannel.open(
            draft,
            Set.of(
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS),
            OWNER_ONLY)) {
      write(file, bytes);
      file.force(true);
    }
    Files.move(draft, directory.resolve(HEAD), StandardCopyOption.ATOMIC_MOVE);
    sync();
  }

  static void write(FileChannel file, byte[] bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      file.write(buffer);
    }
  }

  /** Makes the names of the directory durable. */
  void sync() throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
