package rkt.spec.archive;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.UUID;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.image.Compression;
import rkt.spec.image.Decompressor;
import rkt.spec.store.Transaction;

/** An archive as a user has it, compressed or not. spec/image.md#compression */
public final class ArchiveFile {
  private static final long MOST_EXPANDED = 20L << 30;
  private static final long MOST_RATIO = 200;
  private static final long ALWAYS_ALLOWED = 64L << 20;

  private static final int PART_BYTES = 64 << 10;

  private final Path file;

  public ArchiveFile(Path file) {
    this.file = file;
  }

  /** How much a file of {@code size} bytes may expand to. */
  public static long mostExpanded(long size) {
    return Math.min(MOST_EXPANDED, Math.max(ALWAYS_ALLOWED, size * MOST_RATIO));
  }

  /**
   * Opens its plain bytes: itself, or what it expands to, in a file of {@code scratch} that has no
   * name and is gone when it is closed.
   */
  public FileChannel open(Path scratch) throws SpecException {
    requireFile();
    try {
      Compression compression = detect();
      if (compression == Compression.NONE) {
        return FileChannel.open(file, StandardOpenOption.READ);
      }
      try (InputStream in = Decompressor.open(Files.newInputStream(file), compression)) {
        return expanded(in, scratch);
      }
    } catch (IOException | IllegalArgumentException | IndexOutOfBoundsException e) {
      throw damaged(e);
    }
  }

  private FileChannel expanded(InputStream in, Path scratch) throws IOException, SpecException {
    FileChannel out = nameless(scratch);
    boolean isWhole = false;
    try {
      long left = mostExpanded(Files.size(file));
      byte[] part = new byte[PART_BYTES];
      for (int read; (read = in.read(part)) >= 0; left -= read) {
        if (read > left) {
          throw SpecException.integrity(file + " expands to more than is read of such a file");
        }
        write(ByteBuffer.wrap(part, 0, read), out, scratch);
      }
      isWhole = true;
      return out;
    } finally {
      if (!isWhole) {
        out.close();
      }
    }
  }

  private FileChannel nameless(Path scratch) throws SpecException {
    try {
      Path name = scratch.resolve("rkt-" + UUID.randomUUID());
      // It loses its name as soon as it is open, so nobody finds it and no kill leaves it behind.
      return FileChannel.open(
          name,
          Set.of(
              StandardOpenOption.CREATE_NEW,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              StandardOpenOption.DELETE_ON_CLOSE),
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    } catch (IOException e) {
      throw noPlace(scratch, e);
    }
  }

  private void write(ByteBuffer bytes, FileChannel out, Path scratch) throws SpecException {
    try {
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
    } catch (IOException e) {
      throw noPlace(scratch, e);
    }
  }

  private SpecException noPlace(Path scratch, IOException e) {
    return SpecException.system(
        "cannot expand " + file + " in " + scratch + ": " + e.getMessage(),
        "TMPDIR names another directory");
  }

  private void requireFile() throws SpecException {
    if (!Files.exists(file)) {
      throw SpecException.notFound("no such file: " + file, null);
    }
    if (!Files.isRegularFile(file)) {
      throw SpecException.usage(file + " is not a regular file");
    }
  }

  /** A plain file with its bytes: itself, or one that ends with the transaction. */
  public Path plain(Transaction transaction) throws RktException {
    requireFile();
    Compression compression;
    try {
      compression = detect();
      if (compression == Compression.NONE) {
        return file;
      }
      try (InputStream in = Decompressor.open(Files.newInputStream(file), compression)) {
        return transaction.path(transaction.add(in, mostExpanded(Files.size(file))).digest());
      }
    } catch (IOException | IllegalArgumentException | IndexOutOfBoundsException e) {
      throw damaged(e);
    }
  }

  /** Some decoders meet bytes that they do not understand with an exception of a bug. */
  private SpecException damaged(Exception e) {
    String why =
        switch (e) {
          case EOFException _ -> "it ends too early";
          case IOException _ -> String.valueOf(e.getMessage());
          default -> "it is damaged";
        };
    return SpecException.integrity("cannot expand " + file + ": " + why, e);
  }

  private Compression detect() throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] head = in.readNBytes(Decompressor.MAGIC_BYTES);
      return Decompressor.detect(head, head.length);
    }
  }
}
