package rkt.verify.local;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rkt.spec.BackgroundDigest;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.archive.AciContent;
import rkt.spec.archive.AciReader;
import rkt.spec.image.AciManifest;
import rkt.spec.image.Compression;
import rkt.spec.image.Decompressor;
import rkt.spec.image.ImageId;
import rkt.verify.Candidate;
import rkt.verify.openpgp.DocumentHashes;
import rkt.verify.openpgp.Evidence;
import rkt.verify.openpgp.Rule;
import rkt.verify.openpgp.TrustException;

/**
 * An ACI in a file, read through one descriptor: once to hash it, and once more, when a signature
 * has held, for what is in it. Both passes must meet the same bytes. spec/trust.md#files-of-images
 */
public final class LocalAci implements LocalImage {
  private static final int BUFFER = 256 << 10;

  /** One byte more than is accepted, so that what is too large is refused and not cut off. */
  private static final int LONGEST_SIGNATURE = (4 << 20) + 1;

  private final Path file;
  private final @Nullable ImageName wanted;
  private final FileChannel channel;
  private final long sizeBytes;

  /** Of no signature, too, if those that there are were refused. */
  private final Evidence evidence;

  /** The SHA-512 of the file, if it is not compressed. */
  private final @Nullable Digest plain;

  private final @Nullable TrustException refusal;

  private LocalAci(
      Path file, @Nullable ImageName wanted, FileChannel channel, byte @Nullable [] signature)
      throws RktException, IOException {
    this.file = file;
    this.wanted = wanted;
    this.channel = channel;
    DocumentHashes hashes;
    TrustException refused = null;
    try {
      hashes = signature == null ? DocumentHashes.unsigned() : DocumentHashes.start(signature);
    } catch (TrustException e) {
      refused = e;
      hashes = DocumentHashes.unsigned();
    }
    boolean isPlain = compression(channel) == Compression.NONE;
    if (isPlain) {
      hashes.alsoSha512(); // which is its identifier
    }
    this.sizeBytes = hashes.read(Channels.newInputStream(channel), AciReader.LARGEST);
    if (sizeBytes > AciReader.LARGEST) {
      throw SpecException.integrity(
          file + " is longer than " + AciReader.LARGEST + " bytes, the most of an ACI");
    }
    this.evidence = hashes.evidence();
    this.plain = isPlain ? hashes.sha512() : null;
    this.refusal = refused;
  }

  /**
   * Opens and hashes {@code file}, which the caller closes.
   *
   * @param signature a file with its detached signature; null for the one that lies beside it, if
   *     any does, {@code .asc} added to the name
   * @param wanted the name that it must have; null if any will do
   * @throws RktException if either is there and cannot be read, or the file is not there
   */
  public static LocalAci open(Path file, @Nullable Path signature, @Nullable ImageName wanted)
      throws RktException {
    requireFile(file);
    byte[] bytes = signature(file, signature);
    FileChannel channel = null;
    boolean done = false;
    try {
      channel = FileChannel.open(file, StandardOpenOption.READ);
      LocalAci aci = new LocalAci(file, wanted, channel, bytes);
      done = true;
      return aci;
    } catch (IOException e) {
      throw SpecException.system("cannot read " + file + ": " + e.getMessage(), e);
    } finally {
      if (!done && channel != null) {
        close(channel, file);
      }
    }
  }

  /** The digest of the file. */
  @Override
  public Digest signed() {
    return evidence.subject();
  }

  @Override
  public Evidence evidence() throws TrustException {
    if (refusal != null) {
      throw refusal;
    }
    return evidence;
  }

  /**
   * What is in the file, and the name that this says it has. Nothing of it was looked at before, so
   * ask after a signature has held.
   *
   * @throws RktException of class integrity if it is no ACI, or is not what was hashed any more
   */
  @Override
  public Candidate candidate() throws RktException {
    Evidence signatures = evidence();
    Again again = new Again();
    AciContent content = new AciReader(file.toString()).read(again, sizeBytes, plain);
    if (!again.digest().equals(signed())) {
      throw SpecException.integrity(
          file + " was changed while it was read", "verify a copy that nobody writes to");
    }
    AciManifest manifest;
    try {
      manifest = AciManifest.parse(content.manifest());
    } catch (SpecException e) {
      throw SpecException.integrity(file + ": " + e.getMessage(), e);
    }
    if (wanted != null && !wanted.equals(manifest.name())) {
      throw new TrustException(
          Rule.OTHER_PREFIX,
          "the image is called " + manifest.name() + ", and not " + wanted + " as expected",
          "ask its publisher, or verify it without --image-name");
    }
    return new Candidate(
        new ImageId(ImageId.Kind.ACI, content.id()),
        manifest.name(),
        signed(),
        signed(), // it has no other manifest: the one of OCI is made by a store
        signatures,
        Candidate.StatementSource.NONE);
  }

  @Override
  public boolean namesItself() {
    return true;
  }

  @Override
  public boolean isNameGiven() {
    return wanted != null;
  }

  @Override
  public String place() {
    return file.toString();
  }

  @Override
  public void close() throws RktException {
    close(channel, file);
  }

  private static void close(FileChannel channel, Path file) throws SpecException {
    try {
      channel.close();
    } catch (IOException e) {
      throw SpecException.system("cannot close " + file + ": " + e.getMessage(), e);
    }
  }

  /** Plain files only: a FIFO would never answer, and a device never end. */
  private static void requireFile(Path file) throws SpecException {
    if (!Files.exists(file)) {
      throw SpecException.notFound("no such file: " + file, null);
    }
    if (!Files.isRegularFile(file)) {
      throw SpecException.usage(file + " is not a regular file");
    }
  }

  private static byte @Nullable [] signature(Path file, @Nullable Path named) throws RktException {
    Path signature = named != null ? named : file.resolveSibling(file.getFileName() + ".asc");
    if (named == null && !Files.exists(signature)) {
      return null;
    }
    requireFile(signature);
    try (InputStream in = Files.newInputStream(signature)) {
      return in.readNBytes(LONGEST_SIGNATURE);
    } catch (IOException e) {
      throw SpecException.system("cannot read " + signature + ": " + e.getMessage(), e);
    }
  }

  /** What the first bytes say; they are not expanded. */
  private static Compression compression(FileChannel channel) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(Decompressor.MAGIC_BYTES);
    while (head.hasRemaining() && channel.read(head, head.position()) > 0) {
      // a read may give less than there is
    }
    return Decompressor.detect(head.array(), head.position());
  }

  /** The bytes once more, and their digest when all were read. */
  private final class Again implements AciReader.Bytes {
    private MessageDigest digest = Digest.Algorithm.SHA256.start();

    @Override
    public InputStream open() throws IOException {
      channel.position(0);
      digest = Digest.Algorithm.SHA256.start();
      return new Hashing(Channels.newInputStream(channel), digest);
    }

    Digest digest() {
      return Digest.of(Digest.Algorithm.SHA256, digest);
    }
  }

  /** Has hashed what is read. Closing it does not close the file, which is read again. */
  private static final class Hashing extends FilterInputStream {
    private final BackgroundDigest hashed;
    private final byte[] skipped = new byte[BUFFER];

    Hashing(InputStream in, MessageDigest digest) {
      super(in);
      this.hashed = new BackgroundDigest(List.of(digest));
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      int read = in.read(bytes, offset, length);
      if (read > 0) {
        hashed.write(bytes, offset, read);
      }
      return read;
    }

    /** Reads, because what is skipped is hashed too. */
    @Override
    public long skip(long count) throws IOException {
      return Math.max(0, read(skipped, 0, (int) Math.min(BUFFER, Math.max(0, count))));
    }

    @Override
    public void close() throws IOException {
      // Whoever opened the file closes it.
      try {
        hashed.finish();
      } finally {
        hashed.close();
      }
    }
  }
}
