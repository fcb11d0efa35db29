package rkt.fetch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import rkt.fetch.http.Freshness;
import rkt.spec.SpecException;
import rkt.spec.image.ImageId;
import rkt.spec.image.Platform;
import rkt.spec.json.JsonObject;
import rkt.spec.json.JsonWriter;
import rkt.spec.store.Store;

/**
 * What a source said about an image when it was fetched, so that it can be asked later whether
 * anything changed: {@code remote.json} beside the image's other files. It may be lost without
 * harm. spec/store.md#remote
 *
 * @param source the URL of an ACI, or the reference in a registry
 * @param reference the appc name that led to the URL; empty if none did
 * @param mark what the source calls this state: an ETag, or the digest that a tag stood for; empty
 *     if it gave none
 * @param platform that the image was chosen for
 * @param fresh for how long after {@code asked} the source need not be asked again
 */
record Remembered(
    String source, String reference, String mark, String platform, Instant asked, Duration fresh) {
  static final String FILE = "remote.json";

  private static final int VERSION = 1;
  private static final int LARGEST = 64 << 10;

  /** What {@code said} means for the image at {@code source}. */
  static Remembered of(
      String source, String reference, Freshness said, Platform platform, Instant now) {
    return new Remembered(source, reference, said.mark(), platform.toString(), now, said.age());
  }

  /** The same, asked again and confirmed. */
  Remembered again(Freshness said, Instant now) {
    return new Remembered(source, reference, mark, platform, now, said.age());
  }

  boolean isFresh(Instant now) {
    return !now.isBefore(asked) && now.isBefore(asked.plus(fresh));
  }

  byte[] json() {
    JsonWriter json = new JsonWriter().object().put("remoteVersion", VERSION).put("source", source);
    if (!reference.isEmpty()) {
      json.put("reference", reference);
    }
    return json.put("mark", mark)
        .put("platform", platform)
        .put("asked", asked.toString())
        .put("freshSeconds", fresh.toSeconds())
        .end()
        .bytes();
  }

  /** What is known of {@code image}; empty if nothing is, or nothing that can be read. */
  static Optional<Remembered> find(Store store, ImageId image) {
    Path file = store.imageDir(image).resolve(FILE);
    try {
      if (Files.size(file) > LARGEST) {
        return Optional.empty();
      }
      JsonObject json = JsonObject.parse(Files.readAllBytes(file), file.toString());
      if (json.integer("remoteVersion") != VERSION) {
        return Optional.empty();
      }
      return Optional.of(
          new Remembered(
              json.string("source"),
              json.findString("reference").orElse(""),
              json.string("mark"),
              json.string("platform"),
              Instant.parse(json.string("asked")),
              Duration.ofSeconds(json.integer("freshSeconds"))));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException | SpecException | DateTimeException e) {
      return Optional.empty(); // Then the source is asked for everything.
    }
  }

  /** Keeps this beside {@code image}, if that can be done. */
  void keep(Store store, ImageId image) {
    try {
      store.keepBeside(image, FILE, json(), () -> true);
    } catch (SpecException e) {
      // A store that we may only read: the source is asked once more the next time.
    }
  }
}
