package rkt.fetch.registry;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpRetryException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import rkt.fetch.auth.Credentials;
import rkt.fetch.http.Answer;
import rkt.fetch.http.Http;
import rkt.fetch.http.Origin;
import rkt.fetch.http.Retry;
import rkt.fetch.transport.FetchException;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciDescriptor;
import rkt.spec.image.OciIndex;
import rkt.spec.image.OciManifest;
import rkt.spec.json.JsonWriter;
import rkt.spec.json.StrictJson;

/**
 * A repository of a registry, by the push half of the OCI distribution spec: blobs that it lacks,
 * each in one request, then manifests. spec/packing.md#push
 */
public final class RegistryTarget {
  private static final String BYTES = "application/octet-stream";
  private static final Set<Integer> CREATED = Set.of(201, 204);

  private final Http http;
  private final URI base;
  private final String repository;
  private final TokenClient tokens;
  private @Nullable String authorization;
  private boolean keepsSignatures = false;

  /**
   * @param base scheme, host and port
   */
  public RegistryTarget(Http http, URI base, String repository, Optional<Credentials> credentials) {
    this.http = http;
    this.base = base;
    this.repository = repository;
    this.tokens = new TokenClient(http, Origin.of(base), credentials);
  }

  /** Where the bytes of a request come from; asked again when it has to be sent again. */
  private interface Body {
    InputStream open() throws IOException;
  }

  /** Whether the repository has the blob. */
  public boolean has(Digest digest) throws RktException {
    return retry()
        .run(() ->
            ask(
                    "HEAD",
                    uri("blobs/" + digest),
                    Map.of(),
                    0,
                    InputStream::nullInputStream,
                    Set.of(200, 404))
                == 200);
  }

  /** Uploads a blob in one request, after another that asks where to. */
  public void upload(Digest digest, long size, Path file) throws RktException {
    upload(digest, size, () -> Files.newInputStream(file));
  }

  /** Uploads a small blob that is no file. */
  public void upload(byte[] blob) throws RktException {
    upload(Digest.sha256(blob), blob.length, () -> new ByteArrayInputStream(blob));
  }

  private void upload(Digest digest, long size, Body body) throws RktException {
    retry()
        .run(() -> {
          URI place = upload();
          String query = "digest=" + URLEncoder.encode(digest.toString(), StandardCharsets.UTF_8);
          URI target = URI.create(place + (place.getRawQuery() == null ? "?" : "&") + query);
          Map<String, String> headers = Map.of("Content-Type", BYTES);
          return ask("PUT", target, headers, size, body, CREATED);
        });
  }

  /** Where the registry wants the blob: on itself, for nobody else sees the login. */
  private URI upload() throws IOException, RktException {
    URI uri = uri("blobs/uploads/");
    try (Answer answer = send("POST", uri, Map.of(), 0, InputStream::nullInputStream)) {
      if (answer.status() != 202) {
        throw refused(answer, uri);
      }
      URI place = uri.resolve(answer.header("Location").orElse(""));
      if (!Origin.of(place).equals(Origin.of(base))) {
        throw FetchException.network(
            base.getHost() + " wants the upload at another host, " + place.getHost(),
            (String) null);
      }
      return place;
    } catch (IllegalArgumentException e) {
      throw FetchException.network(base.getHost() + " names no place for the upload", e);
    }
  }

  /**
   * Uploads a manifest.
   *
   * @param reference a tag, or its digest
   * @return whether the registry keeps lists of referrers itself, so far as the answer tells
   */
  public boolean manifest(String reference, String mediaType, byte[] bytes) throws RktException {
    return retry()
        .run(() -> {
          URI uri = uri("manifests/" + reference);
          Map<String, String> headers = Map.of("Content-Type", mediaType);
          try (Answer answer =
              send("PUT", uri, headers, bytes.length, () -> new ByteArrayInputStream(bytes))) {
            if (answer.status() != 201 && answer.status() != 200) {
              throw refused(answer, uri);
            }
            return answer.header("OCI-Subject").isPresent();
          }
        });
  }

  /**
   * Adds what refers to {@code subject} to the list that stands in for the referrers interface,
   * where a registry has none: an index under a tag made of the digest.
   */
  public void referrer(Digest subject, OciDescriptor manifest) throws RktException {
    String tag = subject.algorithm().label() + "-" + subject.hex();
    List<OciDescriptor> entries = new ArrayList<>();
    for (OciDescriptor entry : referrers(tag)) {
      if (!entry.digest().equals(manifest.digest())) {
        entries.add(entry);
      }
    }
    entries.add(manifest);
    JsonWriter json = new JsonWriter().object().put("schemaVersion", 2);
    json.put("mediaType", MediaType.OCI_INDEX).array("manifests");
    for (OciDescriptor entry : entries) {
      entry.write(json.object());
      json.end();
    }
    manifest(tag, MediaType.OCI_INDEX, json.end().end().bytes());
  }

  /** Whether the registry said in any answer that it keeps signatures itself. */
  public boolean keepsSignatures() {
    return keepsSignatures;
  }

  /**
   * Gives simple signing messages about an image to a registry that keeps signatures itself; those
   * that it has it keeps.
   */
  public void signatures(Digest manifest, List<byte[]> messages) throws RktException {
    URI uri = base.resolve(SignatureExtension.path(repository, manifest));
    Set<Digest> there = new HashSet<>();
    for (byte[] known : signatures(uri)) {
      there.add(Digest.sha256(known));
    }
    for (byte[] message : messages) {
      if (there.add(Digest.sha256(message))) {
        byte[] body = SignatureExtension.document(manifest, message);
        Map<String, String> headers = Map.of("Content-Type", "application/json");
        retry()
            .run(() ->
                ask(
                    "PUT",
                    uri,
                    headers,
                    body.length,
                    () -> new ByteArrayInputStream(body),
                    CREATED));
      }
    }
  }

  private List<byte[]> signatures(URI uri) throws RktException {
    return retry()
        .run(() -> {
          Map<String, String> headers = Map.of("Accept", "application/json");
          try (Answer answer = send("GET", uri, headers, 0, InputStream::nullInputStream)) {
            if (answer.status() == 404) {
              return List.<byte[]>of();
            }
            if (answer.status() != 200) {
              throw refused(answer, uri);
            }
            String what = "the signatures that " + base.getHost() + " keeps";
            return SignatureExtension.messages(answer.bytes(SignatureExtension.LARGEST), what);
          }
        });
  }

  /** The layers of the manifest under {@code tag}; none if there is no manifest. */
  public List<OciDescriptor> layers(String tag) throws RktException {
    return retry()
        .run(() -> {
          URI uri = uri("manifests/" + tag);
          Map<String, String> headers = Map.of("Accept", MediaType.OCI_MANIFEST);
          try (Answer answer = send("GET", uri, headers, 0, InputStream::nullInputStream)) {
            if (answer.status() == 404) {
              return List.<OciDescriptor>of();
            }
            if (answer.status() != 200) {
              throw refused(answer, uri);
            }
            byte[] bytes = answer.bytes(StrictJson.MAX_BYTES);
            String what = "what " + base.getHost() + " has under the tag " + tag;
            return OciManifest.parse(bytes, answer.contentType(), what).layers();
          }
        });
  }

  private List<OciDescriptor> referrers(String tag) throws RktException {
    return retry()
        .run(() -> {
          URI uri = uri("manifests/" + tag);
          Map<String, String> headers = Map.of("Accept", MediaType.OCI_INDEX);
          try (Answer answer = send("GET", uri, headers, 0, InputStream::nullInputStream)) {
            if (answer.status() == 404) {
              return List.<OciDescriptor>of();
            }
            if (answer.status() != 200) {
              throw refused(answer, uri);
            }
            byte[] bytes = answer.bytes(StrictJson.MAX_BYTES);
            return OciIndex.parse(bytes, answer.contentType(), "the index " + tag).manifests();
          }
        });
  }

  private int ask(
      String method,
      URI uri,
      Map<String, String> headers,
      long length,
      Body body,
      Set<Integer> expected)
      throws IOException, RktException {
    try (Answer answer = send(method, uri, headers, length, body)) {
      if (!expected.contains(answer.status())) {
        throw refused(answer, uri);
      }
      return answer.status();
    }
  }

  private Answer send(String method, URI uri, Map<String, String> headers, long length, Body body)
      throws IOException, RktException {
    String used = authorization;
    Answer answer = sendOnce(method, uri, headers, length, body, used);
    if (answer.status() == 401 && (used == null || used.startsWith("Bearer "))) {
      Optional<Challenge> challenge = Challenge.best(answer.headers("WWW-Authenticate"));
      if (challenge.isPresent()) {
        answer.close();
        String fresh = tokens.authorization(challenge.get(), repository, "pull,push");
        authorization = fresh;
        answer = sendOnce(method, uri, headers, length, body, fresh);
      }
    }
    keepsSignatures |=
        Origin.of(answer.uri()).equals(Origin.of(base)) && SignatureExtension.isAnnounced(answer);
    return answer;
  }

  private Answer sendOnce(
      String method,
      URI uri,
      Map<String, String> headers,
      long length,
      Body body,
      @Nullable String login)
      throws IOException, FetchException {
    Map<String, String> all = new LinkedHashMap<>(headers);
    if (login != null) {
      all.put("Authorization", login);
    }
    try (InputStream in = body.open()) {
      return http.send(method, uri, all, length, in);
    } catch (HttpRetryException e) {
      // A body that is not kept in memory cannot be sent again with a login: the next try asks for
      // one before it.
      authorization = null;
      throw e;
    }
  }

  private RktException refused(Answer answer, URI uri) throws IOException, RktException {
    Retry.inspect(answer);
    int status = answer.status();
    return status == 401 || status == 403
        ? FetchException.network(
            base.getHost() + " refuses to let " + repository + " be written (" + status + ")",
            tokens.login())
        : FetchException.network(
            base.getHost() + " answered " + status + " for " + uri.getPath(), (String) null);
  }

  private URI uri(String path) {
    return base.resolve("/v2/" + repository + "/" + path);
  }

  private Retry retry() {
    return new Retry(http.options().patience(), base.getAuthority(), "push to");
  }
}
