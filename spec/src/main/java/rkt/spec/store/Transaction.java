package rkt.spec.store;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.image.ImageId;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciDescriptor;

/**
 * Blobs on their way into the store. Nothing of it can be seen until {@link #commit}; after {@link
 * #close} without a commit the store is byte for byte what it was. spec/store.md#transactions
 *
 * <p>Blobs may be added by several threads at once; the rest belongs to one thread.
 */
public final class Transaction implements AutoCloseable {
  private static final Duration OTHER_FETCH = Duration.ofMinutes(10);

  private final Store store;
  private final Path directory;
  private final FileLock lock;
  private final List<FileLock> claims = new ArrayList<>();
  private final Map<Digest, Long> staged = new ConcurrentHashMap<>();
  private final Map<Digest, BlobStat> known = new ConcurrentHashMap<>();
  private final AtomicInteger parts = new AtomicInteger();
  private final ExecutorService syncer =
      Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "rkt-store-sync");
        thread.setDaemon(true);
        return thread;
      });

  Transaction(Store store, Path directory, FileLock lock) {
    this.store = store;
    this.directory = directory;
    this.lock = lock;
  }

  /**
   * Waits until no other transaction fetches any of {@code digests}, and keeps others from starting
   * until this one ends: ask {@link #has} afterwards, the other may have brought them. Call it for
   * the manifest first, then once for all other blobs, so that no two wait for each other.
   */
  public void claim(Collection<Digest> digests) throws SpecException {
    try {
      for (Digest digest : new TreeSet<>(digests)) {
        // Without the lock the worst is a blob fetched twice.
        FileLock claim = store.files().locks().take(StoreLocks.byteOf(digest), OTHER_FETCH);
        if (claim != null) {
          claims.add(claim);
        }
      }
    } catch (IOException e) {
      throw SpecException.system("cannot lock the store: " + RktException.why(e), e);
    }
  }

  /**
   * The same for what has no digest yet, such as a URL: waits until no other process fetches it.
   * Call it before {@link #claim}, if at all. One that this process fetches is not waited for: it
   * may be what this transaction is for.
   *
   * @return whether it had to wait
   */
  public boolean claimSource(String source) throws SpecException {
    long position =
        StoreLocks.byteOf(Digest.sha256(("source " + source).getBytes(StandardCharsets.UTF_8)));
    try {
      StoreLocks locks = store.files().locks();
      if (locks.isOwn(position)) {
        return false;
      }
      FileLock now = locks.tryTake(position);
      FileLock claim = now != null ? now : locks.take(position, OTHER_FETCH);
      if (claim != null) {
        claims.add(claim);
      }
      return now == null;
    } catch (IOException e) {
      throw SpecException.system("cannot lock the store: " + RktException.why(e), e);
    }
  }

  /** Says that {@code id} may be in the store already: its untouched blobs need no new hashing. */
  public void expect(ImageId id) {
    try {
      for (BlobStat blob : store.admission(id).blobs()) {
        known.put(blob.digest(), blob);
      }
    } catch (SpecException e) {
      known.clear(); // absent or damaged: then every blob is hashed
    }
  }

  /**
   * Whether the blob is here, staged or stored, with the right bytes. A stored blob that is found
   * stays at least until this transaction ends.
   */
  public boolean has(Digest digest) throws SpecException {
    if (staged.containsKey(digest)) {
      return true;
    }
    Path blob = store.blob(digest);
    try {
      boolean present =
          store
              .files()
              .locked(() -> {
                if (!Files.exists(blob)) {
                  return false;
                }
                Durable.createFile(directory.resolve(StoreFiles.PIN + StoreFiles.fileName(digest)));
                return true;
              });
      if (!present) {
        return false;
      }
      BlobStat before = known.get(digest);
      return (before != null && BlobStat.of(digest, blob).isUnchangedSince(before))
          || digest.equals(StoreFiles.hash(blob, digest.algorithm()));
    } catch (IOException e) {
      throw SpecException.system("cannot read " + blob + ": " + RktException.why(e), e);
    }
  }

  /**
   * Stages the bytes of {@code in}, to its end.
   *
   * @param expectedSize exactly; reading stops one byte later
   * @throws SpecException of class integrity if they are others, of class system if writing fails
   * @throws IOException if reading {@code in} fails
   */
  public Blob add(InputStream in, Digest expected, long expectedSize)
      throws SpecException, IOException {
    Path part = part();
    Blob blob = new BlobWriter(syncer).copy(in, part, expected.algorithm(), expectedSize);
    if (blob.sizeBytes() != expectedSize || !blob.digest().equals(expected)) {
      Files.deleteIfExists(part);
      throw SpecException.integrity(
          blob.sizeBytes() != expectedSize
              ? expected + " ended after " + blob.sizeBytes() + " of " + expectedSize + " bytes"
              : expected + " arrived as " + blob.digest());
    }
    return stage(part, blob);
  }

  /** Stages the bytes of {@code in}, at most {@code limit}, under the SHA-256 that they have. */
  public Blob add(InputStream in, long limit) throws SpecException, IOException {
    Path part = part();
    return stage(part, new BlobWriter(syncer).copy(in, part, Digest.Algorithm.SHA256, limit));
  }

  /** Stages a small document. */
  public Blob add(byte[] bytes) throws SpecException {
    try {
      return add(new ByteArrayInputStream(bytes), bytes.length);
    } catch (IOException e) {
      throw SpecException.system("cannot stage a document: " + RktException.why(e), e);
    }
  }

  /** Stages what the store keeps for an ACI besides the file itself; gives its manifest. */
  public OciDescriptor addAci(byte[] aciManifest, OciDescriptor file, Digest imageId)
      throws SpecException {
    OciDescriptor config = add(aciManifest).as(MediaType.ACI_MANIFEST);
    return Artifacts.entry(
        add(Artifacts.aci(config, file)),
        MediaType.ACI,
        IndexFile.IMAGE_ID,
        new ImageId(ImageId.Kind.ACI, imageId).toString());
  }

  /** Stages a detached signature that belongs to {@code manifest}; gives what to attach. */
  public OciDescriptor addSignature(OciDescriptor manifest, byte[] signature) throws SpecException {
    OciDescriptor empty = add(Artifacts.EMPTY).as(MediaType.OCI_EMPTY);
    OciDescriptor layer = add(signature).as(MediaType.PGP_SIGNATURE);
    return about(manifest, MediaType.PGP_SIGNATURE, empty, List.of(layer));
  }

  /**
   * Stages what keeps statements about {@code manifest}; gives what to attach, in their order.
   *
   * @param layers the staged statements, with their annotations; at most {@link Statements#MOST}
   *     are kept, and of other types none
   */
  public List<OciDescriptor> addStatements(OciDescriptor manifest, List<OciDescriptor> layers)
      throws SpecException {
    List<OciDescriptor> attached = new ArrayList<>();
    for (Statements.Group group : Statements.groups(layers)) {
      OciDescriptor empty = add(Artifacts.EMPTY).as(MediaType.OCI_EMPTY);
      attached.add(about(manifest, group.artifactType(), empty, group.layers()));
    }
    return attached;
  }

  private OciDescriptor about(
      OciDescriptor subject, String artifactType, OciDescriptor empty, List<OciDescriptor> layers)
      throws SpecException {
    return Artifacts.entry(
        add(Artifacts.about(subject, artifactType, empty, layers)),
        artifactType,
        IndexFile.SUBJECT,
        subject.digest().toString());
  }

  /**
   * Makes signatures and statements that were made here visible, beside an image that is in the
   * store. No fetch replaces them.
   *
   * @param attached from {@link #addSignature} and {@link #addStatements}
   */
  public void attach(ImageId image, List<OciDescriptor> attached) throws SpecException {
    new Commit(store.files(), directory, staged.keySet(), store.now()).attach(image, attached);
    staged.clear();
  }

  /** Where the bytes of a blob are that {@link #has} found or {@link #add} brought. */
  public Path path(Digest digest) {
    return staged.containsKey(digest)
        ? directory.resolve(StoreFiles.fileName(digest))
        : store.blob(digest);
  }

  /** A small document among the blobs, its digest checked. */
  public byte[] read(Digest digest) throws SpecException {
    return StoreFiles.read(path(digest), digest);
  }

  /** Makes it all visible, at once and durably. */
  public void commit(Entry entry) throws SpecException {
    new Commit(store.files(), directory, staged.keySet(), store.now()).run(entry);
    staged.clear();
  }

  /** Forgets what was not committed. */
  @Override
  public void close() throws SpecException {
    syncer.shutdown();
    try {
      Durable.deleteTree(directory);
      for (FileLock claim : claims) {
        claim.release();
      }
      lock.release();
    } catch (IOException e) {
      throw SpecException.system("cannot clean up " + directory + ": " + RktException.why(e), e);
    }
  }

  /** A place for a file that goes away with this, if it is not renamed into the store. */
  public Path scratch(String name) {
    return directory.resolve(name);
  }

  private Path part() {
    return directory.resolve("part-" + parts.incrementAndGet());
  }

  private Blob stage(Path part, Blob blob) throws IOException {
    Durable.move(part, directory.resolve(StoreFiles.fileName(blob.digest())));
    staged.put(blob.digest(), blob.sizeBytes());
    return blob;
  }
}
