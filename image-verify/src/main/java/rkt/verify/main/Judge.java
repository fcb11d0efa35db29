package rkt.verify.main;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.archive.AciPath;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.spec.store.Store;
import rkt.verify.AuditEvents;
import rkt.verify.Candidate;
import rkt.verify.Verdict;
import rkt.verify.Verifier;
import rkt.verify.audit.AuditEvent;
import rkt.verify.audit.AuditLog;
import rkt.verify.local.LocalAci;
import rkt.verify.openpgp.Evidence;
import rkt.verify.openpgp.TrustException;

/** Judges images one by one, wherever they are, and says what came of each. */
final class Judge {
  private static final String PURPOSE = "verify";

  private final Store store;
  private final Verifier verifier;
  private final @Nullable AuditLog audit;
  private final @Nullable Path signature;
  private final PrintStream out;
  private final boolean json;
  private final InstantSource clock;

  /**
   * @param audit null if there is none to write to
   * @param signature the signature of an ACI in a file, instead of the one beside it; null for none
   */
  Judge(
      Store store,
      Verifier verifier,
      @Nullable AuditLog audit,
      @Nullable Path signature,
      PrintStream out,
      boolean json,
      InstantSource clock) {
    this.store = store;
    this.verifier = verifier;
    this.audit = audit;
    this.signature = signature;
    this.out = out;
    this.json = json;
    this.clock = clock;
  }

  /**
   * Judges the image that {@code text} means, and prints it if it passes.
   *
   * @throws RktException if it does not
   */
  void judge(String text) throws RktException {
    Optional<Path> file = AciPath.find(text, Path.of("").toAbsolutePath());
    if (file.isPresent()) {
      try (LocalAci aci = LocalAci.open(file.get(), signature)) {
        judge(text, file.get(), aci);
      }
    } else if (signature == null) {
      stored(text);
    } else {
      throw SpecException.usage(
          "--signature is for an ACI in a file, and \"" + text + "\" is none",
          "rkt fetch --signature=FILE brings an image into the store with its signature");
    }
  }

  private void stored(String text) throws RktException {
    ImageId id =
        store
            .find(text)
            .orElseThrow(() ->
                SpecException.notFound(
                    "image \"" + text + "\" is not in the store", "rkt fetch " + text));
    Image image = store.image(id, text);
    if (!store.blobsUntouched(image)) {
      store.rehash(image);
    }
    Candidate candidate = Verifier.stored(store, image);
    byte[] verdict = json ? verifier.judge(candidate).toJson() : null;
    AuditEvent event;
    TrustException refusal = null;
    try {
      event = AuditEvents.accepted(PURPOSE, verifier.verify(candidate));
    } catch (TrustException e) {
      refusal = e;
      event = AuditEvents.refused(PURPOSE, id, image.name(), e);
    }
    conclude(id.toString(), verdict, event, refusal);
  }

  /** By its signature first: nothing else of the file is looked at unless that may count. */
  private void judge(String text, Path file, LocalAci aci) throws RktException {
    Verifier.Authenticated authenticated;
    try {
      authenticated = verifier.authenticate(aci.signed(), aci.evidence());
    } catch (TrustException e) {
      byte[] verdict = json ? nameless(aci, e).toJson(text) : null;
      AuditEvent event = AuditEvents.refused(PURPOSE, aci.signed().toString(), e);
      conclude(text, verdict, event.with("file", file.toString()), of(text, e));
      return;
    }
    Candidate candidate = aci.candidate();
    byte[] verdict = json ? authenticated.judge(candidate, false).toJson(text) : null;
    AuditEvent event;
    TrustException refusal = null;
    try {
      event = AuditEvents.accepted(PURPOSE, authenticated.as(candidate, false));
    } catch (TrustException e) {
      refusal = e;
      event = AuditEvents.refused(PURPOSE, candidate.id(), candidate.name(), e);
    }
    conclude(
        text,
        verdict,
        event.with("file", file.toString()),
        refusal == null ? null : of(text, refusal));
  }

  /** The refusal, and of which file it is. */
  private static TrustException of(String text, TrustException refusal) {
    return new TrustException(
        refusal.rule(), text + ": " + refusal.getMessage(), refusal.fix(), refusal.policy());
  }

  private Verdict nameless(LocalAci aci, TrustException refusal) throws RktException {
    Evidence evidence;
    try {
      evidence = aci.evidence();
    } catch (TrustException e) {
      return Verdict.unread(
          aci.signed().toString(), clock.instant(), refusal.rule(), refusal.getMessage());
    }
    return verifier.judge(aci.signed(), evidence);
  }

  /** Records, then prints, then refuses: what cannot be recorded is not said. */
  private void conclude(
      String shown, byte @Nullable [] verdict, AuditEvent event, @Nullable TrustException refusal)
      throws RktException {
    if (audit != null) {
      audit.append(List.of(event));
    }
    if (verdict != null) {
      out.println(new String(verdict, StandardCharsets.UTF_8));
    } else if (refusal == null) {
      out.println(shown);
    }
    if (refusal != null) {
      throw refusal;
    }
  }
}
