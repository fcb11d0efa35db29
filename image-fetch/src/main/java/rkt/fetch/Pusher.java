package rkt.fetch;

import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import rkt.fetch.auth.Credentials;
import rkt.fetch.auth.Logins;
import rkt.fetch.http.Http;
import rkt.fetch.http.HttpOptions;
import rkt.fetch.http.Origin;
import rkt.fetch.registries.Endpoint;
import rkt.fetch.registries.RegistriesConf;
import rkt.fetch.registry.RegistryTarget;
import rkt.fetch.transport.FetchException;
import rkt.spec.Digest;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;
import rkt.spec.image.Image;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciDescriptor;
import rkt.spec.image.OciManifest;
import rkt.spec.store.CosignTag;
import rkt.spec.store.Store;

/**
 * Uploads images of the store to registries, with their signatures: OCI images as they are, ACIs as
 * the artifacts that the store keeps. spec/packing.md#push
 */
public final class Pusher {
  private static final int SHORT = 19;

  private final Store store;
  private final FetchOptions options;

  public Pusher(Store store, FetchOptions options) {
    this.store = store;
    this.options = options;
  }

  /**
   * Uploads {@code image}. A push that fails may leave blobs there that nothing refers to; the tag
   * is the last but the signatures.
   */
  public void push(Image image, ImageRef.Registry to) throws RktException {
    if (to.digest().isPresent() || to.tag().isEmpty()) {
      throw FetchException.usage(
          "cannot push to a digest: it follows from the image",
          "name a tag: docker://HOST/NAME:TAG");
    }
    Endpoint target =
        RegistriesConf.read(options.surroundings()).target(to.host(), to.repository());
    if (!target.insecure() || options.insecureHttp()) {
      push(image, to, target, options.insecureHttp());
      return;
    }
    try {
      push(image, to, target, false);
    } catch (RktException e) {
      if (e.errorClass() != ErrorClass.NETWORK) {
        throw e;
      }
      options.progress().note(target + ": " + e.getMessage() + "; trying plain http");
      push(image, to, target, true);
    }
  }

  private void push(Image image, ImageRef.Registry to, Endpoint place, boolean plain)
      throws RktException {
    String host = to.host().equals("docker.io") ? "registry-1.docker.io" : to.host();
    URI base = URI.create((plain ? "http://" : "https://") + host);
    if (base.getHost() == null) {
      throw FetchException.usage("\"" + host + "\" is not the name of a host", null);
    }
    boolean anyCertificate = options.insecureTls() || place.insecure();
    // A password crosses no network in the clear, and goes to nobody who proves nothing.
    boolean secret = (!plain && !anyCertificate) || Origin.of(base).isLoopback();
    Optional<Credentials> credentials =
        secret
            ? new Logins(options.surroundings()).registry(to.host(), to.repository())
            : Optional.empty();
    try (Http http =
        new Http(new HttpOptions(anyCertificate, options.patience(), options.surroundings()))) {
      RegistryTarget target = new RegistryTarget(http, base, to.repository(), credentials);
      OciManifest manifest = blobs(image.manifest(), target);
      target.manifest(to.tag(), manifest.mediaType(), store.read(image.manifest()));
      for (OciDescriptor signature : store.attached(image.manifest())) {
        OciManifest parts = blobs(signature.digest(), target);
        boolean listed =
            target.manifest(
                signature.digest().toString(), parts.mediaType(), store.read(signature.digest()));
        if (!listed) {
          target.referrer(image.manifest(), signature.annotated(parts.artifactType(), Map.of()));
        }
      }
      tags(image.manifest(), target);
      if (target.keepsSignatures()) {
        messages(image.manifest(), target);
      }
    }
  }

  /** Gives simple signing messages to a registry that keeps them itself. */
  private void messages(Digest manifest, RegistryTarget target) throws RktException {
    List<byte[]> messages = new ArrayList<>();
    for (OciDescriptor statement : store.statements(manifest)) {
      if (statement.mediaType().equals(MediaType.SIMPLE_SIGNING)) {
        messages.add(store.read(statement.digest()));
      }
    }
    if (!messages.isEmpty()) {
      target.signatures(manifest, messages);
    }
  }

  /** Puts statements where cosign and podman look, behind those that others have put there. */
  private void tags(Digest manifest, RegistryTarget target) throws RktException {
    for (CosignTag own : CosignTag.of(manifest, store.statements(manifest))) {
      List<OciDescriptor> there = target.layers(own.name());
      if (!there.containsAll(own.layers())) {
        CosignTag all = own.behind(there);
        target.upload(all.config());
        target.manifest(all.name(), MediaType.OCI_MANIFEST, all.manifest());
      }
    }
  }

  /** Uploads what a manifest names; gives the manifest. */
  private OciManifest blobs(Digest digest, RegistryTarget target) throws RktException {
    byte[] bytes = store.read(digest);
    OciManifest manifest = OciManifest.parse(bytes, null, "the manifest " + digest);
    Map<Digest, OciDescriptor> blobs = new LinkedHashMap<>();
    blobs.put(manifest.config().digest(), manifest.config());
    List<OciDescriptor> layers = manifest.layers();
    for (OciDescriptor layer : layers) {
      blobs.put(layer.digest(), layer);
    }
    for (OciDescriptor blob : blobs.values()) {
      String what = "blob " + blob.digest().toString().substring(0, SHORT);
      boolean known = target.has(blob.digest());
      if (!known) {
        options.progress().started(what, blob.sizeBytes());
        target.upload(blob.digest(), blob.sizeBytes(), store.blob(blob.digest()));
      }
      options.progress().finished(what, blob.sizeBytes(), known);
    }
    return manifest;
  }
}
