package rkt.spec.store;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.List;
import rkt.spec.Digest;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.spec.json.JsonWriter;

/**
 * How an image came into the store: {@code admission.json} beside its {@code image.json}. It never
 * says that the image is trusted. spec/store.md#admission
 *
 * @param imported when it was last fetched
 * @param source where from, without credentials
 * @param insecure whether {@code --insecure-options=image} let it in
 * @param places where from it was ever let in because a policy or a key vouched for it
 * @param blobs its blobs as they looked then
 */
public record Admission(
    Instant imported, String source, boolean insecure, List<Place> places, List<BlobStat> blobs) {
  private static final int VERSION = 1;
  private static final int MOST_PLACES = 32;
  private static final String REGISTRY = "docker://";

  public Admission {
    places = List.copyOf(places);
    blobs = List.copyOf(blobs);
  }

  /**
   * Where an image came from.
   *
   * @param name that it was judged under
   * @param source without credentials
   */
  public record Place(String name, String source) {}

  /** Whether both mean the same place: which mirror had it, and its tag, make no other one. */
  public static boolean isSamePlace(String source, String other) {
    return source.equals(other) || (source.startsWith(REGISTRY) && other.startsWith(REGISTRY));
  }

  /** Those of {@code before}, and one more, the newest last. */
  static List<Place> places(List<Place> before, Place last) {
    List<Place> places = new ArrayList<>();
    for (Place place : before) {
      if (!place.name().equals(last.name()) || !isSamePlace(place.source(), last.source())) {
        places.add(place);
      }
    }
    places.add(last);
    return places.subList(Math.max(0, places.size() - MOST_PLACES), places.size());
  }

  /** Every place that it was let in from under a name. */
  public List<String> sources(String name) {
    List<String> sources = new ArrayList<>();
    for (Place place : places) {
      if (place.name().equals(name)) {
        sources.add(place.source());
      }
    }
    return sources;
  }

  /** The blobs of the image, its manifest and signatures among them. */
  public List<Digest> digests() {
    List<Digest> digests = new ArrayList<>(blobs.size());
    for (BlobStat blob : blobs) {
      digests.add(blob.digest());
    }
    return digests;
  }

  /** The same with their sizes. */
  public List<Blob> sizes() {
    List<Blob> sizes = new ArrayList<>(blobs.size());
    for (BlobStat blob : blobs) {
      sizes.add(new Blob(blob.digest(), blob.sizeBytes()));
    }
    return sizes;
  }

  /** The bytes of all its blobs, shared ones included. */
  public long sizeBytes() {
    long size = 0;
    for (BlobStat blob : blobs) {
      size += blob.sizeBytes();
    }
    return size;
  }

  byte[] json() {
    JsonWriter out =
        new JsonWriter()
            .object()
            .put("admissionVersion", VERSION)
            .put("imported", imported.toString())
            .put("source", source)
            .put("insecure", insecure);
    if (!places.isEmpty()) {
      out.array("places");
      for (Place place : places) {
        out.object().put("name", place.name()).put("source", place.source()).end();
      }
      out.end();
    }
    out.array("blobs");
    for (BlobStat blob : blobs) {
      out.object()
          .put("digest", blob.digest().toString())
          .put("size", blob.sizeBytes())
          .put("mtime", blob.mtimeNanos())
          .put("ctime", blob.ctimeNanos())
          .put("inode", blob.inode())
          .end();
    }
    return out.end().end().bytes();
  }

  /** What {@link Instant#toString} wrote, without the formatter, which takes 5 ms to set up. */
  private static Instant instant(String text) {
    if (text.length() < 20
        || text.charAt(4) != '-'
        || text.charAt(7) != '-'
        || text.charAt(10) != 'T'
        || text.charAt(13) != ':'
        || text.charAt(16) != ':'
        || text.charAt(text.length() - 1) != 'Z') {
      return Instant.parse(text);
    }
    long day =
        LocalDate.of(number(text, 0, 4), number(text, 5, 7), number(text, 8, 10)).toEpochDay();
    long second =
        LocalTime.of(number(text, 11, 13), number(text, 14, 16), number(text, 17, 19))
            .toSecondOfDay();
    int nanos = 0;
    if (text.length() > 20) {
      int digits = text.length() - 21;
      if (text.charAt(19) != '.' || digits < 1 || digits > 9) {
        return Instant.parse(text);
      }
      nanos = number(text, 20, 20 + digits);
      for (int i = digits; i < 9; i++) {
        nanos *= 10;
      }
    }
    return Instant.ofEpochSecond(day * 86_400 + second, nanos);
  }

  private static int number(String text, int from, int to) {
    int number = 0;
    for (int i = from; i < to; i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        throw new IllegalArgumentException("not a time: " + text);
      }
      number = number * 10 + digit;
    }
    return number;
  }

  static Admission read(byte[] document, String what) throws SpecException {
    JsonObject json = JsonObject.parse(document, what);
    if (json.integer("admissionVersion") != VERSION) {
      throw SpecException.integrity(what + " is of a version that this rkt does not know");
    }
    List<BlobStat> blobs = new ArrayList<>();
    List<Place> places = new ArrayList<>();
    for (JsonObject place : json.objects("places")) {
      places.add(new Place(place.string("name"), place.string("source")));
    }
    try {
      for (JsonObject blob : json.objects("blobs")) {
        blobs.add(
            new BlobStat(
                Digest.parse(blob.string("digest")),
                blob.integer("size"),
                blob.integer("mtime"),
                blob.integer("ctime"),
                blob.integer("inode")));
      }
      return new Admission(
          instant(json.string("imported")),
          json.string("source"),
          json.findBoolean("insecure").orElse(false),
          places,
          blobs);
    } catch (IllegalArgumentException | DateTimeException e) {
      throw SpecException.integrity(what + ": " + e.getMessage());
    }
  }
}
