package rkt.fetch.registry;

import java.io.IOException;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import rkt.fetch.auth.Credentials;
import rkt.fetch.http.Answer;
import rkt.fetch.http.Http;
import rkt.fetch.http.Origin;
import rkt.fetch.http.Resumable;
import rkt.fetch.http.Retry;
import rkt.fetch.oci.BlobSink;
import rkt.fetch.oci.Document;
import rkt.fetch.oci.OciSource;
import rkt.fetch.transport.FetchException;
import rkt.fetch.transport.Meter;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciDescriptor;
import rkt.spec.json.StrictJson;

/**
 * An image in a registry, by the pull half of the OCI distribution spec. spec/image.md#references
 */
public final class RegistrySource implements OciSource {
  private static final String ACCEPT =
      String.join(
          ", ",
          MediaType.OCI_INDEX,
          MediaType.OCI_MANIFEST,
          MediaType.DOCKER_INDEX,
          MediaType.DOCKER_MANIFEST);

  private final Http http;
  private final URI base;
  private final String repository;
  private final String reference;
  private final TokenClient tokens;
  private volatile @Nullable String authorization;
  private volatile boolean keepsSignatures;
  private volatile @Nullable Document root;

  /**
   * @param base scheme, host and port
   * @param reference a tag or a digest
   */
  public RegistrySource(
      Http http, URI base, String repository, String reference, Optional<Credentials> credentials) {
    this.http = http;
    this.base = base;
    this.repository = repository;
    this.reference = reference;
    this.tokens = new TokenClient(http, Origin.of(base), credentials);
  }

  /** Whether this is the repository {@code name} of {@code host}, which may have a port. */
  public boolean isAt(String host, String name) {
    return base.getAuthority().equals(host) && repository.equals(name);
  }

  /** Asked for once: a tag may move meanwhile. */
  @Override
  public Document root() throws RktException {
    Document known = root;
    if (known == null) {
      known = readRoot();
      root = known;
    }
    return known;
  }

  private Document readRoot() throws RktException {
    Document read = manifest(reference, StrictJson.MAX_BYTES);
    if (reference.contains(":")) {
      Digest wanted = Digest.parse(reference);
      Digest found = Digest.sha256(read.bytes());
      if (!wanted.equals(found)) {
        throw FetchException.integrity(wanted + " arrived as " + found, null);
      }
    }
    return read;
  }

  /** The digest that the reference stands for now, if the registry tells without sending it. */
  public Optional<Digest> current() throws RktException {
    if (reference.contains(":")) {
      return Optional.of(Digest.parse(reference));
    }
    return retry()
        .run(() -> {
          try (Answer answer = ask("HEAD", "manifests/" + reference, with(ACCEPT, Map.of()))) {
            return digest(answer.header("Docker-Content-Digest").orElse(""));
          }
        });
  }

  private static Optional<Digest> digest(String text) {
    try {
      return Optional.of(Digest.parse(text));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  @Override
  public byte[] document(OciDescriptor descriptor, int limit) throws RktException {
    Document document = manifest(descriptor.digest().toString(), limit);
    if (!document.mediaType().equals(descriptor.mediaType())) {
      throw FetchException.integrity(
          descriptor.digest()
              + " is listed as "
              + descriptor.mediaType()
              + ", but served as "
              + document.mediaType(),
          null);
    }
    return document.bytes();
  }

  private Document manifest(String which, int limit) throws RktException {
    return retry()
        .run(() -> {
          try (Answer answer = ask("GET", "manifests/" + which, with(ACCEPT, Map.of()))) {
            return new Document(answer.bytes(limit), answer.contentType());
          }
        });
  }

  @Override
  public void blob(OciDescriptor descriptor, BlobSink sink, Meter meter) throws RktException {
    Retry retry = retry();
    String path = "blobs/" + descriptor.digest();
    retry.run(() -> {
      try (Resumable body =
          new Resumable(more -> ask("GET", path, with("*/*", more)), retry, true)) {
        requireLength(body.answer(), descriptor);
        body.tell(meter);
        sink.take(body, descriptor.digest(), descriptor.sizeBytes());
        return descriptor;
      }
    });
  }

  private static void requireLength(Answer answer, OciDescriptor descriptor) throws FetchException {
    Optional<String> length = answer.header("Content-Length");
    if (length.isPresent() && !length.get().equals(Long.toString(descriptor.sizeBytes()))) {
      throw FetchException.integrity(
          descriptor.digest()
              + " is announced with "
              + length.get()
              + " bytes, but the manifest says "
              + descriptor.sizeBytes(),
          null);
    }
  }

  private static Map<String, String> with(String accept, Map<String, String> more) {
    Map<String, String> headers = new LinkedHashMap<>(more);
    headers.put("Accept", accept);
    return headers;
  }

  private Answer ask(String method, String path, Map<String, String> headers)
      throws IOException, RktException {
    Answer answer = raw(method, path, headers);
    int status = answer.status();
    if (status == 200 || (status == 206 && headers.containsKey("Range"))) {
      return answer;
    }
    answer.close();
    Retry.inspect(answer);
    if (status == 416) {
      throw new Retry.TryAgain("it has no such part");
    }
    throw switch (status) {
      case 404 -> FetchException.notFound("no such image: " + what(), null);
      case 401, 403 ->
          FetchException.network(
              base.getHost() + " refuses access to " + what() + " (" + status + ")",
              tokens.login());
      default ->
          FetchException.network(
              base.getHost() + " answered " + status + " for " + what(), (String) null);
    };
  }

  /** The answer whatever its status is, after a login where one is asked for. */
  Answer raw(String method, String path, Map<String, String> headers)
      throws IOException, RktException {
    return login(method, base.resolve("/v2/" + repository + "/" + path), headers);
  }

  /** Whether the registry said in any answer that it has the signature extension. */
  boolean keepsSignatures() {
    return keepsSignatures;
  }

  /** The answer of the signature extension, whatever its status is. */
  Answer signatures(Digest manifest) throws IOException, RktException {
    URI uri = base.resolve(SignatureExtension.path(repository, manifest));
    return login("GET", uri, Map.of("Accept", "application/json"));
  }

  private Answer login(String method, URI uri, Map<String, String> headers)
      throws IOException, RktException {
    String used = authorization;
    Answer answer = ask(method, uri, headers, used);
    // A token may have run out meanwhile; a password that was refused once stays refused.
    if (answer.status() == 401 && (used == null || used.startsWith("Bearer "))) {
      Optional<Challenge> challenge = Challenge.best(answer.headers("WWW-Authenticate"));
      // Only the registry itself may ask for a login, not a host that it redirected to.
      if (challenge.isPresent() && Origin.of(answer.uri()).equals(Origin.of(base))) {
        answer.close();
        String fresh = tokens.authorization(challenge.get(), repository, "pull");
        authorization = fresh;
        answer = ask(method, uri, headers, fresh);
      }
    }
    if (Origin.of(answer.uri()).equals(Origin.of(base)) && SignatureExtension.isAnnounced(answer)) {
      keepsSignatures = true;
    }
    return answer;
  }

  /** A blob of at most {@code limit} bytes; the caller checks it. */
  byte[] small(Digest digest, int limit) throws RktException {
    return retry()
        .run(() -> {
          try (Answer answer = ask("GET", "blobs/" + digest, Map.of())) {
            return answer.bytes(limit);
          }
        });
  }

  private Answer ask(
      String method, URI uri, Map<String, String> asked, @Nullable String authorization)
      throws IOException, FetchException {
    Map<String, String> headers = new LinkedHashMap<>(asked);
    if (authorization != null) {
      headers.put("Authorization", authorization);
    }
    return method.equals("HEAD") ? http.head(uri, headers) : http.get(uri, headers);
  }

  Retry retry() {
    return new Retry(http.options().patience(), base.getAuthority());
  }

  @Override
  public String what() {
    return "docker://"
        + base.getAuthority()
        + "/"
        + repository
        + (reference.contains(":") ? "@" : ":")
        + reference;
  }
}
