package rkt.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rkt.fetch.FetchOptions;
import rkt.fetch.ImageInPlace;
import rkt.fetch.ImageRef;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.image.Image;
import rkt.verify.Candidate;
import rkt.verify.StoredStatements;
import rkt.verify.claim.Statement;
import rkt.verify.local.LocalImage;
import rkt.verify.local.LocalImages;
import rkt.verify.openpgp.Evidence;
import rkt.verify.openpgp.TrustException;
import rkt.verify.policy.ImageOrigin;

/** Where {@code rkt-verify} has OCI images read that no store has: the service that it asks for. */
public final class LocalLayouts implements LocalImages {

  @Override
  public LocalImage open(String text, Path cwd, How how) throws RktException {
    FetchOptions options =
        FetchOptions.of(System.getenv()).withPlatform(how.os(), how.arch(), how.variant());
    if (how.signature() != null) {
      options = options.withSignature(how.signature());
    }
    if (how.name() != null) {
      options = options.withImageName(how.name());
    }
    Path scratch = Path.of(System.getenv().getOrDefault("TMPDIR", "/var/tmp")).toAbsolutePath();
    return new InFiles(ImageInPlace.read(ImageRef.parse(text, cwd), options, scratch));
  }

  /** An image that was read, and needs nothing more of its files. */
  private static final class InFiles implements LocalImage {
    private final ImageInPlace read;
    private final @Nullable Evidence evidence;
    private final @Nullable TrustException refusal;

    InFiles(ImageInPlace read) {
      this.read = read;
      Evidence collected = null;
      TrustException refused = null;
      try {
        collected =
            read.signature().isPresent()
                ? Evidence.collect(read.signature().get(), read.manifest())
                : Evidence.none(signed());
      } catch (TrustException e) {
        refused = e;
      }
      this.evidence = collected;
      this.refusal = refused;
    }

    @Override
    public Digest signed() {
      return read.image().signed();
    }

    @Override
    public Evidence evidence() throws TrustException {
      if (refusal != null) {
        throw refusal;
      }
      return Objects.requireNonNull(evidence);
    }

    @Override
    public Candidate candidate() throws TrustException {
      Image image = read.image();
      return new Candidate(
          image.id(), image.name(), image.signed(), image.manifest(), evidence(), new Beside(read));
    }

    /** Nothing in it counts as its name. */
    @Override
    public boolean namesItself() {
      return false;
    }

    @Override
    public boolean isNameGiven() {
      return true;
    }

    @Override
    public String place() {
      return read.source();
    }

    @Override
    public void close() {
      // all was read when it was opened
    }
  }

  /** What lies beside an image in its layout. */
  private record Beside(ImageInPlace place) implements Candidate.StatementSource {
    @Override
    public List<Statement> read() throws RktException {
      return StoredStatements.of(place.statements(), place::statement);
    }

    @Override
    public List<ImageOrigin> origins() {
      Image image = place.image();
      return List.of(ImageOrigin.of(place.source(), image.name(), List.of(), image.manifest()));
    }

    @Override
    public List<Evidence> ofIndexes() throws RktException {
      return StoredStatements.ofIndexes(
          place.statements(),
          place::statement,
          place.image().manifest(),
          (layer, index) -> Evidence.collect(place.statement(layer.digest()), index));
    }

    @Override
    public List<Digest> indexes() throws RktException {
      return StoredStatements.indexes(
          place.statements(), place::statement, place.image().manifest());
    }
  }
}
