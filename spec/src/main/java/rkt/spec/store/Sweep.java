package rkt.spec.store;

import java.io.IOException;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import rkt.spec.Digest;
import rkt.spec.SpecException;
import rkt.spec.image.ImageId;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciDescriptor;
import rkt.spec.image.OciIndex;
import rkt.spec.image.OciManifest;

/** Removes what nothing refers to. spec/store.md#sweep */
final class Sweep {
  private final StoreFiles store;

  Sweep(StoreFiles store) {
    this.store = store;
  }

  /**
   * Removes the transactions whose process is gone.
   *
   * @return whether there were any
   */
  boolean abandoned() throws IOException {
    boolean found = false;
    for (Path directory : children(store.tmp())) {
      String name = String.valueOf(directory.getFileName());
      long position = StoreFiles.lockByte(name);
      if (position < 0) {
        found = true; // a stray file; it may be in use by whoever holds the lock of the index
        continue;
      }
      FileLock lock = store.locks().tryTake(position);
      if (lock != null) {
        Durable.deleteTree(directory);
        found = true;
        lock.release();
      }
    }
    return found;
  }

  /**
   * Removes blobs and image directories that no entry of the index refers to. The caller holds the
   * lock of the index.
   *
   * @return how many bytes of blobs went
   */
  long orphans() throws IOException, SpecException {
    for (Path stray : children(store.tmp())) {
      if (StoreFiles.lockByte(String.valueOf(stray.getFileName())) < 0) {
        Durable.deleteTree(stray);
      }
    }
    Set<String> images = new HashSet<>();
    Set<Digest> live = new HashSet<>();
    for (OciDescriptor entry : store.index().read()) {
      Optional<ImageId> id = StoreFiles.idOf(entry);
      if (id.isPresent()) {
        images.add(String.valueOf(store.imageDir(id.get()).getFileName()));
      }
      if (!mark(entry, live)) {
        return 0; // a manifest is damaged: nobody knows what it needs
      }
    }
    for (Path directory : children(store.images())) {
      if (!images.contains(String.valueOf(directory.getFileName()))) {
        Durable.deleteTree(directory);
      }
    }
    live.addAll(pinned());
    return removeBlobsBut(live);
  }

  /** Adds all that {@code entry} needs to {@code live}; false if that cannot be known. */
  private boolean mark(OciDescriptor entry, Set<Digest> live) {
    Set<OciDescriptor> pending = new LinkedHashSet<>(List.of(entry));
    try {
      while (!pending.isEmpty()) {
        OciDescriptor next = pending.iterator().next();
        pending.remove(next);
        if (!live.add(next.digest())) {
          continue;
        }
        byte[] bytes = StoreFiles.read(store.blob(next.digest()), next.digest());
        if (MediaType.isIndex(next.mediaType())) {
          pending.addAll(OciIndex.parse(bytes, next.mediaType(), "an index").manifests());
        } else {
          live.addAll(blobsOf(next, bytes));
        }
      }
      return true;
    } catch (SpecException e) {
      return false;
    }
  }

  /** The blobs that a manifest is made of, itself among them. */
  static Set<Digest> blobsOf(OciDescriptor manifest, byte[] bytes) throws SpecException {
    OciManifest parsed =
        OciManifest.parse(bytes, manifest.mediaType(), "the manifest " + manifest.digest());
    Set<Digest> blobs = new LinkedHashSet<>();
    blobs.add(manifest.digest());
    blobs.add(parsed.config().digest());
    for (OciDescriptor layer : parsed.layers()) {
      blobs.add(layer.digest());
    }
    return blobs;
  }

  /** What transactions under way have found in the store and count on. */
  private Set<Digest> pinned() throws IOException {
    Set<Digest> pinned = new HashSet<>();
    for (Path directory : children(store.tmp())) {
      for (Path file : children(directory)) {
        String name = String.valueOf(file.getFileName());
        if (name.startsWith(StoreFiles.PIN)) {
          pinned.add(Digest.parse(name.substring(StoreFiles.PIN.length()).replace('-', ':')));
        }
      }
    }
    return pinned;
  }

  private long removeBlobsBut(Set<Digest> live) throws IOException {
    long freed = 0;
    for (Digest.Algorithm algorithm : Digest.Algorithm.values()) {
      for (Path blob : children(store.blobs().resolve(algorithm.label()))) {
        String name = algorithm.label() + ":" + blob.getFileName();
        boolean kept = false;
        try {
          kept = live.contains(Digest.parse(name));
        } catch (IllegalArgumentException e) {
          kept = true; // not ours
        }
        if (!kept) {
          freed += Files.size(blob);
          Files.deleteIfExists(blob);
        }
      }
    }
    return freed;
  }

  /** What is in a directory; nothing if it is not there, or no directory. */
  static List<Path> children(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (DirectoryStream<Path> children = Files.newDirectoryStream(directory)) {
      List<Path> result = new ArrayList<>();
      children.forEach(result::add);
      return result;
    } catch (NoSuchFileException e) {
      return List.of();
    }
  }
}
