package rkt.verify.policy;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.verify.openpgp.KeyFacts;
import rkt.verify.sigstore.CosignTrust;
import rkt.verify.sigstore.Thresholds;
import rkt.verify.trust.GuardedFiles;

/** Reads a policy file and judges by it, for those outside of the package who break it. */
public final class PolicyProbe {
  private PolicyProbe() {}

  /** Whether an image that nobody signed meets the policy. */
  public static boolean acceptsUnsigned(byte[] document) throws RktException {
    PolicyReader reader =
        new PolicyReader(new GuardedFiles(GuardedFiles.Kind.POLICY), Path.of("/nowhere"));
    Requirement requirement = reader.read(document, Path.of("/nowhere/policy.json"));
    Explanation explanation = Evaluation.of(requirement, new Nothing(), true);
    explanation.lines();
    explanation.asks();
    explanation.reason();
    return explanation.met();
  }

  /** Of an image that nobody signed. */
  private static final class Nothing implements Proofs {
    @Override
    public ImageName name() {
      return new ImageName("example.com/app");
    }

    @Override
    public List<Digest> subjects() {
      return List.of(Digest.sha256(new byte[0]));
    }

    @Override
    public boolean isListedBy(Digest index) {
      return false;
    }

    @Override
    public Instant now() {
      return Instant.EPOCH;
    }

    @Override
    public Proven detached() {
      return Proven.NOTHING;
    }

    @Override
    public Proven detachedOfIndexes() {
      return Proven.NOTHING;
    }

    @Override
    public Proven simpleSigning() {
      return Proven.NOTHING;
    }

    @Override
    public Proven simpleSigning(List<KeyFacts> certificates) {
      return Proven.NOTHING;
    }

    @Override
    public List<ImageOrigin> origins() {
      return List.of(ImageOrigin.OTHER);
    }

    @Override
    public Proven sigstore(List<PolicyKey> keys) {
      return Proven.NOTHING;
    }

    @Override
    public Proven keyless(Path trustedRoot, Thresholds witnesses) {
      return Proven.NOTHING;
    }

    @Override
    public Proven cosign(CosignTrust trust) {
      return Proven.NOTHING;
    }
  }
}
