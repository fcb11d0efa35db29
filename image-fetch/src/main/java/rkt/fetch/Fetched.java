package rkt.fetch;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import rkt.fetch.program.ProgramAci;
import rkt.fetch.transport.FetchException;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.image.AciDependency;
import rkt.spec.image.Image;
import rkt.spec.image.OciDescriptor;
import rkt.spec.store.Entry;
import rkt.spec.store.Transaction;

/**
 * An image that was downloaded and cannot be seen by anybody yet. Prove {@link #signedBytes}, then
 * look at {@link #image}, then {@link #commit}; closing it without a commit leaves the store as it
 * was. Belongs to one thread.
 */
public final class Fetched implements AutoCloseable {
  private final Transaction transaction;
  private final Digest signed;
  private final Optional<byte[]> signature;
  private final Along along;
  private final String source;
  private final boolean namesItself;
  private final Resolver resolver;
  private @Nullable ProgramAci program;
  private @Nullable Resolved resolved;

  Fetched(
      Transaction transaction,
      Digest signed,
      Optional<byte[]> signature,
      Along along,
      String source,
      boolean namesItself,
      Resolver resolver) {
    this.transaction = transaction;
    this.signed = signed;
    this.signature = signature;
    this.along = along;
    this.source = source;
    this.namesItself = namesItself;
    this.resolver = resolver;
  }

  /**
   * The statements that came along.
   *
   * @param layers staged: statements, and the indexes that some are about
   * @param all whether these are all that the source has now, and replace what was fetched before;
   *     else the source has no place for any
   */
  record Along(List<OciDescriptor> layers, boolean all) {
    Along {
      layers = List.copyOf(layers);
    }

    /** What comes from a source that has no place for statements. */
    static Along nothing() {
      return new Along(List.of(), false);
    }
  }

  /** Looks into the downloaded bytes. */
  interface Resolver {
    Resolved resolve() throws RktException;
  }

  /** What was found there. */
  record Resolved(
      Image image,
      OciDescriptor manifest,
      List<String> references,
      Optional<Remembered> remembered,
      List<AciDependency> dependencies) {}

  /** Says which program brought it, and may share it until this is closed. */
  void broughtBy(ProgramAci program) {
    this.program = program;
  }

  /** Shares the file with others for so long, if it came from peers and sharing was asked for. */
  public void share(Duration time) {
    if (program != null && !time.isZero()) {
      program.share(time);
    }
  }

  /** The digest of the bytes that a signature covers. */
  public Digest signed() {
    return signed;
  }

  /** The file of the bytes that a signature covers; it goes away with this. */
  public Path signedBytes() {
    return transaction.path(signed);
  }

  /** The detached signature that came along, as it was served; empty if none did. */
  public Optional<byte[]> signature() {
    return signature;
  }

  /**
   * The statements about the image that came along, and the indexes that some are about: their
   * types, digests and annotations.
   */
  public List<OciDescriptor> statements() {
    return along.layers();
  }

  /** The bytes of a statement. */
  public byte[] statement(Digest digest) throws RktException {
    return transaction.read(digest);
  }

  /** Where the image came from, without credentials. */
  public String source() {
    return source;
  }

  /** Whether the image's name is in bytes that nobody has verified: it is an ACI. */
  public boolean namesItself() {
    return namesItself;
  }

  /**
   * The image. An ACI is expanded and its manifest parsed only now, so ask after its signature has
   * held.
   */
  public Image image() throws RktException {
    return resolve().image();
  }

  /** By which names the store will find it, besides its identifier. */
  public List<String> references() throws RktException {
    return resolve().references();
  }

  /** What an ACI depends on; {@link #compose} wants an image for each before a commit. */
  public List<AciDependency> dependencies() throws RktException {
    return resolve().dependencies();
  }

  /**
   * Makes the image one of those that it depends on and itself.
   *
   * @param found one image for each of {@link #dependencies}, all of them in the store
   */
  public void compose(List<Image> found) throws RktException {
    Resolved known = resolve();
    if (found.size() != known.dependencies().size()) {
      throw new IllegalArgumentException(
          found.size() + " images for " + known.dependencies().size() + " dependencies");
    }
    resolved =
        new Resolved(
            known.image().on(found),
            known.manifest(),
            known.references(),
            known.remembered(),
            List.of());
  }

  /**
   * Admits the image into the store.
   *
   * @param insecure whether {@code --insecure-options=image} lets it in
   * @param beside further files for the image's directory: {@code evidence.json}
   */
  public void commit(boolean insecure, Map<String, byte[]> beside) throws RktException {
    Resolved known = resolve();
    if (!known.dependencies().isEmpty()) {
      throw FetchException.usage(
          source
              + " depends on "
              + known.dependencies().get(0).reference()
              + ", which is to be"
              + " fetched with it",
          "rkt fetch " + source + " brings both");
    }
    List<OciDescriptor> attached = new ArrayList<>();
    if (signature.isPresent()) {
      attached.add(transaction.addSignature(known.manifest(), signature.get()));
    }
    attached.addAll(transaction.addStatements(known.manifest(), along.layers()));
    Map<String, byte[]> files = new LinkedHashMap<>(beside);
    known.remembered().ifPresent(remembered -> files.put(Remembered.FILE, remembered.json()));
    transaction.commit(
        new Entry(
            known.image(),
            known.manifest(),
            known.references(),
            attached,
            along.all(),
            source,
            insecure,
            files));
  }

  @Override
  public void close() throws SpecException {
    if (program != null) {
      program.close();
    }
    transaction.close();
  }

  private Resolved resolve() throws RktException {
    Resolved known = resolved;
    if (known == null) {
      known = resolver.resolve();
      resolved = known;
    }
    return known;
  }
}
