package rkt.spec.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import rkt.spec.image.ImageId;
import rkt.spec.image.OciDescriptor;

/**
 * {@code images.list}: what a listing shows, a line for each image, so that it opens one file and
 * not two for each image. It is made for one state of {@code index.json}, and counts for nothing
 * under another. spec/store.md#listing
 */
final class ListFile {
  private static final String FIRST = "rkt-list 1 ";
  private static final int FIELDS = 6;

  /** So many bytes are worth a second thread: those of a thousand images, about. */
  private static final int LONG = 256 << 10;

  private final Path file;
  private final Path index;

  ListFile(Path root) {
    this.file = root.resolve("images.list");
    this.index = root.resolve("store/index.json");
  }

  /** What {@code index.json} looks like now; empty if there is none. */
  Optional<String> stamp() throws IOException {
    try {
      Map<String, Object> attributes =
          Files.readAttributes(
              index, "unix:size,lastModifiedTime,ctime,ino", LinkOption.NOFOLLOW_LINKS);
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
      return lines(text, first.length, text.length, each);
    }
    int middle = text.length / 2;
    while (text[middle - 1] != '\n') {
      middle++;
    }
    return halves(text, first.length, middle, each);
  }

  private static <T> Optional<List<T>> halves(
      byte[] text, int from, int middle, Store.Each<T> each) {
    FutureTask<Optional<List<T>>> second =
        new FutureTask<>(() -> lines(text, middle, text.length, each));
    Thread.ofPlatform().start(second);
    Optional<List<T>> images = lines(text, from, middle, each);
    Optional<List<T>> others;
    try {
      others = second.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      others = lines(text, middle, text.length, each);
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
  private static <T> Optional<List<T>> lines(byte[] text, int from, int to, Store.Each<T> each) {
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
          ListedImage image = image(fields);
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

  private static @Nullable ListedImage image(List<String> fields) {
    if (fields.size() < FIELDS) {
      return null;
    }
    try {
      return new ListedImage(
          fields.get(0),
          fields.get(1),
          Long.parseLong(fields.get(2)),
          Long.parseLong(fields.get(3)),
          fields.get(4).equals("1"),
          fields.get(5),
          fields.subList(FIELDS, fields.size()));
    } catch (NumberFormatException e) {
      return null;
    }
  }

  /** Makes the file for the state {@code stamp}; {@code scratch} is on the same file system. */
  void write(String stamp, List<ListedImage> images, Path scratch) throws IOException {
    if (images.isEmpty()) {
      Files.deleteIfExists(file);
      return;
    }
    StringBuilder text = new StringBuilder(FIRST).append(stamp).append('\n');
    for (ListedImage image : images) {
      text.append(image.id()).append('\t');
      escape(text, image.name());
      text.append('\t').append(image.sizeBytes());
      text.append('\t').append(image.importedSeconds());
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
    if (before.isPresent() && Files.exists(file)) {
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
      known.put(changed.get().id(), changed.get());
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
