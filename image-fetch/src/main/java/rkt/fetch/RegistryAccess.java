package rkt.fetch;

import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import rkt.fetch.auth.Credentials;
import rkt.fetch.auth.Logins;
import rkt.fetch.http.Http;
import rkt.fetch.http.HttpOptions;
import rkt.fetch.http.Origin;
import rkt.fetch.registries.Endpoint;
import rkt.fetch.registries.RegistriesConf;
import rkt.fetch.registry.RegistrySource;
import rkt.fetch.transport.FetchException;
import rkt.spec.Digest;
import rkt.spec.ErrorClass;
import rkt.spec.ImageName;
import rkt.spec.RktException;

/**
 * Registries as this machine reaches them: mirrors before the place where an image is at home, each
 * with its own login. docs/fetching.md#mirrors
 */
final class RegistryAccess {
  private final FetchOptions options;
  private final Logins logins;
  private @Nullable RegistriesConf conf;

  RegistryAccess(FetchOptions options, Logins logins) {
    this.options = options;
    this.logins = logins;
  }

  /** Something that is done with a registry. */
  interface Work<T> {
    T with(RegistrySource source) throws RktException;
  }

  /** Does {@code work} with the first place where it succeeds. */
  <T> T first(ImageRef.Registry reference, Work<T> work) throws RktException {
    List<Endpoint> endpoints = endpoints(reference);
    for (int i = 0; ; i++) {
      Endpoint endpoint = endpoints.get(i);
      try {
        return at(endpoint, reference, work);
      } catch (RktException e) {
        if (!isPassedOver(e) || i + 1 == endpoints.size()) {
          throw e;
        }
        options
            .progress()
            .note(endpoint + ": " + e.getMessage() + "; trying " + endpoints.get(i + 1));
      }
    }
  }

  /** Something that may be in a registry or not. */
  interface Search<T> {
    Optional<T> in(RegistrySource source) throws RktException;
  }

  /** Looks in the places behind {@code source}, where a mirror did not have it. */
  <T> Optional<T> behind(RegistrySource source, ImageRef.Registry reference, Search<T> search)
      throws RktException {
    boolean behind = false;
    for (Endpoint endpoint : endpoints(reference)) {
      if (behind) {
        try {
          Optional<T> found = at(endpoint, reference, search::in);
          if (found.isPresent()) {
            return found;
          }
        } catch (RktException e) {
          if (!isPassedOver(e)) {
            throw e;
          }
          options.progress().note(endpoint + ": " + e.getMessage());
        }
      }
      behind |= source.isAt(host(endpoint), endpoint.repository());
    }
    return Optional.empty();
  }

  /** Read once: a file that is changed meanwhile is for the next command. */
  private RegistriesConf conf() throws RktException {
    if (conf == null) {
      conf = RegistriesConf.read(options.surroundings());
    }
    return conf;
  }

  private List<Endpoint> endpoints(ImageRef.Registry reference) throws RktException {
    return conf()
        .endpoints(reference.host(), reference.repository(), reference.digest().isPresent());
  }

  /** A mirror may lack an image, be away, or lie: none of it keeps the image from its home. */
  private static boolean isPassedOver(RktException e) {
    return e.errorClass() == ErrorClass.NETWORK
        || e.errorClass() == ErrorClass.NOT_FOUND
        || e.errorClass() == ErrorClass.INTEGRITY;
  }

  private static String host(Endpoint endpoint) {
    return endpoint.host().equals("docker.io") ? "registry-1.docker.io" : endpoint.host();
  }

  private <T> T at(Endpoint endpoint, ImageRef.Registry reference, Work<T> work)
      throws RktException {
    boolean anyCertificate = options.insecureTls() || endpoint.insecure();
    try (Http http =
        new Http(new HttpOptions(anyCertificate, options.patience(), options.surroundings()))) {
      try {
        return work.with(source(endpoint, reference, http, options.insecureHttp()));
      } catch (RktException e) {
        boolean mayBePlain =
            endpoint.insecure() && !options.insecureHttp() && e.errorClass() == ErrorClass.NETWORK;
        if (!mayBePlain) {
          throw e;
        }
        options.progress().note(endpoint + ": " + e.getMessage() + "; trying plain http");
        return work.with(source(endpoint, reference, http, true));
      }
    }
  }

  private RegistrySource source(
      Endpoint endpoint, ImageRef.Registry reference, Http http, boolean plain)
      throws RktException {
    String host = host(endpoint);
    URI base = URI.create((plain ? "http://" : "https://") + host);
    if (base.getHost() == null) {
      throw FetchException.usage("\"" + host + "\" is not the name of a host", null);
    }
    // A password crosses no network in the clear, and goes to nobody who proves nothing.
    boolean isProven = !plain && !endpoint.insecure() && !options.insecureTls();
    boolean secret = isProven || Origin.of(base).isLoopback();
    Optional<Credentials> credentials =
        secret ? logins.registry(endpoint.host(), endpoint.repository()) : Optional.empty();
    String which = reference.digest().map(Digest::toString).orElse(reference.tag());
    return new RegistrySource(http, base, endpoint.repository(), which, credentials);
  }

  /** What a short name stands for; itself if it stands for nothing. */
  ImageRef expand(ImageRef.AppcName name) throws RktException {
    Optional<String> full = conf().alias(name.name().text());
    if (full.isEmpty()) {
      return name;
    }
    Map<String, String> labels = name.labels();
    if (labels.size() > (labels.containsKey("version") ? 1 : 0)) {
      throw FetchException.usage(
          name.name() + " is an image of a registry, where it has no labels", full.get());
    }
    int slash = full.get().indexOf('/');
    if (slash < 0) {
      throw FetchException.usage(
          "the alias " + name.name() + " stands for \"" + full.get() + "\", which is no image",
          null);
    }
    ImageRef.Registry registry =
        new ImageRef.Registry(
            full.get().substring(0, slash),
            full.get().substring(slash + 1),
            labels.getOrDefault("version", "latest"),
            Optional.empty());
    try {
      ImageName checked = registry.name();
      return checked.text().isEmpty() ? name : registry;
    } catch (IllegalArgumentException e) {
      throw FetchException.usage(
          "the alias " + name.name() + " stands for no image: " + e.getMessage(), null);
    }
  }
}
