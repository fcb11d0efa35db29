package rkt.verify;

import java.util.ArrayList;
import java.util.List;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.image.ImageId;
import rkt.verify.claim.Statement;
import rkt.verify.openpgp.Evidence;
import rkt.verify.policy.ImageOrigin;

/**
 * An image that is to be judged.
 *
 * @param name that it is judged under
 * @param signed the digest of the bytes that a detached signature covers: {@code Image.signed()}
 * @param manifest the digest of its manifest, which statements may be about, too
 * @param statements read only if a policy asks for them
 */
public record Candidate(
    ImageId id,
    ImageName name,
    Digest signed,
    Digest manifest,
    Evidence evidence,
    StatementSource statements) {

  /** Where an image came from, and what was stated about it there. */
  public interface StatementSource {
    /** None, for an image that nothing was stated about. No lambda: each start would make one. */
    StatementSource NONE =
        new StatementSource() {
          @Override
          public List<Statement> read() {
            return List.of();
          }
        };

    List<Statement> read() throws RktException;

    /** Where the image came from, for policies of other tools: each place that it came from. */
    default List<ImageOrigin> origins() throws RktException {
      return List.of(ImageOrigin.OTHER);
    }

    /**
     * The digests of the indexes beside the image that list it. A statement about one of them is
     * about the image, too.
     */
    default List<Digest> indexes() throws RktException {
      return List.of();
    }

    /**
     * The evidence of each detached signature of one of those indexes; its subject is the index.
     */
    default List<Evidence> ofIndexes() throws RktException {
      return List.of();
    }
  }

  /** The digests that a statement about it may name. */
  List<Digest> subjects() {
    List<Digest> subjects = new ArrayList<>();
    subjects.add(signed);
    if (!signed.equals(manifest)) {
      subjects.add(manifest);
    }
    return subjects;
  }
}
