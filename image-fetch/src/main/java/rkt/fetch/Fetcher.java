package rkt.fetch;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import rkt.fetch.aci.AciContent;
import rkt.fetch.aci.AciReader;
import rkt.fetch.aci.AciSource;
import rkt.fetch.aci.LocalAci;
import rkt.fetch.aci.RemoteAci;
import rkt.fetch.http.Http;
import rkt.fetch.http.HttpOptions;
import rkt.fetch.http.Origin;
import rkt.fetch.layout.LayoutSource;
import rkt.fetch.oci.OciFetch;
import rkt.fetch.oci.OciSource;
import rkt.fetch.registry.Credentials;
import rkt.fetch.registry.RegistrySource;
import rkt.fetch.transport.FetchException;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.image.AciManifest;
import rkt.spec.image.Image;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciDescriptor;
import rkt.spec.store.Blob;
import rkt.spec.store.Store;
import rkt.spec.store.Transaction;

/** Downloads images into transactions of a store. docs/fetching.md */
public final class Fetcher {
  /** The name of an image from a layout that the user gave none; only root keys cover it. */
  private static final ImageName NAMELESS = new ImageName("localhost/unnamed");

  private final Store store;
  private final FetchOptions options;

  public Fetcher(Store store, FetchOptions options) {
    this.store = store;
    this.options = options;
  }

  /**
   * Downloads the image. The caller closes what it gets.
   *
   * @throws RktException and then the store is as it was
   */
  public Fetched fetch(ImageRef reference) throws RktException {
    return switch (reference) {
      case ImageRef.AciFile(var file) ->
          inTransaction(transaction -> aci(new LocalAci(file), List.of(), transaction));
      case ImageRef.AciUrl(URI url) -> {
        requireSecure(url);
        try (Http http = http()) {
          yield inTransaction(transaction ->
              aci(new RemoteAci(http, url), List.of(reference.lookup()), transaction));
        }
      }
      case ImageRef.OciLayout layout -> inTransaction(transaction -> layout(layout, transaction));
      case ImageRef.Registry registry -> {
        try (Http http = http()) {
          yield inTransaction(transaction -> registry(registry, http, transaction));
        }
      }
      case ImageRef.StoreId(String text) ->
          throw FetchException.notFound(
              "no image " + text + " is in the store",
              "an identifier cannot be fetched; name the image by where it is");
      case ImageRef.AppcName name ->
          throw FetchException.notFound(
              "no image " + name.lookup() + " is in the store",
              "fetch it from where it is: rkt fetch https://HOST/PATH.aci");
    };
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

  private Fetched aci(AciSource source, List<String> asked, Transaction transaction)
      throws RktException {
    // The signature first: it is small, and a missing one need not cost a download.
    Optional<byte[]> signature = namedSignature();
    if (signature.isEmpty()) {
      signature = source.signature();
    }
    Blob file = source.file(transaction);
    return new Fetched(
        transaction,
        file.digest(),
        signature,
        source.what(),
        () -> resolve(source.what(), file, asked, transaction));
  }

  private Fetched.Resolved resolve(
      String what, Blob file, List<String> asked, Transaction transaction) throws RktException {
    AciContent content = new AciReader(what).read(transaction.path(file.digest()));
    AciManifest manifest = AciManifest.parse(content.manifest());
    manifest.requireRunsOn(options.platform());
    if (!manifest.dependencies().isEmpty()) {
      throw FetchException.usage(
          what
              + " depends on "
              + String.join(", ", manifest.dependencies())
              + ", and dependencies are not supported yet",
          null);
    }
    OciDescriptor blob = file.as(MediaType.aci(content.compression()));
    OciDescriptor stored = transaction.addAci(content.manifest(), blob, content.id());
    Image image = manifest.resolve(content.id(), stored.digest(), blob, content.compression());
    List<String> references = new ArrayList<>(asked);
    references.add(manifest.name() + ":" + manifest.labels().getOrDefault("version", "latest"));
    options.progress().finished(what, file.sizeBytes(), false);
    return new Fetched.Resolved(image, stored, references);
  }

  private Fetched layout(ImageRef.OciLayout layout, Transaction transaction) throws RktException {
    LayoutSource source = new LayoutSource(layout.directory(), layout.tag(), layout.digest());
    Optional<ImageName> name = options.imageName();
    List<String> references =
        name.isPresent()
            ? List.of(name.get() + ":" + (layout.tag().isEmpty() ? "latest" : layout.tag()))
            : List.of();
    return oci(source, name.orElse(NAMELESS), references, transaction);
  }

  private Fetched registry(ImageRef.Registry registry, Http http, Transaction transaction)
      throws RktException {
    String host = registry.host().equals("docker.io") ? "registry-1.docker.io" : registry.host();
    URI base = URI.create((options.insecureHttp() ? "http://" : "https://") + host);
    // A password never crosses a network in the clear, whatever the user allowed.
    boolean secret = base.getScheme().equals("https") || Origin.of(base).isLoopback();
    Optional<Credentials> credentials =
        secret ? Credentials.find(registry.host(), options.environment()) : Optional.empty();
    String reference = registry.digest().map(Digest::toString).orElse(registry.tag());
    RegistrySource source =
        new RegistrySource(http, base, registry.repository(), reference, credentials);
    return oci(source, registry.name(), List.of(registry.lookup()), transaction);
  }

  private Fetched oci(
      OciSource source, ImageName name, List<String> references, Transaction transaction)
      throws RktException {
    Optional<byte[]> signature = namedSignature();
    OciFetch.Result result =
        new OciFetch(source, transaction, options.progress()).run(name, options.platform());
    return new Fetched(
        transaction,
        result.image().signed(),
        signature,
        source.what(),
        () -> new Fetched.Resolved(result.image(), result.manifest(), references));
  }

  private Optional<byte[]> namedSignature() throws RktException {
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
        new HttpOptions(options.insecureTls(), options.patience(), options.environment()));
  }
}
