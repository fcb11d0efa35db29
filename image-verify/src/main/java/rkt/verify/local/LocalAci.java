package rkt.verify.local;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.archive.AciContent;
import rkt.spec.archive.AciReader;
import rkt.spec.image.AciManifest;
import rkt.spec.image.ImageId;
import rkt.verify.Candidate;
import rkt.verify.openpgp.Evidence;
import rkt.verify.openpgp.EvidenceCollector;
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
  private final Digest signed;
  private final long sizeBytes;
  private final @Nullable Evidence evidence;
  private final @Nullable TrustException refusal;

  private LocalAci(
      Path file, @Nullable ImageName wanted, FileChannel channel, byte @Nullable [] signature)
      throws RktException, IOException {
    this.file = file;
    this.wanted = wanted;
    this.channel = channel;
    EvidenceCollector collector = null;
    TrustException refused = null;
    try {
      collector = signature == null ? null : EvidenceCollector.start(signature);
    } catch (TrustException e) {
      refused = e;
    }
    if (collector != null) {
      this.sizeBytes = copy(collector);
      this.evidence = collector.finish();
      this.signed = evidence.subject();
    } else {
      MessageDigest digest = Digest.Algorithm.SHA256.start();
      this.sizeBytes = copy(new Sink(digest));
      this.signed = Digest.of(Digest.Algorithm.SHA256, digest);
      this.evidence = refused == null ? Evidence.none(signed) : null;
    }
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
    return signed;
  }

  @Override
  public Evidence evidence() throws TrustException {
    if (refusal != null) {
      throw refusal;
    }
    return Objects.requireNonNull(evidence);
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
    AciContent content = new AciReader(file.toString()).read(again, sizeBytes);
    if (!again.digest().equals(signed)) {
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
        signed,
        signed, // it has no other manifest: the one of OCI is made by a store
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

  /** Gives all of the file to {@code out}; its length. */
  private long copy(OutputStream out) throws IOException, SpecException {
    InputStream in = Channels.newInputStream(channel);
    byte[] buffer = new byte[BUFFER];
    long size = 0;
    for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
      size += n;
      if (size > AciReader.LARGEST) {
        throw SpecException.integrity(
            file + " is longer than " + AciReader.LARGEST + " bytes, the most of an ACI");
      }
      out.write(buffer, 0, n);
    }
    return size;
  }

  /** A digest that can be written to. */
  private static final class Sink extends OutputStream {
    private final MessageDigest digest;

    Sink(MessageDigest digest) {
      this.digest = digest;
    }

    @Override
    public void write(int b) {
      digest.update((byte) b);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      digest.update(bytes, offset, length);
    }
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

  /** Hashes what is read. Closing it does not close the file, which is read again. */
  private static final class Hashing extends FilterInputStream {
    private final MessageDigest digest;

    Hashing(InputStream in, MessageDigest digest) {
      super(in);
      this.digest = digest;
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
        digest.update(bytes, offset, read);
      }
      return read;
    }

    /** Reads, because what is skipped is hashed too. */
    @Override
    public long skip(long count) throws IOException {
      byte[] skipped = new byte[(int) Math.min(BUFFER, Math.max(0, count))];
      return Math.max(0, read(skipped, 0, skipped.length));
    }

    @Override
    public void close() {
      // whoever opened the file closes it
    }
  }
}
