package rkt.verify;

import java.time.Instant;
import rkt.spec.ImageName;
import rkt.spec.image.ImageId;
import rkt.spec.json.JsonWriter;

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
  private final Instant signedAt;
  private final String scope;

  /** Package-private on purpose: the compiler is the guard. */
  Verified(
      ImageId image,
      ImageName name,
      boolean bypassed,
      String fingerprint,
      String signingKey,
      Instant signedAt,
      String scope) {
    this.image = image;
    this.name = name;
    this.bypassed = bypassed;
    this.fingerprint = fingerprint;
    this.signingKey = signingKey;
    this.signedAt = signedAt;
    this.scope = scope;
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

  /** The fingerprint of the trusted certificate; empty if bypassed. */
  public String fingerprint() {
    return fingerprint;
  }

  /** The fingerprint of the key or subkey that signed; empty if bypassed. */
  public String signingKey() {
    return signingKey;
  }

  /** When the signer says it signed; the epoch if bypassed. */
  public Instant signedAt() {
    return signedAt;
  }

  /** What made the key count: {@code root} or a prefix; empty if bypassed. */
  public String scope() {
    return scope;
  }

  /** The members of a pod's record about this image, into an object that is open. */
  public void writeTo(JsonWriter json) {
    json.put("image", image.toString()).put("name", name.text()).put("verified", !bypassed);
    if (!bypassed) {
      json.put("key", fingerprint)
          .put("signingKey", signingKey)
          .put("signedAt", signedAt.toString())
          .put("scope", scope);
    }
  }

  @Override
  public String toString() {
    return name
        + " ("
        + image
        + ") "
        + (bypassed ? "not verified" : "signed by " + fingerprint + ", trusted for " + scope);
  }
}
