package rkt.spec.store;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.image.ImageId;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciDescriptor;
import rkt.spec.json.StrictJson;

/** Where everything of a store is, what it is called, and who may change it now. spec/store.md */
final class StoreFiles {
  static final String IMAGE_JSON = "image.json";
  static final String ADMISSION_JSON = "admission.json";
  static final String PIN = "pin-";

  private static final int BUFFER = 256 << 10;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Path root;
  private final IndexFile index;
  private final ListFile list;

  StoreFiles(Path root) {
    this.root = root;
    this.index = new IndexFile(root.resolve("store/index.json"));
    this.list = new ListFile(root);
  }

  Path root() {
    return root;
  }

  Path blob(Digest digest) {
    return blobDirectory(digest).resolve(digest.hex());
  }

  Path imageDir(ImageId id) {
    return images().resolve(fileName(id.digest()));
  }

  /** Makes the directories, an empty index and the mark of a layout, where they are missing. */
  void create() throws IOException, SpecException {
    for (Digest.Algorithm algorithm : Digest.Algorithm.values()) {
      Durable.createDirectories(blobs().resolve(algorithm.label()));
    }
    Durable.createDirectories(tmp());
    Durable.createDirectories(images());
    Path layout = root.resolve("store/oci-layout");
    if (Files.exists(layout) && Files.exists(root.resolve("store/index.json"))) {
      return;
    }
    locked(() -> {
      Path scratch = tmp().resolve("new");
      Files.deleteIfExists(scratch);
      try {
        if (!Files.exists(root.resolve("store/index.json"))) {
          index.write(List.of(), scratch);
        }
        if (!Files.exists(layout)) {
          Durable.write(
              scratch, "{\"imageLayoutVersion\":\"1.0.0\"}".getBytes(StandardCharsets.US_ASCII));
          Durable.move(scratch, layout);
          Durable.sync(root.resolve("store"));
        }
      } finally {
        Files.deleteIfExists(scratch);
      }
      return layout;
    });
  }

  /** Something that is done while no other process changes the index. */
  interface Guarded<T> {
    T run() throws IOException, SpecException;
  }

  <T> T locked(Guarded<T> step) throws IOException, SpecException {
    FileLock lock = locks().take(StoreLocks.INDEX, PATIENCE);
    if (lock == null) {
      throw new IOException("another process has held its lock for " + PATIENCE.toSeconds() + " s");
    }
    try {
      return step.run();
    } finally {
      lock.release();
    }
  }

  StoreLocks locks() throws IOException {
    Durable.createDirectories(root.resolve("locks"));
    return StoreLocks.open(root.resolve("locks/store"));
  }

  IndexFile index() {
    return index;
  }

  /** What listings show; changes with the index. */
  ListFile list() {
    return list;
  }

  Path blobs() {
    return root.resolve("store/blobs");
  }

  Path blobDirectory(Digest digest) {
    return blobs().resolve(digest.algorithm().label());
  }

  Path tmp() {
    return root.resolve("store/tmp");
  }

  Path images() {
    return root.resolve("images");
  }

  static byte[] read(Path file, Digest digest) throws SpecException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(StrictJson.MAX_BYTES + 1);
      MessageDigest found = digest.algorithm().start();
      found.update(bytes);
      if (!Digest.of(digest.algorithm(), found).equals(digest)) {
        throw SpecException.integrity("the blob " + file + " was changed, or is no document");
      }
      return bytes;
    } catch (NoSuchFileException e) {
      throw SpecException.integrity("the blob " + digest + " is not in the store");
    } catch (IOException e) {
      throw SpecException.system("cannot read " + file + ": " + RktException.why(e), e);
    }
  }

  static Digest hash(Path file, Digest.Algorithm algorithm) throws IOException {
    MessageDigest digest = algorithm.start();
    byte[] buffer = new byte[BUFFER];
    try (InputStream in = Files.newInputStream(file)) {
      for (int read; (read = in.read(buffer)) >= 0; ) {
        digest.update(buffer, 0, read);
      }
    }
    return Digest.of(algorithm, digest);
  }

  /** The image that an entry of the index is; empty for a signature, and for what is not ours. */
  static Optional<ImageId> idOf(OciDescriptor entry) {
    String aci = entry.annotations().get(IndexFile.IMAGE_ID);
    try {
      if (aci != null) {
        return Optional.of(ImageId.parse(aci));
      }
      if (entry.annotations().containsKey(IndexFile.SUBJECT)
          || !MediaType.isManifest(entry.mediaType())) {
        return Optional.empty();
      }
      return Optional.of(new ImageId(ImageId.Kind.OCI, entry.digest()));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Whether the image is among the entries of an index. */
  static boolean contains(List<OciDescriptor> entries, ImageId image) {
    for (OciDescriptor entry : entries) {
      if (idOf(entry).equals(Optional.of(image))) {
        return true;
      }
    }
    return false;
  }

  static String fileName(Digest digest) {
    return digest.algorithm().label() + "-" + digest.hex();
  }

  /** The byte of the transaction in the directory {@code name}; -1 if it is none. */
  static long lockByte(String name) {
    String random = name.substring(name.lastIndexOf('-') + 1);
    try {
      return random.length() == 16 ? StoreLocks.byteOf(random) : -1;
    } catch (NumberFormatException e) {
      return -1;
    }
  }
}
