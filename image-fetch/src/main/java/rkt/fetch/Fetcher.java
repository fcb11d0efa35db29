package rkt.fetch;

import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import rkt.fetch.aci.AciSource;
import rkt.fetch.aci.LocalAci;
import rkt.fetch.aci.RemoteAci;
import rkt.fetch.aci.StoredAci;
import rkt.fetch.auth.Logins;
import rkt.fetch.discovery.Discovery;
import rkt.fetch.http.Freshness;
import rkt.fetch.http.Http;
import rkt.fetch.http.HttpOptions;
import rkt.fetch.http.Origin;
import rkt.fetch.layout.DirSource;
import rkt.fetch.layout.DockerArchiveSource;
import rkt.fetch.layout.LayoutSource;
import rkt.fetch.oci.ArtifactAci;
import rkt.fetch.oci.Document;
import rkt.fetch.oci.OciFetch;
import rkt.fetch.oci.OciSource;
import rkt.fetch.program.ProgramAci;
import rkt.fetch.program.TransportProgram;
import rkt.fetch.registries.SignaturePlaces;
import rkt.fetch.registry.RegistrySource;
import rkt.fetch.registry.RegistryStatements;
import rkt.fetch.statement.FoundStatement;
import rkt.fetch.statement.FoundStatements;
import rkt.fetch.statement.Lookaside;
import rkt.fetch.transport.FetchException;
import rkt.spec.Digest;
import rkt.spec.ErrorClass;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.archive.AciContent;
import rkt.spec.archive.AciReader;
import rkt.spec.archive.ArchiveFile;
import rkt.spec.archive.TarFile;
import rkt.spec.image.AciManifest;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciDescriptor;
import rkt.spec.store.Blob;
import rkt.spec.store.Store;
import rkt.spec.store.Transaction;

/** Downloads images into transactions of a store. docs/fetching.md */
public final class Fetcher {
  /** The name of an image from a layout that the user gave none; only root keys cover it. */
  static final ImageName NAMELESS = new ImageName("localhost/unnamed");

  private final Store store;
  private final FetchOptions options;
  private final Clock clock;
  private final Logins logins;
  private final RegistryAccess registries;
  private final Instant begin;

  public Fetcher(Store store, FetchOptions options) {
    this(store, options, Clock.systemUTC());
  }

  /** The same, with another clock for how long an answer counts as fresh. */
  public Fetcher(Store store, FetchOptions options, Clock clock) {
    this.store = store;
    this.options = options;
    this.clock = clock;
    this.logins = new Logins(options.surroundings());
    this.registries = new RegistryAccess(options, logins);
    this.begin = store.now();
  }

  /**
   * Downloads the image. The caller closes what it gets.
   *
   * @throws RktException and then the store is as it was
   */
  public Fetched fetch(ImageRef reference) throws RktException {
    return switch (reference) {
      case ImageRef.AciFile(var file) ->
          inTransaction(
              transaction -> aci(new LocalAci(file), List.of(), Optional.empty(), transaction));
      case ImageRef.AciUrl(URI url) -> {
        try (Http http = http()) {
          AciSource remote = remote(http, url);
          yield inTransaction(transaction ->
              aci(
                  shared(remote, reference.lookup(), transaction),
                  List.of(reference.lookup()),
                  Optional.empty(),
                  transaction));
        }
      }
      case ImageRef.Transported(URI url) -> {
        try (Http http = http()) {
          yield transported(url, besideTorrent(url, http), reference.lookup(), Optional.empty());
        }
      }
      case ImageRef.OciLayout(Path directory, String tag, Optional<Digest> digest) ->
          inTransaction(transaction -> {
            LayoutSource source = LayoutSource.directory(directory, tag, digest);
            return stored(source, tag, source::beside, transaction);
          });
      case ImageRef.OciArchive(Path file, String tag, Optional<Digest> digest) ->
          inTransaction(transaction -> {
            LayoutSource source = LayoutSource.archive(tar(file, transaction), file, tag, digest);
            return stored(source, tag, source::beside, transaction);
          });
      case ImageRef.DockerArchive(Path file, String wanted) ->
          inTransaction(transaction ->
              nameless(
                  new DockerArchiveSource(tar(file, transaction), file, wanted),
                  tagOf(wanted),
                  _ -> Optional.empty(),
                  transaction));
      case ImageRef.DirectoryImage(Path directory) ->
          inTransaction(transaction -> {
            DirSource source = new DirSource(directory);
            return stored(source, "", _ -> source.beside(), transaction);
          });
      case ImageRef.Registry registry -> registry(registry);
      case ImageRef.StoreId(String text) ->
          throw FetchException.notFound(
              "no image " + text + " is in the store",
              "an identifier cannot be fetched; name the image by where it is");
      case ImageRef.AppcName name -> {
        requireDiscoverable(name);
        try (Http http = http()) {
          yield discovered(name, http);
        }
      }
    };
  }

  /**
   * The stored image that {@code reference} still stands for, if its source says so, or said not
   * long ago for how long; empty if there is none, or nobody can tell without fetching it.
   */
  public Optional<ImageId> current(ImageRef reference) throws RktException {
    Optional<ImageId> found = store.find(reference.lookup());
    if (found.isEmpty() || options.signature().isPresent()) {
      return Optional.empty();
    }
    try {
      return isCurrent(reference, store.image(found.get())) ? found : Optional.empty();
    } catch (SpecException e) {
      requireRemoved(found.get(), e);
      return Optional.empty();
    }
  }

  /** No {@code switch}, which Java would make anew at each start. */
  private boolean isCurrent(ImageRef reference, Image image) throws RktException {
    if (!store.blobsUntouched(image)) {
      return false; // Fetching it again heals it.
    }
    if (reference instanceof ImageRef.Registry registry) {
      return isCurrent(registry, image);
    }
    if (reference instanceof ImageRef.AciUrl remote) {
      return isCurrent(remote.url(), image.id());
    }
    return reference instanceof ImageRef.AppcName name && isCurrent(name, image);
  }

  /** Throws {@code e}, unless it is no wonder: the image has been removed meanwhile. */
  private void requireRemoved(ImageId image, SpecException e) throws SpecException {
    if (store.isHere(image)) {
      throw e;
    }
  }

  private boolean isCurrent(URI url, ImageId image) throws RktException {
    Optional<Remembered> known = remembered(image, url.toString());
    if (known.isEmpty()) {
      return false;
    }
    if (known.get().isFresh(clock.instant())) {
      return true;
    }
    if (known.get().mark().isEmpty()) {
      return false;
    }
    try (Http http = http()) {
      Optional<Freshness> same = remote(http, url).unchanged(known.get().mark());
      same.ifPresent(it -> known.get().again(it, clock.instant()).keep(store, image));
      return same.isPresent();
    }
  }

  private boolean isCurrent(ImageRef.Registry registry, Image image) throws RktException {
    // One reference can stand for an image for each platform, and for none: a fetch finds out.
    if (!isFetchedFor(image.id())) {
      return false;
    }
    // What a digest stands for never changes, but somebody may have signed it meanwhile.
    if (registry.digest().isPresent() && !store.admission(image.id()).insecure()) {
      return true;
    }
    return registries.first(registry, source -> isCurrent(source, registry, image));
  }

  private boolean isCurrent(RegistrySource source, ImageRef.Registry registry, Image image)
      throws RktException {
    Optional<Digest> now = source.current();
    if (now.isEmpty()) {
      return false;
    }
    Optional<Remembered> known = remembered(image.id(), registry.lookup());
    boolean same =
        now.get().equals(image.manifest())
            || (known.isPresent() && known.get().mark().equals(now.get().toString()));
    return same && isSignedAsBefore(source, registry, image, now.get());
  }

  /**
   * Whether the source has the same signatures and attestations as when the image was fetched.
   *
   * @param root the digest of the manifest, or of the index that led to it
   */
  private boolean isSignedAsBefore(
      RegistrySource source, ImageRef.Registry registry, Image image, Digest root)
      throws RktException {
    List<Digest> subjects = new ArrayList<>(List.of(image.manifest()));
    List<FoundStatement> indexes = new ArrayList<>();
    try {
      if (!root.equals(image.manifest())) {
        subjects.add(root);
        boolean isKept = false;
        for (OciDescriptor index : store.indexes(image.manifest())) {
          indexes.add(new FoundStatement(index, () -> store.read(index.digest())));
          if (index.digest().equals(root)) {
            isKept = true;
          } else {
            subjects.add(index.digest());
          }
        }
        if (!isKept && !indexes.isEmpty()) {
          return false; // Those that are kept led to it from elsewhere.
        }
      }
      FoundStatements.Beside beside = beside(registry, source, subjects);
      FoundStatements now = beside.statements().within(indexes, options.progress());
      boolean detached =
          beside.signature().isEmpty()
              || store
                  .signatures(image.manifest())
                  .contains(Digest.sha256(beside.signature().get().bytes()));
      List<OciDescriptor> fetched = store.fetchedStatements(image.manifest());
      // What was signed here and pushed comes back, and counts as our own.
      List<OciDescriptor> known = new ArrayList<>(fetched);
      known.addAll(store.statements(image.manifest()));
      known.addAll(store.indexes(image.manifest()));
      return detached && now.areBetween(fetched, known);
    } catch (SpecException e) {
      if (e.errorClass() != ErrorClass.INTEGRITY) {
        throw e;
      }
      return false; // Fetching it again heals it.
    }
  }

  /** What {@code source} said about the image when it was fetched for the platform of now. */
  private Optional<Remembered> remembered(ImageId image, String source) {
    return rememberedForPlatform(image).filter(it -> it.source().equals(source));
  }

  /** Whether the image was fetched for the platform of now, which it was checked against then. */
  private boolean isFetchedFor(ImageId image) {
    return rememberedForPlatform(image).isPresent();
  }

  private Optional<Remembered> rememberedForPlatform(ImageId image) {
    return Remembered.find(store, image)
        .filter(it -> it.platform().equals(options.platform().toString()));
  }

  private boolean isCurrent(ImageRef.AppcName name, Image image) throws RktException {
    Optional<Remembered> known = rememberedForPlatform(image.id());
    if (known.isEmpty() || !name.isMetBy(image.name(), image.labels())) {
      return false;
    }
    // What was said about one version says nothing about another one, which may be newer.
    boolean isAsked = known.get().reference().equals(name.text());
    if (isAsked && known.get().isFresh(clock.instant())) {
      return true;
    }
    requireDiscoverable(name);
    try (Http http = http()) {
      for (Discovery.Endpoint endpoint : endpoints(name, http)) {
        URI place = endpoint.aci();
        if (known.get().source().equals(place.toString())) {
          return isCurrent(place, image.id());
        }
        requireSecure(place);
        if (!remote(http, place).isAbsent()) {
          return false; // It may be another image, which the publisher would rather give.
        }
      }
    }
    return false;
  }

  private interface Work {
    Fetched in(Transaction transaction) throws RktException;
  }

  private Fetched inTransaction(Work work) throws RktException {
    Transaction transaction = store.begin();
    boolean done = false;
    try {
      Fetched fetched = work.in(transaction);
      done = true;
      return fetched;
    } finally {
      if (!done) {
        transaction.close();
      }
    }
  }

  /** Fetches from the first of the places that the owner of the name publishes, and that has it. */
  private Fetched discovered(ImageRef.AppcName name, Http http) throws RktException {
    List<Discovery.Endpoint> endpoints = endpoints(name, http);
    for (int i = 0; ; i++) {
      Discovery.Endpoint endpoint = endpoints.get(i);
      try {
        requireSecure(endpoint.aci());
        requireSecure(endpoint.signature());
        if (TransportProgram.isTorrentFile(endpoint.aci())) {
          return transported(
              endpoint.aci(), besideTorrent(endpoint.aci(), http), "", Optional.of(name));
        }
        AciSource remote = new RemoteAci(http, logins, endpoint.aci(), endpoint.signature());
        return inTransaction(transaction ->
            aci(
                shared(remote, name.lookup(), transaction),
                List.of(),
                Optional.of(name),
                transaction));
      } catch (FetchException e) {
        if (e.errorClass() != ErrorClass.NOT_FOUND || i + 1 == endpoints.size()) {
          throw e;
        }
      }
    }
  }

  /**
   * What {@code remote} stands for: an image that another process has brought from there since this
   * one began, or while it waited for its turn; else what is there now.
   */
  private AciSource shared(AciSource remote, String lookup, Transaction transaction)
      throws RktException {
    Optional<Instant> before = imported(lookup);
    boolean waited = transaction.claimSource(remote.what());
    Optional<ImageId> found = store.find(lookup);
    if (found.isEmpty()) {
      return remote;
    }
    try {
      Image image = store.image(found.get());
      Instant imported = store.admission(image.id()).imported();
      // Whoever was waited for may have failed, and have left what was here.
      boolean isNews = imported.isAfter(begin) || (waited && !before.equals(Optional.of(imported)));
      Optional<Remembered> said = remembered(image.id(), remote.what());
      if (!isNews || said.isEmpty() || !store.blobsUntouched(image)) {
        return remote;
      }
      Freshness freshness = new Freshness(said.get().mark(), said.get().fresh());
      Optional<StoredAci> stored =
          StoredAci.find(store, image, remote.what(), freshness, transaction);
      return stored.isPresent() ? stored.get() : remote;
    } catch (SpecException e) {
      requireRemoved(found.get(), e);
      return remote;
    }
  }

  private Optional<Instant> imported(String lookup) throws RktException {
    Optional<ImageId> found = store.find(lookup);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(store.admission(found.get()).imported());
    } catch (SpecException e) {
      requireRemoved(found.get(), e);
      return Optional.empty();
    }
  }

  /** Where the signature of a torrent is: that of the file without {@code .torrent}. */
  private Optional<RemoteAci> besideTorrent(URI url, Http http) throws FetchException {
    if (!TransportProgram.isTorrentFile(url)) {
      return Optional.empty();
    }
    requireSecure(url);
    String path = url.getRawPath();
    String file = path.substring(0, path.length() - ".torrent".length());
    return Optional.of(new RemoteAci(http, logins, url, url.resolve(file + ".asc")));
  }

  private Fetched transported(
      URI url, Optional<RemoteAci> beside, String asked, Optional<ImageRef.AppcName> name)
      throws RktException {
    TransportProgram program =
        TransportProgram.find(TransportProgram.nameFor(url), options.surroundings());
    ProgramAci source =
        new ProgramAci(program, url, beside, options.patience(), !options.seed().isZero());
    boolean done = false;
    try {
      List<String> references = asked.isEmpty() ? List.of() : List.of(asked);
      Fetched fetched = inTransaction(transaction -> aci(source, references, name, transaction));
      fetched.broughtBy(source);
      done = true;
      return fetched;
    } finally {
      if (!done) {
        source.close();
      }
    }
  }

  private List<Discovery.Endpoint> endpoints(ImageRef.AppcName name, Http http)
      throws RktException {
    return new Discovery(http, logins, options.insecureHttp())
        .images(name.name(), name.labels(), options.platform());
  }

  private static void requireDiscoverable(ImageRef.AppcName name) throws FetchException {
    if (!name.isDiscoverable()) {
      throw FetchException.notFound(
          "no image " + name.lookup() + " is in the store, and it names no host to ask",
          "for an image of Docker Hub write docker://" + name.lookup());
    }
  }

  /**
   * An ACI from anywhere.
   *
   * @param asked what it is to be found under besides its own name
   * @param wanted the name and labels that it must have
   */
  private Fetched aci(
      AciSource source,
      List<String> asked,
      Optional<ImageRef.AppcName> wanted,
      Transaction transaction)
      throws RktException {
    return aci(source, asked, wanted, Fetched.Along.nothing(), transaction);
  }

  private Fetched aci(
      AciSource source,
      List<String> asked,
      Optional<ImageRef.AppcName> wanted,
      Fetched.Along along,
      Transaction transaction)
      throws RktException {
    // The signature first: it is small, and a missing one need not cost a download.
    Optional<byte[]> signature = namedSignature();
    if (signature.isEmpty()) {
      signature = source.signature();
    }
    Blob file = source.file(transaction, options.progress(), options.mostBytes());
    if (signature.isEmpty()) {
      signature = source.lateSignature();
    }
    return new Fetched(
        transaction,
        file.digest(),
        signature,
        along,
        source.what(),
        true,
        () -> resolve(source, file, asked, wanted, transaction));
  }

  private Fetched.Resolved resolve(
      AciSource source,
      Blob file,
      List<String> asked,
      Optional<ImageRef.AppcName> wanted,
      Transaction transaction)
      throws RktException {
    String what = source.what();
    AciContent content = new AciReader(what).read(transaction.path(file.digest()));
    AciManifest manifest = AciManifest.parse(content.manifest());
    if (wanted.isPresent() && !wanted.get().isMetBy(manifest.name(), manifest.labels())) {
      throw FetchException.trust(
          what
              + " is "
              + new ImageRef.AppcName(manifest.name(), manifest.labels()).text()
              + ", and not "
              + wanted.get().text());
    }
    manifest.requireRunsOn(options.platform());
    OciDescriptor blob = file.as(MediaType.aci(content.compression()));
    OciDescriptor stored = transaction.addAci(content.manifest(), blob, content.id());
    Image image = manifest.resolve(content.id(), stored.digest(), blob, content.compression());
    List<String> references = new ArrayList<>(asked);
    String version = manifest.labels().getOrDefault("version", "latest");
    if (ImageRefParser.isValue(version)) { // another could spell the reference of another image
      references.add(manifest.name() + ":" + version);
    }
    options.progress().finished(what, file.sizeBytes(), source.isHere());
    return new Fetched.Resolved(
        image,
        stored,
        references,
        source
            .freshness()
            .map(it ->
                Remembered.of(
                    source.remembered(),
                    wanted.map(ImageRef.AppcName::text).orElse(""),
                    it,
                    options.platform(),
                    clock.instant())),
        manifest.dependencies());
  }

  /** An image of a layout or a directory, where an ACI is an artifact. */
  private Fetched stored(
      OciSource source, String tag, Neighbours neighbours, Transaction transaction)
      throws RktException {
    Optional<ArtifactAci> aci = ArtifactAci.find(source, "");
    return aci.isPresent()
        ? artifact(aci.get(), List.of(), neighbours, transaction)
        : nameless(source, tag, neighbours, transaction);
  }

  /** An image whose source gives it no name that could be believed. */
  private Fetched nameless(
      OciSource source, String tag, Neighbours neighbours, Transaction transaction)
      throws RktException {
    Optional<ImageName> name = options.imageName();
    List<String> references =
        name.isPresent() ? List.of(name.get() + ":" + (tag.isEmpty() ? "latest" : tag)) : List.of();
    return oci(source, name.orElse(NAMELESS), references, "", neighbours, transaction);
  }

  /** The tar in {@code file}; a compressed one is expanded into the transaction first. */
  private static TarFile tar(Path file, Transaction transaction) throws RktException {
    return TarFile.open(new ArchiveFile(file).plain(transaction), file.toString());
  }

  private static String tagOf(String reference) {
    int colon = reference.indexOf(':', reference.lastIndexOf('/') + 1);
    return colon < 0 ? "" : reference.substring(colon + 1);
  }

  private RemoteAci remote(Http http, URI url) throws FetchException {
    requireSecure(url);
    return new RemoteAci(http, logins, url);
  }

  /** Each place has a transaction of its own: one that failed must hold no locks. */
  private Fetched registry(ImageRef.Registry registry) throws RktException {
    String lookup = registry.lookup();
    return registries.first(
        registry,
        source -> {
          // Of a tag that moves, both look at the same answer.
          Optional<ArtifactAci> aci = ArtifactAci.find(source, lookup);
          Neighbours neighbours = subjects -> Optional.of(beside(registry, source, subjects));
          return inTransaction(transaction ->
              aci.isPresent()
                  ? artifact(aci.get(), List.of(lookup), neighbours, transaction)
                  : oci(source, registry.name(), List.of(lookup), lookup, neighbours, transaction));
        });
  }

  /** An ACI as an artifact, with what is signed about that where it is. */
  private Fetched artifact(
      ArtifactAci aci, List<String> references, Neighbours neighbours, Transaction transaction)
      throws RktException {
    Optional<FoundStatements.Beside> beside = neighbours.of(List.of(aci.manifest()));
    if (beside.isEmpty()) {
      return aci(aci, references, Optional.empty(), transaction);
    }
    if (beside.get().signature().isPresent()) {
      aci.signedBy(beside.get().signature().get().bytes());
    }
    return aci(
        aci,
        references,
        Optional.empty(),
        new Fetched.Along(beside.get().statements().stage(transaction), true),
        transaction);
  }

  /** Looks for what is signed about an image; empty from a source that has no place for it. */
  private interface Neighbours {
    /**
     * @param subjects the digest of its manifest, then those of the indexes that led to it
     */
    Optional<FoundStatements.Beside> of(List<Digest> subjects) throws RktException;
  }

  /**
   * The signatures and attestations of an image in its registry and, as registries.d has it, beside
   * that: under the name that was asked for, whichever mirror the image came from.
   */
  private FoundStatements.Beside beside(
      ImageRef.Registry registry, RegistrySource source, List<Digest> subjects)
      throws RktException {
    SignaturePlaces.Place place =
        SignaturePlaces.read(options.surroundings())
            .of(
                registry.host(),
                registry.repository(),
                registry.digest().map(Digest::toString).orElse(registry.tag()));
    boolean attachments = place.attachments().orElse(true);
    RegistryStatements.Found there = new RegistryStatements(source).find(subjects, attachments);
    if (there.isEmpty()) {
      // Many mirrors copy images alone.
      there =
          registries
              .behind(source, registry, home -> found(home, subjects, attachments))
              .orElse(there);
    }
    // What the user names comes first: a registry may have more than is kept, from whoever may
    // push.
    List<FoundStatement> all = new ArrayList<>();
    if (place.lookaside().isPresent()) {
      try (Http http = http()) {
        Lookaside lookaside = new Lookaside(place.lookaside().get(), options.progress());
        for (Digest subject : subjects) {
          all.addAll(lookaside.find(http, registry.repository(), subject, options.insecureHttp()));
        }
      }
    }
    all.addAll(there.statements());
    return new FoundStatements.Beside(
        there.signature(), FoundStatements.of(all, options.progress()));
  }

  private static Optional<RegistryStatements.Found> found(
      RegistrySource home, List<Digest> subjects, boolean attachments) throws RktException {
    RegistryStatements.Found found = new RegistryStatements(home).find(subjects, attachments);
    return found.isEmpty() ? Optional.empty() : Optional.of(found.loaded());
  }

  /** The reference that a short name stands for in registries.conf; others stay what they are. */
  public ImageRef expand(ImageRef reference) throws RktException {
    return reference instanceof ImageRef.AppcName name && !name.isDiscoverable()
        ? registries.expand(name)
        : reference;
  }

  /**
   * An OCI image from anywhere.
   *
   * @param asked what to ask the source for to see whether it is still the same; empty for nothing
   * @param neighbours finds the signatures that lie beside the image
   */
  private Fetched oci(
      OciSource source,
      ImageName name,
      List<String> references,
      String asked,
      Neighbours neighbours,
      Transaction transaction)
      throws RktException {
    Optional<byte[]> named = namedSignature();
    OciFetch.Result result =
        new OciFetch(source, transaction, options.progress()).run(name, options.platform());
    List<Digest> subjects = new ArrayList<>(List.of(result.manifest().digest()));
    List<FoundStatement> indexes = new ArrayList<>();
    for (Document index : result.indexes()) {
      subjects.add(index.descriptor().digest());
      indexes.add(new FoundStatement(index.descriptor(), index::bytes));
    }
    Optional<FoundStatements.Beside> beside = neighbours.of(subjects);
    Optional<byte[]> signature = named;
    if (named.isEmpty() && beside.isPresent() && beside.get().signature().isPresent()) {
      signature = Optional.of(beside.get().signature().get().bytes());
    }
    Fetched.Along statements =
        beside.isPresent()
            ? new Fetched.Along(
                beside.get().statements().within(indexes, options.progress()).stage(transaction),
                true)
            : Fetched.Along.nothing();
    Optional<Remembered> remembered =
        asked.isEmpty()
            ? Optional.empty()
            : Optional.of(
                Remembered.of(
                    asked,
                    "",
                    new Freshness(result.root().toString(), Duration.ZERO),
                    options.platform(),
                    clock.instant()));
    return new Fetched(
        transaction,
        result.image().signed(),
        signature,
        statements,
        source.what(),
        false,
        () ->
            new Fetched.Resolved(
                result.image(), result.manifest(), references, remembered, List.of()));
  }

  private Optional<byte[]> namedSignature() throws RktException {
    return namedSignature(options);
  }

  /** The signature in the file that the user named; empty if they named none. */
  static Optional<byte[]> namedSignature(FetchOptions options) throws RktException {
    return options.signature().isPresent()
        ? Optional.of(LocalAci.signature(options.signature().get()))
        : Optional.empty();
  }

  private void requireSecure(URI url) throws FetchException {
    if (Origin.of(url).scheme().equals("http") && !options.insecureHttp()) {
      throw FetchException.usage(
          url + " is plain http, on which anybody can listen",
          "use https, or add --insecure-options=http");
    }
  }

  private Http http() {
    return new Http(
        new HttpOptions(options.insecureTls(), options.patience(), options.surroundings()));
  }
}
