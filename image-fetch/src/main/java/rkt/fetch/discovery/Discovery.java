package rkt.fetch.discovery;

import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import rkt.fetch.auth.Logins;
import rkt.fetch.http.Answer;
import rkt.fetch.http.Http;
import rkt.fetch.http.Retry;
import rkt.fetch.transport.FetchException;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.image.Platform;

/**
 * Meta discovery: asks the host in a name where its images and keys are, from the whole name up to
 * the host alone. spec/discovery.md
 */
public final class Discovery {
  private static final int LONGEST_PAGE = 1 << 20;
  private static final String IMAGES = "ac-discovery";
  private static final String KEYS = "ac-discovery-pubkeys";

  private final Http http;
  private final Logins logins;
  private final String scheme;

  /**
   * @param plain whether pages are asked for over plain http
   */
  public Discovery(Http http, Logins logins, boolean plain) {
    this.http = http;
    this.logins = logins;
    this.scheme = plain ? "http" : "https";
  }

  /** Where an image and its signature may be. */
  public record Endpoint(URI aci, URI signature) {}

  /**
   * The places of the image, the publisher's favourite first; never empty.
   *
   * @throws FetchException of class not-found if no page names any
   */
  public List<Endpoint> images(ImageName name, Map<String, String> labels, Platform platform)
      throws RktException {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("version", "latest");
    values.put("os", platform.os());
    values.put("arch", platform.appcArchitecture());
    values.putAll(labels);
    List<Endpoint> endpoints = new ArrayList<>();
    for (MetaTag tag : tags(name, IMAGES)) {
      Template template = new Template(tag.value());
      template
          .render(name, values, "aci")
          .ifPresent(aci ->
              template
                  .render(name, values, "aci.asc")
                  .filter(signature -> !signature.equals(aci))
                  .ifPresent(signature -> endpoints.add(new Endpoint(aci, signature))));
    }
    if (endpoints.isEmpty()) {
      throw FetchException.notFound(
          "the pages of " + name + " name no place for an image with these labels: " + values,
          null);
    }
    return endpoints;
  }

  /**
   * Where the keys are that the owner of {@code prefix} signs with; never empty.
   *
   * @throws FetchException of class not-found if no page names any
   */
  public List<URI> keys(ImageName prefix) throws RktException {
    List<URI> keys = new ArrayList<>();
    for (MetaTag tag : tags(prefix, KEYS)) {
      new Template(tag.value()).render(prefix, Map.of(), "").ifPresent(keys::add);
    }
    if (keys.isEmpty()) {
      throw FetchException.notFound("the pages of " + prefix + " name no usable key", null);
    }
    return keys;
  }

  /** The tags of the first page, from the whole name upwards, that has some for this name. */
  private List<MetaTag> tags(ImageName name, String kind) throws RktException {
    List<String> components = name.components();
    for (int length = components.size(); length > 0; length--) {
      String path = String.join("/", components.subList(0, length));
      URI page = URI.create(scheme + "://" + path + (length == 1 ? "/" : "") + "?ac-discovery=1");
      List<MetaTag> found = new ArrayList<>();
      for (MetaTag tag : MetaTag.read(page(page), kind)) {
        if (tag.prefix().covers(name)) {
          found.add(tag);
        }
      }
      if (!found.isEmpty()) {
        return found;
      }
    }
    throw FetchException.notFound(
        "no page of "
            + components.getFirst()
            + " says where "
            + name
            + " has its "
            + (kind.equals(KEYS) ? "keys" : "images"),
        kind.equals(KEYS)
            ? "ask the publisher for the key: rkt trust --prefix=" + name + " KEYFILE"
            : "for an image of a registry write docker://" + name);
  }

  /** The page at {@code uri}; an empty one if there is none. */
  private byte[] page(URI uri) throws RktException {
    return new Retry(http.options().patience(), uri.getAuthority())
        .run(() -> {
          try (Answer answer =
              http.get(uri, logins.headers("GET", uri, http.options().insecureTls()))) {
            Retry.inspect(answer);
            if (answer.status() >= 400 && answer.status() < 500) {
              return new byte[0];
            }
            if (answer.status() != 200) {
              throw FetchException.network(
                  uri.getHost() + " answered " + answer.status() + " for " + uri, (String) null);
            }
            return answer.bytes(LONGEST_PAGE);
          }
        });
  }
}
