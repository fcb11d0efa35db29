package rkt.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.image.Image;
import rkt.spec.image.OciDescriptor;
import rkt.spec.image.OciManifest;
import rkt.spec.store.Statements;
import rkt.spec.store.Store;
import rkt.spec.store.Transaction;
import rkt.verify.StoredEvidence;
import rkt.verify.audit.AuditEvent;
import rkt.verify.audit.AuditLog;
import rkt.verify.claim.Statement;
import rkt.verify.openpgp.DetachedSignatures;
import rkt.verify.openpgp.Evidence;
import rkt.verify.openpgp.SimpleSigning;
import rkt.verify.signing.OpenPgpSigner;
import rkt.verify.signing.SigningKey;
import rkt.verify.sigstore.Result;
import rkt.verify.sigstore.SigstoreVerifier;

/**
 * Where what was signed goes: judged first, then recorded, then put in its place.
 * spec/signing.md#order
 */
final class Signing {
  private final Store store;
  private final Settings settings;
  private final Caller caller;

  Signing(Store store, Settings settings, Caller caller) {
    this.store = store;
    this.settings = settings;
    this.caller = caller;
  }

  /** Writes an event into the audit log, without which nothing is handed out. */
  void record(AuditEvent event) throws RktException {
    new AuditLog(settings.dir(), caller.clock()).append(List.of(event));
  }

  /**
   * Requires that our own rules accept what was made over the bytes of a file.
   *
   * @return the digest of the file
   */
  Digest requireValid(OpenPgpSigner.Made made, Path data) throws RktException {
    try (DigestInputStream in =
        new DigestInputStream(Files.newInputStream(data), MessageDigest.getInstance("SHA-256"))) {
      DetachedSignatures.Finding finding =
          DetachedSignatures.read(made.bytes())
              .judge(in, List.of(made.certificate()), caller.clock().instant())
              .get(0);
      if (!finding.isValid()) {
        throw refused(finding.why());
      }
      return new Digest(
          Digest.Algorithm.SHA256, HexFormat.of().formatHex(in.getMessageDigest().digest()));
    } catch (IOException e) {
      throw SpecException.system("cannot read " + data + ": " + e.getMessage(), e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** Keeps a detached signature beside a stored image, with those that it has. */
  void keep(Image image, byte[] signature, AuditEvent event) throws RktException {
    try (Transaction transaction = store.begin()) {
      // One after the other: who signs at the same time must not lose what the other adds.
      transaction.claim(List.of(image.manifest()));
      List<Digest> known = store.signatures(image.manifest());
      byte[] all =
          known.isEmpty()
              ? signature
              : DetachedSignatures.join(store.read(known.get(known.size() - 1)), signature);
      Evidence evidence = Evidence.collect(all, store.blob(image.signed()));
      if (!evidence.subject().equals(image.signed())) {
        throw SpecException.integrity(
            "the blob " + image.signed() + " in the store is " + evidence.subject());
      }
      record(event);
      StoredEvidence.forget(store, image.id());
      transaction.attach(image.id(), List.of(transaction.addSignature(manifest(image), all)));
      StoredEvidence.keep(store, image.id(), evidence);
    }
  }

  /** Requires that our own rules take a statement that was made for a claim about the image. */
  void requireHolds(Statement statement, SigningKey key, Image image) throws RktException {
    Result result =
        new SigstoreVerifier(List.of(key.publicKey()), null)
            .check(statement, caller.clock().instant());
    if (result instanceof Result.Refused refused) {
      throw refused(refused.why());
    }
    if (!result.claims().get(0).subject().equals(image.manifest())) {
      throw refused("it is about another image");
    }
  }

  /** The same of a message of simple signing. */
  void requireHolds(Statement statement, OpenPgpSigner.Made made) throws RktException {
    SimpleSigning.Checked checked =
        SimpleSigning.check(statement, List.of(made.certificate()), caller.clock().instant());
    if (checked.claim().isEmpty()) {
      throw refused(checked.why());
    }
  }

  private static SpecException refused(String why) {
    return SpecException.usage(
        "the signature that was made would be refused: " + why,
        "sign with another key; spec/trust.md says which signatures count");
  }

  /** Keeps a statement beside a stored image, with those that it has. */
  void keep(Image image, Statement statement, AuditEvent event) throws RktException {
    if (!store.hasRoomFor(image.manifest(), statement.body().length)) {
      throw SpecException.usage(
          "there is no room for one more statement about "
              + image.id()
              + ": of those made here at most "
              + Statements.MOST
              + " are kept, of "
              + (Statements.LARGEST >> 20)
              + " MiB each and "
              + (Statements.LARGEST_TOGETHER >> 20)
              + " MiB together",
          "they go when the image goes: push or export it, rkt image rm it, and fetch it again");
    }
    record(event);
    try (Transaction transaction = store.begin()) {
      OciDescriptor layer =
          transaction
              .add(statement.body())
              .as(statement.kind().mediaType())
              .annotated("", statement.annotations());
      transaction.attach(image.id(), transaction.addStatements(manifest(image), List.of(layer)));
    }
  }

  private OciDescriptor manifest(Image image) throws RktException {
    byte[] bytes = store.read(image.manifest());
    OciManifest manifest = OciManifest.parse(bytes, null, "the manifest of " + image.id());
    return OciDescriptor.of(manifest.mediaType(), image.manifest(), bytes.length);
  }
}
