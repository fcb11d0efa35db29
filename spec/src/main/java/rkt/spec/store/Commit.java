package rkt.spec.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.image.ImageId;
import rkt.spec.image.ImageJson;
import rkt.spec.image.OciDescriptor;

/**
 * The steps that make a transaction visible, under the lock of the index. The order is that of
 * dependence: blobs, then the image's directory, then the entry in the index. A crash between two
 * of them leaves things that nothing refers to, and that the next sweep removes.
 * spec/store.md#transactions
 */
final class Commit {
  private final StoreFiles store;
  private final Path scratch;
  private final Set<Digest> staged;
  private final Instant now;

  Commit(StoreFiles store, Path scratch, Set<Digest> staged, Instant now) {
    this.now = now;
    this.store = store;
    this.scratch = scratch;
    this.staged = staged;
  }

  void run(Entry entry) throws SpecException {
    try {
      store.locked(() -> {
        try {
          // What a start relies on is checked at each start; a statement when somebody reads it.
          List<OciDescriptor> relied = new ArrayList<>();
          List<OciDescriptor> statements = new ArrayList<>();
          for (OciDescriptor attached : entry.attached()) {
            (Statements.isOne(attached) ? statements : relied).add(attached);
          }
          relied.add(entry.manifest());
          Set<Digest> blobs = blobsOf(entry.image().id(), relied);
          publish(blobs);
          publish(blobsOf(entry.image().id(), statements));
          Admission admission = admit(entry, blobs);
          record(entry, admission);
          return blobs;
        } catch (IOException | SpecException e) {
          undo(e);
          throw e;
        }
      });
    } catch (IOException e) {
      throw SpecException.system(
          "cannot admit " + entry.image().id() + " into the store: " + RktException.why(e), e);
    }
  }

  /** Adds what was made here to what is beside a stored image. */
  void attach(ImageId image, List<OciDescriptor> attached) throws SpecException {
    try {
      store.locked(() -> {
        try {
          List<OciDescriptor> before = store.index().read();
          if (!StoreFiles.contains(before, image)) {
            throw SpecException.notFound("no image " + image + " is in the store any more", null);
          }
          Set<Digest> blobs = blobsOf(image, attached);
          publish(blobs);
          Optional<String> stamp = store.list().stamp();
          List<OciDescriptor> entries = withLocal(before, attached);
          store.index().write(entries, scratch.resolve("index.json"));
          store.list().update(stamp, entries, Optional.empty(), scratch);
          return blobs;
        } catch (IOException | SpecException e) {
          undo(e);
          throw e;
        }
      });
    } catch (IOException e) {
      throw SpecException.system(
          "cannot keep what was signed about " + image + ": " + RktException.why(e), e);
    }
  }

  private static List<OciDescriptor> withLocal(
      List<OciDescriptor> entries, List<OciDescriptor> attached) {
    List<OciDescriptor> result = new ArrayList<>();
    for (OciDescriptor entry : entries) {
      if (!IndexFile.contains(attached, entry.digest())) {
        result.add(entry);
      }
    }
    for (OciDescriptor entry : attached) {
      result.add(IndexFile.annotated(entry, IndexFile.LOCAL, "true"));
    }
    return result;
  }

  private Set<Digest> blobsOf(ImageId image, List<OciDescriptor> manifests) throws SpecException {
    Set<Digest> blobs = new LinkedHashSet<>();
    for (OciDescriptor manifest : manifests) {
      Path file = staged.contains(manifest.digest()) ? inScratch(manifest.digest()) : null;
      byte[] bytes =
          StoreFiles.read(file == null ? store.blob(manifest.digest()) : file, manifest.digest());
      blobs.addAll(Sweep.blobsOf(manifest, bytes));
    }
    for (Digest blob : blobs) {
      if (!staged.contains(blob) && !Files.exists(store.blob(blob))) {
        throw SpecException.integrity("the blob " + blob + " of " + image + " is not in the store");
      }
    }
    return blobs;
  }

  /** Renames over what is there: that is how a damaged blob is healed. */
  private void publish(Set<Digest> blobs) throws IOException {
    Set<Path> directories = new LinkedHashSet<>();
    for (Digest blob : blobs) {
      if (staged.contains(blob)) {
        Path target = store.blob(blob);
        Durable.move(inScratch(blob), target);
        directories.add(store.blobDirectory(blob));
      }
    }
    for (Path directory : directories) {
      Durable.sync(directory);
    }
  }

  private Admission admit(Entry entry, Set<Digest> blobs) throws IOException {
    List<BlobStat> stats = new ArrayList<>();
    for (Digest blob : blobs) {
      stats.add(BlobStat.of(blob, store.blob(blob)));
    }
    Map<String, byte[]> files = new LinkedHashMap<>(entry.beside());
    files.put(StoreFiles.IMAGE_JSON, ImageJson.write(entry.image()));
    Admission admission =
        new Admission(now, entry.source(), entry.insecure(), places(entry), stats);
    files.put(StoreFiles.ADMISSION_JSON, admission.json());
    Path target = store.imageDir(entry.image().id());
    Path made = scratch.resolve("image");
    Durable.createDirectories(made);
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      Durable.write(made.resolve(file.getKey()), file.getValue());
    }
    if (Files.isDirectory(target)) {
      for (String name : files.keySet()) {
        Durable.move(made.resolve(name), target.resolve(name));
      }
      Durable.sync(target);
    } else {
      Durable.sync(made);
      Durable.move(made, target);
      Durable.sync(store.images());
    }
    return admission;
  }

  /** Who let it in unseen says nothing about the place. */
  private List<Admission.Place> places(Entry entry) throws IOException {
    List<Admission.Place> before = List.of();
    Path file = store.imageDir(entry.image().id()).resolve(StoreFiles.ADMISSION_JSON);
    try {
      before = Admission.read(Files.readAllBytes(file), file.toString()).places();
    } catch (NoSuchFileException e) {
      // A new image.
    } catch (SpecException e) {
      // A damaged record, which this fetch heals.
    }
    return entry.insecure()
        ? before
        : Admission.places(
            before, new Admission.Place(entry.image().name().text(), entry.source()));
  }

  private void record(Entry entry, Admission admission) throws IOException, SpecException {
    List<OciDescriptor> known = store.index().read();
    List<OciDescriptor> entries = known;
    if (entry.renews()) {
      entries = Statements.withoutFetched(entries, entry.manifest().digest(), entry.attached());
    }
    boolean replaced = entries.size() < known.size();
    entries = IndexFile.with(entries, entry.manifest(), entry.references());
    for (OciDescriptor attached : entry.attached()) {
      entries = IndexFile.with(entries, attached, List.of());
    }
    Optional<String> before = store.list().stamp();
    store.index().write(entries, scratch.resolve("index.json"));
    StoredImage image = new StoredImage(entry.image(), entry.references(), admission);
    store.list().update(before, entries, Optional.of(ListedImage.of(image)), scratch);
    if (replaced) {
      new Sweep(store).orphans();
    }
  }

  private void undo(Exception failure) {
    try {
      new Sweep(store).orphans();
    } catch (IOException | SpecException e) {
      failure.addSuppressed(e);
    }
  }

  private Path inScratch(Digest digest) {
    return scratch.resolve(StoreFiles.fileName(digest));
  }
}
