package rkt.verify.policy;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.verify.claim.Claim;
import rkt.verify.openpgp.KeyFacts;
import rkt.verify.sigstore.CosignTrust;
import rkt.verify.sigstore.Thresholds;

/** What can be proven of one image at one moment. Each is worked out when it is asked for. */
public interface Proofs {
  /**
   * What came of some signatures.
   *
   * @param claims those that hold
   * @param refusals why others do not, for people
   */
  record Proven(List<Claim> claims, List<String> refusals) {
    /** Of no signatures. */
    public static final Proven NOTHING = new Proven(List.of(), List.of());

    public Proven {
      claims = List.copyOf(claims);
      refusals = List.copyOf(refusals);
    }
  }

  /** The name that the image is judged under. */
  ImageName name();

  /** Where the image came from, as other tools would call it: all must accept it. */
  List<ImageOrigin> origins() throws RktException;

  /** The digests that the image is known by: of its manifest, and of the bytes that are signed. */
  List<Digest> subjects();

  /** Whether {@code index} is the digest of an index beside the image that lists it. */
  boolean isListedBy(Digest index) throws RktException;

  Instant now();

  /** Detached OpenPGP signatures by certificates that are trusted for the name. */
  Proven detached() throws RktException;

  /** The same of indexes that list the image. */
  Proven detachedOfIndexes() throws RktException;

  /** Simple signing by certificates that are trusted for the name. */
  Proven simpleSigning() throws RktException;

  /** Simple signing by these certificates, trusted for anything or not. */
  Proven simpleSigning(List<KeyFacts> certificates) throws RktException;

  /**
   * Cosign signatures and attestations.
   *
   * @param keys under which they may hold
   */
  Proven sigstore(List<PolicyKey> keys) throws RktException;

  /**
   * The same by identities.
   *
   * @param trustedRoot who may vouch for identities, logs and times
   * @param witnesses how many of each kind must
   */
  Proven keyless(Path trustedRoot, Thresholds witnesses) throws RktException;

  /** Cosign signatures alone, as a policy of other tools trusts them. */
  Proven cosign(CosignTrust trust) throws RktException;
}
