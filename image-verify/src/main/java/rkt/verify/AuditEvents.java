package rkt.verify;

import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.verify.audit.AuditEvent;
import rkt.verify.openpgp.TrustException;

/** What this module decides, as events of the audit log. spec/audit.md#events */
public final class AuditEvents {
  private AuditEvents() {}

  /**
   * An image that may be used, and why.
   *
   * @param purpose what for: {@code fetch}, {@code run}, {@code verify}
   */
  public static AuditEvent accepted(String purpose, Verified verified) {
    AuditEvent event =
        verdict(purpose, verified.image(), verified.name())
            .with("accepted", true)
            .with("bypassed", verified.bypassed());
    if (verified.bypassed()) {
      return event;
    }
    event
        .with("rule", verified.rule())
        .with("key", verified.fingerprint())
        .with("signingKey", verified.signingKey());
    if (verified.signedAt() != null) {
      event.with("signedAt", verified.signedAt().getEpochSecond());
    }
    event
        .with("scope", verified.scope())
        .with("index", verified.index())
        .with("policy", verified.policy());
    boolean isToldByKey =
        verified.signers().size() == 1 && verified.signers().get(0).equals(verified.fingerprint());
    return isToldByKey ? event : event.with("signers", verified.signers());
  }

  /** An image that may not be used, and which rule says so. */
  public static AuditEvent refused(
      String purpose, ImageId image, ImageName name, TrustException refusal) {
    return verdict(purpose, image, name)
        .with("accepted", false)
        .with("bypassed", false)
        .with("rule", refusal.rule().label())
        .with("why", refusal.getMessage())
        .with("policy", refusal.policy());
  }

  /** The same of bytes that were not parsed, so that they have no name yet. */
  public static AuditEvent refused(String purpose, String reference, TrustException refusal) {
    return AuditEvent.of(AuditEvent.Kind.VERDICT)
        .with("purpose", purpose)
        .with("reference", reference)
        .with("accepted", false)
        .with("bypassed", false)
        .with("rule", refusal.rule().label())
        .with("why", refusal.getMessage())
        .with("policy", refusal.policy());
  }

  /**
   * An image of the store that is about to be signed here.
   *
   * @param form what as: {@code openpgp}, {@code simple}, {@code cosign}, {@code attestation}
   * @param key the fingerprint of the key
   */
  public static AuditEvent signed(String form, Image image, String key) {
    return AuditEvent.of(AuditEvent.Kind.SIGN)
        .with("form", form)
        .with("image", image.id().toString())
        .with("name", image.name().text())
        .with("signed", (form.equals("openpgp") ? image.signed() : image.manifest()).toString())
        .with("key", key);
  }

  /** The same of a file, which nobody has read as an image. */
  public static AuditEvent signed(String form, Digest signed, String file, String key) {
    return AuditEvent.of(AuditEvent.Kind.SIGN)
        .with("form", form)
        .with("file", file)
        .with("signed", signed.toString())
        .with("key", key);
  }

  private static AuditEvent verdict(String purpose, ImageId image, ImageName name) {
    return AuditEvent.of(AuditEvent.Kind.VERDICT)
        .with("purpose", purpose)
        .with("image", image.toString())
        .with("name", name.text());
  }
}
