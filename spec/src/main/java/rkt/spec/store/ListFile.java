package rkt.spec.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
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

  /** The images, if the file was made for the state {@code stamp} of the index. */
  Optional<List<ListedImage>> read(String stamp) throws IOException {
    String text;
    try {
      text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
    String first = FIRST + stamp + "\n";
    if (!text.startsWith(first) || !text.endsWith("\n")) {
      return Optional.empty();
    }
    List<ListedImage> images = new ArrayList<>();
    for (int at = first.length(); at < text.length(); ) {
      int end = text.indexOf('\n', at);
      ListedImage image = line(text, at, end);
      if (image == null) {
        return Optional.empty();
      }
      images.add(image);
      at = end + 1;
    }
    return Optional.of(images);
  }

  /** Null for a line that nobody wrote like that. */
  private static @Nullable ListedImage line(String text, int start, int end) {
    List<String> fields = new ArrayList<>(FIELDS + 2);
    int at = start;
    while (at <= end) {
      int tab = text.indexOf('\t', at);
      int stop = tab < 0 || tab > end ? end : tab;
      fields.add(unescaped(text.substring(at, stop)));
      at = stop + 1;
    }
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
      Optional<List<ListedImage>> found = read(before.get());
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
    int at = field.indexOf('\\');
    if (at < 0) {
      return field;
    }
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
