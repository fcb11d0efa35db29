package rkt.verify.main;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
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
import rkt.verify.Verified;
import rkt.verify.Verifier;
import rkt.verify.audit.AuditEvent;
import rkt.verify.audit.AuditLog;
import rkt.verify.local.LocalAci;
import rkt.verify.local.LocalImage;
import rkt.verify.local.LocalImages;
import rkt.verify.openpgp.Rule;
import rkt.verify.openpgp.TrustException;

/** Judges images one by one, wherever they are, and says what came of each. */
final class Judge {
  private static final String PURPOSE = "verify";

  private final Store store;
  private final Verifier verifier;
  private final @Nullable AuditLog audit;
  private final LocalImages.How how;
  private final PrintStream out;
  private final boolean json;
  private final InstantSource clock;
  private @Nullable LocalImages layouts;

  /**
   * @param audit null if there is none to write to
   * @param how what is said about images that no store has
   */
  Judge(
      Store store,
      Verifier verifier,
      @Nullable AuditLog audit,
      LocalImages.How how,
      PrintStream out,
      boolean json,
      InstantSource clock) {
    this.store = store;
    this.verifier = verifier;
    this.audit = audit;
    this.how = how;
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
    Path cwd = Path.of("").toAbsolutePath();
    Optional<Path> file = AciPath.find(text, cwd);
    if (file.isPresent()) {
      try (LocalImage image = LocalAci.open(file.get(), how.signature(), how.name())) {
        judge(text, image);
      }
    } else if (LocalImages.areMeant(text)) {
      try (LocalImage image = layouts(text).open(text, cwd, how)) {
        judge(text, image);
      }
    } else if (how.signature() == null && how.name() == null) {
      stored(text);
    } else {
      throw SpecException.usage(
          "--signature and --image-name are for images in files, and \"" + text + "\" is none",
          "rkt fetch has both, and keeps what it was told with the image");
    }
  }

  private LocalImages layouts(String text) throws SpecException {
    if (layouts == null) {
      layouts =
          ServiceLoader.load(LocalImages.class)
              .findFirst()
              .orElseThrow(() ->
                  SpecException.usage(
                      "what \"" + text + "\" means cannot be read by this rkt-verify alone",
                      "use the one of a whole distribution"));
    }
    return layouts;
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

  /** By its signature first: nothing else of an ACI is looked at unless that may count. */
  private void judge(String text, LocalImage image) throws RktException {
    Verifier.Authenticated authenticated = null;
    Candidate candidate;
    try {
      if (image.namesItself()) {
        authenticated = verifier.authenticate(image.signed(), image.evidence());
      }
      candidate = image.candidate();
    } catch (TrustException e) {
      byte[] verdict = json ? nameless(image, e).toJson(text) : null;
      AuditEvent event = AuditEvents.refused(PURPOSE, image.signed().toString(), e);
      conclude(text, verdict, event.with("file", image.place()), of(text, e));
      return;
    }
    boolean isNameGiven = image.isNameGiven();
    Verdict verdict = null;
    if (json) {
      verdict =
          authenticated == null
              ? verifier.judge(candidate)
              : authenticated.judge(candidate, isNameGiven);
    }
    AuditEvent event;
    TrustException refusal = null;
    try {
      Verified verified =
          authenticated == null
              ? verifier.verify(candidate)
              : authenticated.as(candidate, isNameGiven);
      event = AuditEvents.accepted(PURPOSE, verified);
    } catch (TrustException e) {
      refusal = of(text, e);
      event = AuditEvents.refused(PURPOSE, candidate.id(), candidate.name(), e);
    }
    conclude(
        text,
        verdict == null ? null : verdict.toJson(text),
        event.with("file", image.place()),
        refusal);
  }

  /** The refusal, and of which file it is. */
  private static TrustException of(String text, TrustException refusal) {
    String fix =
        refusal.rule() == Rule.UNSIGNED
            ? "--signature=FILE names its signature, if that does not lie beside it"
            : refusal.fix();
    return new TrustException(
        refusal.rule(), text + ": " + refusal.getMessage(), fix, refusal.policy());
  }

  /** The verdict on an image that was refused before it had a name that counts. */
  private Verdict nameless(LocalImage image, TrustException refusal) throws RktException {
    Verdict byKeys;
    try {
      byKeys = verifier.judge(image.signed(), image.evidence());
    } catch (TrustException e) {
      return unread(image, refusal);
    }
    return byKeys.accepted() ? unread(image, refusal) : byKeys;
  }

  private Verdict unread(LocalImage image, TrustException refusal) {
    return Verdict.unread(
        image.signed().toString(), clock.instant(), refusal.rule(), refusal.getMessage());
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
