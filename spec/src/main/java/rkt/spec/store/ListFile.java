package rkt.spec.store;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import rkt.spec.image.ImageId;
import rkt.spec.image.OciDescriptor;

/**
 * {@code images.list}: what a listing shows, a line for each image, so that it opens one file and
 * not two for each image. It is made for one state of {@code index.json}, and counts for nothing
 * under another. What was used since is in {@code images.used}, so that not every image has to be
 * asked for it. spec/store.md#listing
 */
final class ListFile {
  private static final String FIRST = "rkt-list 2 ";
  private static final int FIELDS = 7;

  /** So many bytes are worth a second thread: those of a thousand images, about. */
  private static final int LONG = 256 << 10;

  /** So many bytes of uses are worth a new list. */
  private static final int WORN = 64 << 10;

  /** More bytes of uses are not kept, where nobody lists the images: then all of them are asked. */
  private static final int MOST_NOTED = 1 << 20;

  private final Path file;
  private final Path used;
  private final Path index;
  private final String images;

  ListFile(Path root) {
    this.file = root.resolve("images.list");
    this.used = root.resolve("images.used");
    this.images = root.resolve("images").toString();
    this.index = root.resolve("store/index.json");
  }

  /** What {@code index.json} looks like now; empty if there is none. */
  Optional<String> stamp() throws IOException {
    return stamp(index);
  }

  /**
   * What decides what a long listing says: the index, and what was used since the list was made.
   * Empty if the list is short, or uses are not noted.
   */
  Optional<String> state() throws IOException {
    if (file.toFile().length() < LONG) {
      return Optional.empty();
    }
    Optional<String> ofIndex = stamp(index);
    Optional<String> ofUses = stamp(used);
    return ofIndex.isPresent() && ofUses.isPresent()
        ? Optional.of(ofIndex.get() + " " + ofUses.get())
        : Optional.empty();
  }

  private static Optional<String> stamp(Path of) throws IOException {
    try {
      Map<String, Object> attributes =
          Files.readAttributes(
              of, "unix:size,lastModifiedTime,ctime,ino", LinkOption.NOFOLLOW_LINKS);
      return Optional.of(
          attributes.get("ino")
              + " "
              + attributes.get("size")
              + " "
              + nanos(attributes.get("lastModifiedTime"))
              + " "
              + nanos(attributes.get("ctime")));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  private static long nanos(@Nullable Object time) {
    return ((FileTime) Objects.requireNonNull(time)).to(TimeUnit.NANOSECONDS);
  }

  /**
   * What {@code each} makes of the images, if the file was made for the state {@code stamp} of the
   * index. Of a long file, two threads read a half each.
   */
  <T> Optional<List<T>> read(String stamp, Store.Each<T> each) throws IOException {
    // Before the list: of one that was made meanwhile, some images are asked in vain.
    Uses uses = uses();
    byte[] text;
    try {
      text = Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
    byte[] first = (FIRST + stamp + "\n").getBytes(StandardCharsets.UTF_8);
    if (text.length < first.length
        || !Arrays.equals(text, 0, first.length, first, 0, first.length)
        || text[text.length - 1] != '\n') {
      return Optional.empty();
    }
    if (text.length < LONG) {
      return lines(text, first.length, text.length, uses, each);
    }
    int middle = text.length / 2;
    while (text[middle - 1] != '\n') {
      middle++;
    }
    return halves(text, first.length, middle, uses, each);
  }

  /** The directories of the images that were used since the list was made, if that was noted. */
  private record Uses(boolean noted, Set<String> directories) {}

  private Uses uses() throws IOException {
    String text;
    try {
      text = Files.readString(used);
    } catch (NoSuchFileException e) {
      return new Uses(false, Set.of());
    }
    Set<String> directories = new HashSet<>();
    int start = 0;
    for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      directories.add(text.substring(start, end));
      start = end + 1;
    }
    return new Uses(true, directories);
  }

  /**
   * Notes that an image was used, after its file says so: whoever makes a list, and has this file
   * anew before it asks the images, misses nothing.
   */
  void noteUse(String directory) {
    if (used.toFile().length() > MOST_NOTED) {
      boolean _ = used.toFile().delete();
      return;
    }
    try (OutputStream out = Files.newOutputStream(used, StandardOpenOption.APPEND)) {
      out.write((directory + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchFileException e) {
      return; // nobody has made a list
    } catch (IOException e) {
      // Not noted: the times in the list count no more.
      boolean _ = used.toFile().delete();
    }
  }

  /** When an image was last used, by the file that says so; 0 if there is none. */
  long usedMillis(String id) {
    // One text, and no file of a file of a file, which Java would look through three times.
    return new File(images + "/" + id.replace(':', '-') + "/" + StoreFiles.IMAGE_JSON)
        .lastModified();
  }

  /** The same in seconds, or when it came: it may be removed meanwhile. */
  private long usedSeconds(String id, long importedSeconds) {
    long millis = usedMillis(id);
    return millis == 0 ? importedSeconds : Math.floorDiv(millis, 1000L);
  }

  /** Whether a new list would be of use: nobody notes what is used, or much was. */
  boolean isWorn() {
    return Files.exists(file) && (!Files.exists(used) || used.toFile().length() > WORN);
  }

  /** The images, and when each was used by its file. */
  List<ListedImage> asked(List<ListedImage> unasked) {
    List<ListedImage> asked = new ArrayList<>();
    for (ListedImage image : unasked) {
      asked.add(image.usedAt(usedSeconds(image.id(), image.importedSeconds())));
    }
    return asked;
  }

  /**
   * Makes the file for the state {@code stamp}, with the times of use of now. The caller holds the
   * lock of the index; {@code scratch} is a directory on the same file system.
   */
  List<ListedImage> renew(String stamp, List<ListedImage> unasked, Path scratch)
      throws IOException {
    // In this order: wherever it ends, no list says less than was used.
    Files.deleteIfExists(file);
    noteFromNowOn(scratch.resolve("images.used"));
    List<ListedImage> asked = asked(unasked);
    write(stamp, asked, scratch.resolve("images.list"));
    return asked;
  }

  private void noteFromNowOn(Path empty) throws IOException {
    Files.deleteIfExists(empty);
    Durable.writeUnsynced(empty, new byte[0]);
    Durable.move(empty, used);
  }

  private <T> Optional<List<T>> halves(
      byte[] text, int from, int middle, Uses uses, Store.Each<T> each) {
    FutureTask<Optional<List<T>>> second =
        new FutureTask<>(() -> lines(text, middle, text.length, uses, each));
    Thread.ofPlatform().start(second);
    Optional<List<T>> images = lines(text, from, middle, uses, each);
    Optional<List<T>> others;
    try {
      others = second.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      others = lines(text, middle, text.length, uses, each);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
    if (images.isEmpty() || others.isEmpty()) {
      return Optional.empty();
    }
    images.get().addAll(others.get());
    return images;
  }

  /** Empty if there is a line that nobody wrote like that. The last byte ends a line. */
  private <T> Optional<List<T>> lines(
      byte[] text, int from, int to, Uses uses, Store.Each<T> each) {
    List<T> images = new ArrayList<>();
    List<String> fields = new ArrayList<>(FIELDS + 2);
    int start = from;
    boolean isEscaped = false;
    // Byte by byte, once: a listing of ten thousand images has millions of them.
    for (int at = from; at < to; at++) {
      byte b = text[at];
      if (b == '\\') {
        isEscaped = true;
      } else if (b == '\t' || b == '\n') {
        String field = new String(text, start, at - start, StandardCharsets.UTF_8);
        fields.add(isEscaped ? unescaped(field) : field);
        isEscaped = false;
        start = at + 1;
        if (b == '\n') {
          ListedImage image = image(fields, uses);
          if (image == null) {
            return Optional.empty();
          }
          images.add(each.of(image));
          fields.clear();
        }
      }
    }
    return Optional.of(images);
  }

  private @Nullable ListedImage image(List<String> fields, Uses uses) {
    if (fields.size() < FIELDS) {
      return null;
    }
    String id = fields.get(0);
    boolean isKnown =
        uses.noted()
            && (uses.directories().isEmpty() || !uses.directories().contains(id.replace(':', '-')));
    try {
      long imported = Long.parseLong(fields.get(3));
      return new ListedImage(
          id,
          fields.get(1),
          Long.parseLong(fields.get(2)),
          imported,
          isKnown ? Long.parseLong(fields.get(4)) : usedSeconds(id, imported),
          fields.get(5).equals("1"),
          fields.get(6),
          fields.subList(FIELDS, fields.size()));
    } catch (NumberFormatException e) {
      return null;
    }
  }

  /** Makes the file for the state {@code stamp}; {@code scratch} is on the same file system. */
  void write(String stamp, List<ListedImage> images, Path scratch) throws IOException {
    if (images.isEmpty()) {
      Files.deleteIfExists(file);
      Files.deleteIfExists(used);
      return;
    }
    StringBuilder text = new StringBuilder(FIRST).append(stamp).append('\n');
    for (ListedImage image : images) {
      text.append(image.id()).append('\t');
      escape(text, image.name());
      text.append('\t').append(image.sizeBytes());
      text.append('\t').append(image.importedSeconds());
      text.append('\t').append(image.usedSeconds());
      text.append('\t').append(image.insecure() ? '1' : '0').append('\t');
      escape(text, image.source());
      for (String reference : image.references()) {
        text.append('\t');
        escape(text, reference);
      }
      text.append('\n');
    }
    Files.deleteIfExists(scratch);
    // Not synced: what a power loss cuts has not the last line's end, or is of another index.
    Durable.writeUnsynced(scratch, text.toString().getBytes(StandardCharsets.UTF_8));
    Durable.move(scratch, file);
  }

  /**
   * Keeps the file up with a change of the index, if it was before; the caller holds the lock of
   * the index. What goes wrong is left to the next listing, which makes the file anew: the image is
   * in the store all the same.
   *
   * @param before the state that the index had
   * @param entries its entries now
   * @param changed an image that came or changed, if any
   */
  void update(
      Optional<String> before,
      List<OciDescriptor> entries,
      Optional<ListedImage> changed,
      Path scratch) {
    try {
      updateOrFail(before, entries, changed, scratch.resolve("images.list"));
    } catch (IOException e) {
      return;
    }
  }

  private void updateOrFail(
      Optional<String> before,
      List<OciDescriptor> entries,
      Optional<ListedImage> changed,
      Path scratch)
      throws IOException {
    List<ListedImage> old = List.of();
    boolean isFirst = !Files.exists(file);
    if (before.isPresent() && !isFirst) {
      Optional<List<ListedImage>> found = read(before.get(), image -> image);
      if (found.isEmpty()) {
        return; // the next listing makes it
      }
      old = found.get();
    }
    Map<String, ListedImage> known = new LinkedHashMap<>();
    for (ListedImage image : old) {
      known.put(image.id(), image);
    }
    if (changed.isPresent()) {
      String id = changed.get().id();
      known.put(id, changed.get().usedAt(usedSeconds(id, changed.get().importedSeconds())));
    }
    Map<String, List<String>> references = new LinkedHashMap<>();
    for (OciDescriptor entry : entries) {
      Optional<ImageId> id = StoreFiles.idOf(entry);
      if (id.isPresent()) {
        List<String> names =
            references.computeIfAbsent(id.get().toString(), _ -> new ArrayList<>());
        if (!IndexFile.reference(entry).isEmpty()) {
          names.add(IndexFile.reference(entry));
        }
      }
    }
    List<ListedImage> images = new ArrayList<>();
    for (Map.Entry<String, List<String>> entry : references.entrySet()) {
      ListedImage image = known.get(entry.getKey());
      if (image == null) {
        return; // an entry that others put there
      }
      images.add(image.withReferences(entry.getValue()));
    }
    if (isFirst && !images.isEmpty()) {
      noteFromNowOn(scratch.resolveSibling("images.used"));
      images = asked(images);
    }
    Optional<String> now = stamp();
    if (now.isPresent()) {
      write(now.get(), images, scratch);
    }
  }

  private static void escape(StringBuilder out, String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '\\' -> out.append("\\\\");
        case '\t' -> out.append("\\t");
        case '\n' -> out.append("\\n");
        default -> out.append(c);
      }
    }
  }

  private static String unescaped(String field) {
    StringBuilder text = new StringBuilder(field.length());
    for (int i = 0; i < field.length(); i++) {
      char c = field.charAt(i);
      if (c == '\\' && i + 1 < field.length()) {
        char escaped = field.charAt(++i);
        text.append(escaped == 't' ? '\t' : escaped == 'n' ? '\n' : escaped);
      } else {
        text.append(c);
      }
    }
    return text.toString();
  }
}
