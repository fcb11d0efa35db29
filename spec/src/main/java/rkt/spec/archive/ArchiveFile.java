package rkt.spec.archive;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
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

  private final Path file;

  public ArchiveFile(Path file) {
    this.file = file;
  }

  /** How much a file of {@code size} bytes may expand to. */
  public static long mostExpanded(long size) {
    return Math.min(MOST_EXPANDED, Math.max(ALWAYS_ALLOWED, size * MOST_RATIO));
  }

  /**
   * The file itself, which must not be compressed: nothing is expanded that would have to lie
   * somewhere.
   */
  public Path plain() throws SpecException {
    requireFile();
    try {
      if (detect() == Compression.NONE) {
        return file;
      }
    } catch (IOException e) {
      throw SpecException.system("cannot read " + file + ": " + e.getMessage(), e);
    }
    throw SpecException.usage(
        file + " is compressed, and its parts cannot be read where they are", "expand it first");
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
    } catch (IOException e) {
      String why = e instanceof EOFException ? "it ends too early" : String.valueOf(e.getMessage());
      throw SpecException.integrity("cannot expand " + file + ": " + why, e);
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      // How some decoders meet bytes that they do not understand.
      throw SpecException.integrity("cannot expand " + file + ": it is damaged", e);
    }
  }

  private Compression detect() throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] head = in.readNBytes(Decompressor.MAGIC_BYTES);
      return Decompressor.detect(head, head.length);
    }
  }
}
