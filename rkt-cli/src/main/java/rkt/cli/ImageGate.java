package rkt.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import rkt.fetch.FetchOptions;
import rkt.fetch.Fetched;
import rkt.fetch.KeyDiscovery;
import rkt.fetch.transport.FetchException;
import rkt.spec.Digest;
import rkt.spec.ErrorClass;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.image.AciDependency;
import rkt.spec.image.Image;
import rkt.spec.store.Admission;
import rkt.spec.store.Store;
import rkt.verify.AuditEvents;
import rkt.verify.Candidate;
import rkt.verify.StoredStatements;
import rkt.verify.Verified;
import rkt.verify.Verifier;
import rkt.verify.audit.AuditEvent;
import rkt.verify.audit.AuditLog;
import rkt.verify.claim.Statement;
import rkt.verify.openpgp.Evidence;
import rkt.verify.openpgp.Rule;
import rkt.verify.openpgp.TrustException;
import rkt.verify.policy.ImageOrigin;
import rkt.verify.trust.Scope;
import rkt.verify.trust.TrustStore;
import rkt.verify.trust.TrustedKey;

/**
 * Where fetched bytes meet the trust policy: nothing enters the store, and nothing is run, that did
 * not pass here. The store is asked for bytes and the trust store for keys; neither knows the
 * other.
 */
final class ImageGate {
  private static final String EVIDENCE = "evidence.json";

  private final Settings settings;
  private final Caller caller;

  ImageGate(Settings settings, Caller caller) {
    this.settings = settings;
    this.caller = caller;
  }

  /** Brings the images that another depends on into the store. */
  interface Builder {
    List<Image> dependencies(Image image, List<AciDependency> dependencies) throws RktException;
  }

  /** The keys that this host trusts now. */
  static TrustStore trust(Settings settings) throws RktException {
    return TrustStore.open(
        settings.systemConfig().resolve("trustedkeys"),
        settings.localConfig().resolve("trustedkeys"),
        settings.dir().resolve("trust-cache"));
  }

  /**
   * Judges an image that was fetched and is not in the store yet, and admits it.
   *
   * @param wanted the name that the user expects, if any
   * @param builder brings what the image depends on, through this gate
   * @throws RktException if it may not enter; the store is as it was then
   */
  Image admit(Fetched fetched, Optional<ImageName> wanted, Builder builder) throws RktException {
    boolean bypassed = settings.insecure().contains(Settings.Insecure.IMAGE);
    AuditLog audit = new AuditLog(settings.dir(), caller.clock());
    Evidence evidence;
    Verified verified;
    try {
      evidence = evidence(fetched, bypassed);
      verified = bypassed ? unverified(fetched, wanted) : proven(fetched, wanted, evidence);
    } catch (TrustException e) {
      audit.append(List.of(AuditEvents.refused("fetch", fetched.signed().toString(), e)));
      throw e;
    } catch (FetchException e) {
      if (e.errorClass() == ErrorClass.TRUST) {
        TrustException other = new TrustException(Rule.OTHER_PREFIX, e.getMessage(), e.fix());
        audit.append(List.of(AuditEvents.refused("fetch", fetched.signed().toString(), other)));
      }
      throw e;
    }
    if (!fetched.dependencies().isEmpty()) {
      fetched.compose(builder.dependencies(fetched.image(), fetched.dependencies()));
    }
    // Before the image is there: what cannot be recorded does not happen.
    audit.append(
        List.of(
            AuditEvents.accepted("fetch", verified),
            AuditEvent.of(AuditEvent.Kind.FETCH)
                .with("image", verified.image().toString())
                .with("name", verified.name().text())
                .with("signed", fetched.signed().toString())
                .with("bypassed", bypassed)));
    fetched.commit(bypassed, Map.of(EVIDENCE, evidence.toJson()));
    return fetched.image();
  }

  /** Trusts the keys that the host of a name publishes by https, if none is trusted for it yet. */
  void trustPublishedKeys(ImageName name, FetchOptions options) throws RktException {
    TrustStore trust = trust(settings);
    if (!trust.keysFor(name).isEmpty()) {
      return;
    }
    if (options.insecureHttp() || options.insecureTls()) {
      throw new UsageException(
          "keys are trusted unseen because they came by https, and --insecure-options gives that"
              + " up",
          "leave out one of the two, or rkt trust --prefix=" + name + " KEYFILE");
    }
    for (KeyDiscovery.Found found : new KeyDiscovery(options, false).find(name)) {
      String source = found.source().toString();
      TrustedKey offered = trust.preview(Scope.of(name), found.bytes(), source);
      if (TrustCommand.isMasked(trust, offered, found.source(), caller)) {
        continue;
      }
      TrustedKey key =
          TrustCommand.trust(trust, Scope.of(name), found.bytes(), source, settings, caller);
      caller
          .err()
          .println(
              "trusted for "
                  + name
                  + ": "
                  + TrustListCommand.describe(key)
                  + " from "
                  + found.source());
    }
  }

  /**
   * Judges an image of the store again, since it was asked for as if it were fetched now.
   *
   * @param isFetchedElse whether it is fetched if it is refused, for which this process may start
   *     over: the refusal is recorded once
   */
  void recheck(Store store, Image image, boolean isFetchedElse) throws RktException {
    AuditLog audit = new AuditLog(settings.dir(), caller.clock());
    if (settings.insecure().contains(Settings.Insecure.IMAGE)) {
      warn(image.name());
      audit.append(
          List.of(AuditEvents.accepted("fetch", Verifier.bypass(image.id(), image.name()))));
      return;
    }
    try {
      audit.append(List.of(AuditEvents.accepted("fetch", verifier().verify(store, image))));
    } catch (TrustException e) {
      if (isFetchedElse) {
        caller.compilers().requireFor(Long.MAX_VALUE);
      }
      audit.append(List.of(AuditEvents.refused("fetch", image.id(), image.name(), e)));
      throw e;
    }
  }

  private Verified proven(Fetched fetched, Optional<ImageName> wanted, Evidence evidence)
      throws RktException {
    Beside beside = new Beside(fetched, Store.at(settings.dir()));
    if (!fetched.namesItself()) {
      Image image = fetched.image();
      requireName(image, wanted);
      return verifier()
          .verify(
              new Candidate(
                  image.id(), image.name(), fetched.signed(), image.manifest(), evidence, beside));
    }
    // Some trusted key must have signed these bytes before any of them is believed: the name, by
    // which keys are chosen, is inside.
    Verifier.Authenticated authenticated = verifier().authenticate(fetched.signed(), evidence);
    Image image = fetched.image();
    requireName(image, wanted);
    return authenticated.as(image.id(), image.name(), wanted.isPresent(), image.manifest(), beside);
  }

  /** What came with an image that is not in the store yet. */
  private record Beside(Fetched fetched, Store store) implements Candidate.StatementSource {
    @Override
    public List<Statement> read() throws RktException {
      return StoredStatements.of(fetched.statements(), fetched::statement);
    }

    @Override
    public List<ImageOrigin> origins() throws RktException {
      Image image = fetched.image();
      List<ImageOrigin> origins = new ArrayList<>();
      origins.add(
          ImageOrigin.of(fetched.source(), image.name(), fetched.references(), image.manifest()));
      // Each start will ask for them all: what would stop it then does not enter now.
      List<String> references = new ArrayList<>(fetched.references());
      references.addAll(store.references(image.id()));
      for (String source : store.sources(image.id(), image.name())) {
        if (!Admission.isSamePlace(source, fetched.source())) {
          origins.add(ImageOrigin.of(source, image.name(), references, image.manifest()));
        }
      }
      return origins;
    }

    @Override
    public List<Evidence> ofIndexes() throws RktException {
      return StoredStatements.ofIndexes(
          fetched.statements(),
          fetched::statement,
          fetched.image().manifest(),
          (layer, index) -> Evidence.collect(fetched.statement(layer.digest()), index));
    }

    @Override
    public List<Digest> indexes() throws RktException {
      return StoredStatements.indexes(
          fetched.statements(), fetched::statement, fetched.image().manifest());
    }
  }

  private Verified unverified(Fetched fetched, Optional<ImageName> wanted) throws RktException {
    Image image = fetched.image();
    requireName(image, wanted);
    warn(image.name());
    return Verifier.bypass(image.id(), image.name());
  }

  private static Evidence evidence(Fetched fetched, boolean bypassed) throws RktException {
    if (fetched.signature().isPresent()) {
      try {
        return Evidence.collect(fetched.signature().get(), fetched.signedBytes());
      } catch (TrustException e) {
        if (!bypassed) {
          throw e;
        }
      }
    }
    return Evidence.none(fetched.signed());
  }

  /** The same for an image of the store, which nobody else will judge before it is given out. */
  void requireStoredName(Image image, Optional<ImageName> wanted) throws RktException {
    try {
      requireName(image, wanted);
    } catch (TrustException e) {
      new AuditLog(settings.dir(), caller.clock())
          .append(List.of(AuditEvents.refused("fetch", image.id(), image.name(), e)));
      throw e;
    }
  }

  /** Refuses an image of another name than the user expects, if one is expected. */
  private static void requireName(Image image, Optional<ImageName> wanted) throws RktException {
    if (wanted.isPresent() && !wanted.get().equals(image.name())) {
      throw new TrustException(
          Rule.OTHER_PREFIX,
          "the image is called " + image.name() + ", and not " + wanted.get() + " as expected",
          "ask its publisher, or fetch it without --image-name");
    }
  }

  private void warn(ImageName name) {
    caller
        .err()
        .println(
            "warning: image "
                + name
                + " enters the store without verification (--insecure-options=image); this is"
                + " recorded");
  }

  private Verifier verifier() throws RktException {
    return verifier(settings, caller);
  }

  /** What judges images by all that this host trusts now. */
  static Verifier verifier(Settings settings, Caller caller) throws RktException {
    return Verifier.open(
        settings.systemConfig(),
        settings.localConfig(),
        settings.dir(),
        caller.clock(),
        Verifier.Purpose.USE);
  }
}
