package rkt.verify;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rkt.spec.ImageName;
import rkt.spec.image.ImageId;
import rkt.verify.openpgp.Rule;

/**
 * The proof that an image may run under a name: only {@link Verifier} can make one, at the moment
 * and against the trust store of its making. Not to be kept: the next start asks again.
 */
public final class Verified {
  private final ImageId image;
  private final ImageName name;
  private final boolean bypassed;
  private final String fingerprint;
  private final String signingKey;
  private final @Nullable Instant signedAt;
  private final String scope;
  private final List<String> signers;
  private final String index;
  private final String policy;
  private final List<Verified> beneath;

  /** Package-private on purpose: the compiler is the guard. */
  Verified(
      ImageId image,
      ImageName name,
      boolean bypassed,
      String fingerprint,
      String signingKey,
      @Nullable Instant signedAt,
      String scope,
      List<String> signers,
      String index,
      String policy) {
    this(
        image,
        name,
        bypassed,
        fingerprint,
        signingKey,
        signedAt,
        scope,
        signers,
        index,
        policy,
        List.of());
  }

  private Verified(
      ImageId image,
      ImageName name,
      boolean bypassed,
      String fingerprint,
      String signingKey,
      @Nullable Instant signedAt,
      String scope,
      List<String> signers,
      String index,
      String policy,
      List<Verified> beneath) {
    this.image = image;
    this.name = name;
    this.bypassed = bypassed;
    this.fingerprint = fingerprint;
    this.signingKey = signingKey;
    this.signedAt = signedAt;
    this.scope = scope;
    this.signers = List.copyOf(signers);
    this.index = index;
    this.policy = policy;
    this.beneath = List.copyOf(beneath);
  }

  /** The same of an image that is assembled on others. */
  Verified on(List<Verified> others) {
    return new Verified(
        image,
        name,
        bypassed,
        fingerprint,
        signingKey,
        signedAt,
        scope,
        signers,
        index,
        policy,
        others);
  }

  public ImageId image() {
    return image;
  }

  /** The name that the image was judged under. */
  public ImageName name() {
    return name;
  }

  /** Whether nothing was verified, because the user said {@code --insecure-options=image}. */
  public boolean bypassed() {
    return bypassed;
  }

  /**
   * The fingerprint of the certificate or key that vouches for it, the first if several do; empty
   * if bypassed, if a policy accepts it unsigned, or if an identity vouches for it.
   */
  public String fingerprint() {
    return fingerprint;
  }

  /** The fingerprint of the key or subkey that signed; empty where there is no fingerprint. */
  public String signingKey() {
    return signingKey;
  }

  /** When it was signed, as the signer or somebody better says; null if nobody does. */
  public @Nullable Instant signedAt() {
    return signedAt;
  }

  /** What made the key count: {@code root} or a prefix; empty if bypassed. */
  public String scope() {
    return scope;
  }

  /**
   * All who were needed, as the policy names them: the fingerprint of a certificate or key, or an
   * issuer, a space and a subject. Empty if bypassed, or if a policy accepts it unsigned.
   */
  public List<String> signers() {
    return signers;
  }

  /** The proofs of the ACIs that it depends on, each judged under its own name. */
  public List<Verified> beneath() {
    return beneath;
  }

  /**
   * {@link #signers}, and those of the ACIs that it depends on: whose key is no longer trusted
   * affects what runs of them. Empty if it has none itself.
   */
  public List<String> allSigners() {
    if (beneath.isEmpty() || signers.isEmpty()) {
      return signers;
    }
    List<String> all = new ArrayList<>(signers);
    for (Verified other : beneath) {
      for (String signer : other.signers) {
        if (!all.contains(signer)) {
          all.add(signer);
        }
      }
    }
    return List.copyOf(all);
  }

  /**
   * The digest of an index that lists the image, if what somebody signed was that; the first if
   * several were. Empty if all signed the image itself.
   */
  public String index() {
    return index;
  }

  /** The file of the policy that decided; empty if none speaks for the name. */
  public String policy() {
    return policy;
  }

  /** The rule that accepted it; empty if bypassed. */
  public String rule() {
    if (bypassed) {
      return "";
    }
    return (signers.isEmpty() ? Rule.ACCEPT_UNSIGNED : Rule.VALID).label();
  }

  @Override
  public String toString() {
    if (bypassed) {
      return name + " (" + image + ") not verified";
    }
    String by = signers.isEmpty() ? "accepted unsigned" : "signed by " + String.join(", ", signers);
    return name + " (" + image + ") " + by + ", trusted for " + scope;
  }
}
