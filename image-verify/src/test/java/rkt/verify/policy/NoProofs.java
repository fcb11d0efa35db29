package rkt.verify.policy;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.verify.openpgp.KeyFacts;
import rkt.verify.sigstore.CosignTrust;
import rkt.verify.sigstore.Thresholds;

/** Of an image that nobody signed; tests say what is known all the same. */
class NoProofs implements Proofs {
  @Override
  public ImageName name() {
    return new ImageName("example.com/app");
  }

  @Override
  public List<ImageOrigin> origins() {
    return List.of(ImageOrigin.OTHER);
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
