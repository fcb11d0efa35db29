package rkt.fetch.statement;

import java.io.IOException;
import java.net.URI;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import rkt.fetch.http.Answer;
import rkt.fetch.http.Http;
import rkt.fetch.http.Origin;
import rkt.fetch.http.Retry;
import rkt.fetch.transport.FetchException;
import rkt.fetch.transport.Progress;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.store.Statements;

/**
 * The signatures of images that lie on a web server or in a directory beside their registry: {@code
 * BASE/REPOSITORY@sha256=HEX/signature-1}, and so on until there is none.
 * docs/fetching.md#lookaside
 */
public final class Lookaside {
  private final URI base;
  private final Progress progress;

  /**
   * @param base an {@code https}, {@code http} or {@code file} URL
   */
  public Lookaside(URI base, Progress progress) {
    this.base = base;
    this.progress = progress;
  }

  /**
   * The signatures of the image of {@code repository} whose manifest has the digest.
   *
   * @param plainHttp whether {@code --insecure-options=http} lets http be used
   */
  public List<FoundStatement> find(Http http, String repository, Digest manifest, boolean plainHttp)
      throws RktException {
    boolean file = "file".equalsIgnoreCase(base.getScheme());
    if (!file && Origin.of(base).scheme().equals("http") && !plainHttp) {
      throw FetchException.usage(
          "signatures are looked for at " + base + ", and anybody can listen on plain http",
          "use https in registries.d, or add --insecure-options=http");
    }
    String place =
        String.valueOf(base).replaceFirst("/+$", "")
            + "/"
            + repository
            + "@"
            + manifest.algorithm().label()
            + "="
            + manifest.hex()
            + "/signature-";
    List<FoundStatement> found = new ArrayList<>();
    for (int i = 1; i <= Statements.MOST; i++) {
      URI next = URI.create(place + i);
      Optional<byte[]> bytes = file ? read(Path.of(next.getPath())) : get(http, next);
      if (bytes.isEmpty()) {
        break;
      }
      Optional<FoundStatement> statement = SignatureFile.parse(bytes.get(), next.toString());
      if (statement.isPresent()) {
        found.add(statement.get());
      } else {
        progress.note(next + " is no signature of a known form");
      }
    }
    return found;
  }

  private static Optional<byte[]> get(Http http, URI place) throws RktException {
    return new Retry(http.options().patience(), place.getAuthority())
        .run(() -> {
          try (Answer answer = http.get(place, Map.of())) {
            Retry.inspect(answer);
            return switch (answer.status()) {
              case 200 -> Optional.of(answer.bytes(Statements.LARGEST));
              case 404, 410 -> Optional.<byte[]>empty();
              default ->
                  throw FetchException.network(
                      place.getHost() + " answered " + answer.status() + " for " + place,
                      (String) null);
            };
          }
        });
  }

  private static Optional<byte[]> read(Path file) throws FetchException {
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.empty();
    }
    // A FIFO would never answer.
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw FetchException.integrity(file + " is not a regular file", null);
    }
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
      byte[] bytes = Channels.newInputStream(channel).readNBytes(Statements.LARGEST + 1);
      if (bytes.length > Statements.LARGEST) {
        throw FetchException.integrity(file + " is too long for a signature", null);
      }
      return Optional.of(bytes);
    } catch (IOException e) {
      throw FetchException.system("cannot read " + file + ": " + e.getMessage(), e);
    }
  }
}
