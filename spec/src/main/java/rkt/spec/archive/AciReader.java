package rkt.spec.archive;

import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rkt.spec.BackgroundDigest;
import rkt.spec.Digest;
import rkt.spec.SpecException;
import rkt.spec.image.Compression;
import rkt.spec.image.Decompressor;
import rkt.spec.json.StrictJson;

/**
 * Reads an ACI file once from end to end: expands and hashes it, takes the manifest out, and holds
 * it to the structure that appc demands: one regular file {@code manifest}, one directory {@code
 * rootfs}, nothing else beside them. What lies in rootfs is judged when it is unpacked.
 * spec/image.md#aci
 */
public final class AciReader {
  /** The longest file that is taken for an ACI. */
  public static final long LARGEST = 20L << 30;

  private static final int BUFFER = 256 << 10;
  private static final int MOST_ENTRIES = 1_000_000;

  private final String what;

  /**
   * @param what names the ACI in errors
   */
  public AciReader(String what) {
    this.what = what;
  }

  /** Opens the bytes of a file from their beginning, each time that it is asked to. */
  public interface Bytes {
    InputStream open() throws IOException;
  }

  /** What {@code file} holds. */
  public AciContent read(Path file) throws SpecException {
    long size;
    try {
      size = Files.size(file);
    } catch (IOException e) {
      throw SpecException.system("cannot read " + what + ": " + e.getMessage(), e);
    }
    return read(() -> Files.newInputStream(file), size, null);
  }

  /**
   * What a file holds that is open already.
   *
   * @param sizeBytes its length, by which it may expand
   * @param plain the SHA-512 of the file as it is, if the caller has it and sees to it that these
   *     are the bytes that it is of: of a file that is not compressed it need not be computed again
   */
  public AciContent read(Bytes file, long sizeBytes, @Nullable Digest plain) throws SpecException {
    try {
      Compression compression = detect(file);
      long limit = ArchiveFile.mostExpanded(sizeBytes);
      MessageDigest digest = Digest.Algorithm.SHA512.start();
      boolean isKnown = plain != null && compression == Compression.NONE;
      try (InputStream expanded = Decompressor.open(file.open(), compression);
          BackgroundDigest hashed = new BackgroundDigest(isKnown ? List.of() : List.of(digest));
          Counting in = new Counting(expanded, hashed, limit)) {
        byte[] manifest = walk(in);
        hashed.finish();
        Digest id = plain != null && isKnown ? plain : Digest.of(Digest.Algorithm.SHA512, digest);
        return new AciContent(compression, id, manifest);
      }
    } catch (IOException e) {
      String why = e instanceof EOFException ? "it ends too early" : String.valueOf(e.getMessage());
      throw SpecException.integrity("cannot expand " + what + ": " + why, e);
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      // How some decoders meet bytes that they do not understand.
      throw SpecException.integrity("cannot expand " + what + ": it is damaged", e);
    }
  }

  private static Compression detect(Bytes file) throws IOException {
    try (InputStream in = file.open()) {
      byte[] head = in.readNBytes(Decompressor.MAGIC_BYTES);
      return Decompressor.detect(head, head.length);
    }
  }

  private byte[] walk(InputStream in) throws IOException, SpecException {
    TarHeaders tar = new TarHeaders(in, what);
    byte[] manifest = null;
    boolean rootfs = false;
    int entries = 0;
    for (TarHeaders.Entry entry; (entry = tar.next()) != null; ) {
      if (++entries > MOST_ENTRIES) {
        throw bad("has more than " + MOST_ENTRIES + " entries");
      }
      switch (entry.top()) {
        case "manifest" -> {
          if (manifest != null || !entry.isFile() || entry.depth() != 1) {
            throw bad("has a manifest that is no file, or two of them");
          }
          if (entry.sizeBytes() > StrictJson.MAX_BYTES) {
            throw bad("has a manifest of " + entry.sizeBytes() + " bytes");
          }
          manifest = tar.contents();
        }
        case "rootfs" -> {
          if (entry.depth() == 1 && (rootfs || !entry.isDirectory())) {
            throw bad("has a rootfs that is no directory, or two of them");
          }
          rootfs |= entry.depth() == 1;
        }
        default -> throw bad("has \"" + entry.name() + "\" beside manifest and rootfs");
      }
    }
    drain(in);
    if (manifest == null || !rootfs) {
      throw bad("is no ACI: it has no " + (rootfs ? "manifest" : "rootfs"));
    }
    return manifest;
  }

  /** The image id covers everything after the last entry too, which must be nothing but zeros. */
  private void drain(InputStream in) throws IOException, SpecException {
    byte[] buffer = new byte[BUFFER];
    byte[] zeros = new byte[BUFFER];
    for (int read; (read = in.read(buffer)) >= 0; ) {
      if (!Arrays.equals(buffer, 0, read, zeros, 0, read)) {
        throw bad("goes on after its end mark");
      }
    }
  }

  private SpecException bad(String why) {
    return SpecException.integrity(what + " " + why);
  }

  /** Counts and hashes everything that is read. */
  private static final class Counting extends FilterInputStream {
    private final BackgroundDigest hashed;
    private final byte[] skipped = new byte[BUFFER];
    private long left;

    Counting(InputStream in, BackgroundDigest hashed, long limit) {
      super(in);
      this.hashed = hashed;
      this.left = limit;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    /** Reads, because what is skipped is hashed too. */
    @Override
    public long skip(long count) throws IOException {
      return Math.max(0, read(skipped, 0, (int) Math.min(BUFFER, Math.max(0, count))));
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      int read = in.read(buffer, offset, length);
      if (read > 0) {
        left -= read;
        if (left < 0) {
          throw new IOException("it expands to more than an image may");
        }
        hashed.write(buffer, offset, read);
      }
      return read;
    }
  }
}
