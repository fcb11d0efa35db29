package rkt.spec.store;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import rkt.spec.Digest;
import rkt.spec.ErrorClass;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.image.ChainId;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.spec.image.ImageJson;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciDescriptor;
import rkt.spec.image.OciManifest;

/**
 * The images of a data directory: {@code store/}, at all times a valid OCI image layout, and {@code
 * images/}. spec/store.md
 *
 * <p>Reading needs no lock and makes nothing; an absent store is an empty one. Several processes
 * and threads may use one store at once.
 */
public final class Store {
  /** How often something is read again that others change meanwhile. */
  private static final int LOOKS = 20;

  private final Clock clock;
  private final StoreFiles files;
  private final Lookup lookup;

  private Store(Path root, Clock clock) {
    this.clock = clock;
    this.files = new StoreFiles(root);
    this.lookup = new Lookup(this);
  }

  /** The store of the data directory {@code root}, which need not exist. */
  public static Store at(Path root) {
    return at(root, Clock.systemUTC());
  }

  /** The same, with another clock for the times of admission. */
  public static Store at(Path root, Clock clock) {
    return new Store(root.toAbsolutePath(), clock);
  }

  /** The data directory. */
  public Path root() {
    return files.root();
  }

  /** Where a blob is, or would be. */
  public Path blob(Digest digest) {
    return files.blob(digest);
  }

  /** Where the derived files of an image are, or would be: {@code images/sha512-…}. */
  public Path imageDir(ImageId id) {
    return files.imageDir(id);
  }

  /**
   * Opens a transaction. Makes the store if there is none, and clears away what crashed processes
   * left.
   */
  public Transaction begin() throws SpecException {
    try {
      files.create();
      sweep();
      String random = "%016x".formatted(ThreadLocalRandom.current().nextLong() & Long.MAX_VALUE);
      Path directory =
          files.tmp().resolve(ProcessHandle.current().pid() + "-" + startTime() + "-" + random);
      // Locked before it exists: no sweep can take it for a dead one.
      FileLock lock = files.locks().tryTake(StoreLocks.byteOf(random));
      if (lock == null) {
        throw new IOException("the lock of a new transaction is taken");
      }
      try {
        Durable.createDirectories(directory);
      } catch (IOException e) {
        Files.deleteIfExists(directory);
        throw e;
      }
      return new Transaction(this, directory, lock);
    } catch (IOException e) {
      throw SpecException.system(
          "cannot write to the store in " + root() + ": " + RktException.why(e), e);
    }
  }

  /**
   * The image that {@code text} means: an exact reference, a whole identifier, or the beginning of
   * one ({@code sha512-ab…}, {@code sha256:ab…}, at least two digits); else the newest one whose
   * reference is {@code text} and a tag.
   *
   * @throws SpecException of class usage if several identifiers begin so
   */
  public Optional<ImageId> find(String text) throws SpecException {
    return lookup.find(text);
  }

  /** The resolved image. */
  public Image image(ImageId id) throws SpecException {
    Path file = imageDir(id).resolve(StoreFiles.IMAGE_JSON);
    Image image = ImageJson.read(document(file, id), file.toString());
    if (!image.id().equals(id)) {
      throw SpecException.integrity(file + " is about another image: " + image.id());
    }
    return image;
  }

  /**
   * The resolved image under the name that it was asked for by. An OCI image may be here under
   * several, and its record has that of the last fetch; an ACI says its own. spec/image.md#names
   *
   * @param asked what {@link #find} found it by
   */
  public Image image(ImageId id, String asked) throws SpecException {
    Image image = image(id);
    if (id.kind() != ImageId.Kind.OCI) {
      return image;
    }
    ImageName name = ImageName.inReference(asked);
    boolean isBareTag =
        name != null
            && name.text().equals(asked)
            && asked.indexOf('/') < 0
            && stored(id).references().contains(asked);
    return name == null || isBareTag ? image : image.called(name);
  }

  /** How an image came into the store. */
  public Admission admission(ImageId id) throws SpecException {
    Path file = imageDir(id).resolve(StoreFiles.ADMISSION_JSON);
    return Admission.read(document(file, id), file.toString());
  }

  /** All that is known about an image. */
  public StoredImage stored(ImageId id) throws SpecException {
    return new StoredImage(image(id), references(id), admission(id));
  }

  /** The references that lead to an image; none if it is not here. */
  public List<String> references(ImageId id) throws SpecException {
    List<String> references = new ArrayList<>();
    for (OciDescriptor entry : files.index().read()) {
      if (StoreFiles.idOf(entry).equals(Optional.of(id)) && !IndexFile.reference(entry).isEmpty()) {
        references.add(IndexFile.reference(entry));
      }
    }
    return references;
  }

  /**
   * Every place that an image was let in from under a name; none if it is not here, or if its
   * record is damaged, which the next commit heals.
   */
  public List<String> sources(ImageId id, ImageName name) throws SpecException {
    if (!Files.exists(imageDir(id).resolve(StoreFiles.ADMISSION_JSON))) {
      return List.of();
    }
    try {
      return admission(id).sources(name.text());
    } catch (SpecException e) {
      if (e.errorClass() == ErrorClass.INTEGRITY) {
        return List.of();
      }
      throw e;
    }
  }

  /** The identifier of every image, in the order of the index; opens no image. */
  public List<ImageId> ids() throws SpecException {
    Set<ImageId> ids = new LinkedHashSet<>();
    for (OciDescriptor entry : files.index().read()) {
      Optional<ImageId> id = StoreFiles.idOf(entry);
      if (id.isPresent()) {
        ids.add(id.get());
      }
    }
    return List.copyOf(ids);
  }

  /**
   * What a listing shows of every image, in no particular order. Opens one file, where the last
   * change of the store or the last listing has made it, and not two for each image.
   */
  public List<ListedImage> listing() throws SpecException {
    return listing(image -> image);
  }

  /** What somebody makes of an image in a listing. */
  public interface Each<T> {
    /** Called once for each image, by two threads at once if there are many. */
    T of(ListedImage image);
  }

  /** The same with what {@code each} makes of the images. */
  public <T> List<T> listing(Each<T> each) throws SpecException {
    try {
      Optional<String> stamp = files.list().stamp();
      if (stamp.isEmpty()) {
        return List.of();
      }
      if (!files.list().isWorn()) {
        Optional<List<T>> known = files.list().read(stamp.get(), each);
        if (known.isPresent()) {
          return known.get();
        }
      }
      List<ListedImage> images = listed(stamp.get());
      List<T> made = new ArrayList<>();
      for (ListedImage image : images) {
        made.add(each.of(image));
      }
      return made;
    } catch (IOException e) {
      throw SpecException.system(
          "cannot list the images in " + root() + ": " + RktException.why(e), e);
    }
  }

  /**
   * Where the text of a listing is kept, if there are so many images that this is worth it. Ask
   * before the listing: what is made of one is of the state of this moment, or found by nobody.
   *
   * @param form what the text says of the images, and how; a line
   */
  public Optional<ListingText> listingText(String form) throws SpecException {
    try {
      return ListingText.of(root(), files.list(), form);
    } catch (IOException e) {
      throw SpecException.system(
          "cannot list the images in " + root() + ": " + RktException.why(e), e);
    }
  }

  /** Writes the text, if it is kept; whether it is. */
  public boolean write(ListingText text, OutputStream out) throws SpecException {
    try {
      return text.writeTo(out);
    } catch (IOException e) {
      throw SpecException.system(
          "cannot list the images in " + root() + ": " + RktException.why(e), e);
    }
  }

  /** Keeps the text for whoever lists next, where the store can be written to. */
  public void keep(ListingText text, byte[] bytes) {
    if (!Files.isWritable(files.tmp())) {
      return;
    }
    try (Transaction scratch = begin()) {
      text.keep(bytes, scratch.scratch(""));
    } catch (IOException | SpecException e) {
      return; // it was printed all the same, and the next listing tries again
    }
  }

  /** The images, from a list that is made anew if that can be. */
  private List<ListedImage> listed(String stamp) throws IOException, SpecException {
    List<ListedImage> images = new ArrayList<>();
    Optional<List<ListedImage>> known = files.list().read(stamp, image -> image);
    if (known.isPresent()) {
      images.addAll(known.get());
    } else {
      for (StoredImage image : list()) {
        images.add(ListedImage.of(image));
      }
    }
    if (images.isEmpty() || !Files.isWritable(files.tmp())) {
      return files.list().asked(images);
    }
    try (Transaction scratch = begin()) {
      // Whoever changes the index meanwhile makes the list, too: nobody waits for them.
      FileLock lock = files.locks().take(StoreLocks.INDEX, Duration.ZERO);
      if (lock == null) {
        return files.list().asked(images);
      }
      try {
        // What came between the stamp and the reading is of another stamp, and made again.
        return files.list().renew(stamp, images, scratch.scratch(""));
      } finally {
        lock.release();
      }
    }
  }

  /**
   * Says that the image was used now, for {@code rkt image gc} and for listings. Few system calls:
   * a start pays for them.
   */
  public void markUsed(ImageId id, Instant now) {
    // java.io: the other way to set a time loads classes that a start needs for nothing else. That
    // a store cannot be written to is no reason not to run what is in it.
    String directory = StoreFiles.fileName(id.digest());
    File file = new File(new File(files.images().toFile(), directory), StoreFiles.IMAGE_JSON);
    if (file.setLastModified(now.toEpochMilli())) {
      files.list().noteUse(directory);
    }
  }

  /** When the image was last fetched or run; when it came, if it has been removed meanwhile. */
  public Instant lastUsed(ListedImage image) {
    long millis = files.list().usedMillis(image.id());
    return millis == 0
        ? Instant.ofEpochSecond(image.importedSeconds())
        : Instant.ofEpochMilli(millis);
  }

  /** The bytes of all blobs, whoever needs them. */
  public long sizeBytes() throws SpecException {
    long size = 0;
    try {
      for (Digest.Algorithm algorithm : Digest.Algorithm.values()) {
        for (Path blob : Sweep.children(files.blobs().resolve(algorithm.label()))) {
          size += blob.toFile().length();
        }
      }
      return size;
    } catch (IOException e) {
      throw SpecException.system("cannot read " + files.blobs() + ": " + RktException.why(e), e);
    }
  }

  /**
   * Requires that the image is in the store: what failed about one that is not was no damage.
   *
   * @throws SpecException of class not-found if it is not
   */
  public void requireHere(ImageId id) throws SpecException {
    if (!isHere(id)) {
      throw SpecException.notFound("no image " + id + " is in the store any more", null);
    }
  }

  /** Whether the image is in the store now. */
  public boolean isHere(ImageId id) throws SpecException {
    return StoreFiles.contains(files.index().read(), id) && Files.isDirectory(imageDir(id));
  }

  /** Every image, in the order in which they came. */
  public List<StoredImage> list() throws SpecException {
    Map<String, List<String>> references = new TreeMap<>();
    for (OciDescriptor entry : files.index().read()) {
      Optional<ImageId> id = StoreFiles.idOf(entry);
      if (id.isPresent() && Files.exists(imageDir(id.get()))) {
        List<String> names =
            references.computeIfAbsent(id.get().toString(), _ -> new ArrayList<>());
        if (!IndexFile.reference(entry).isEmpty()) {
          names.add(IndexFile.reference(entry));
        }
      }
    }
    List<StoredImage> images = new ArrayList<>();
    for (Map.Entry<String, List<String>> entry : references.entrySet()) {
      ImageId id = ImageId.parse(entry.getKey());
      StoredImage image = unlessRemoved(id, entry.getValue());
      if (image != null) {
        images.add(image);
      }
    }
    images.sort((a, b) -> a.admission().imported().compareTo(b.admission().imported()));
    return images;
  }

  /** An image that the index listed when it was read; null if it has been removed since. */
  private @Nullable StoredImage unlessRemoved(ImageId id, List<String> references)
      throws SpecException {
    for (int i = 0; ; i++) {
      try {
        return new StoredImage(image(id), references, admission(id));
      } catch (SpecException e) {
        if (!isHere(id)) {
          return null;
        }
        // Removed and fetched again while we looked, it is there the next time.
        if (i == LOOKS || e.errorClass() != ErrorClass.NOT_FOUND) {
          throw e;
        }
      }
    }
  }

  /** The digests of the detached signatures that belong to the manifest {@code subject}. */
  public List<Digest> signatures(Digest subject) throws SpecException {
    for (int i = 0; ; i++) {
      List<OciDescriptor> entries = files.index().read();
      try {
        return signatures(subject, entries);
      } catch (SpecException e) {
        requireChanged(entries, i, e);
      }
    }
  }

  /**
   * Throws {@code e}, unless the index is another one by now: then what it is about was replaced
   * together with the old one, and the new one is to be asked.
   */
  private void requireChanged(List<OciDescriptor> entries, int times, SpecException e)
      throws SpecException {
    if (times == LOOKS
        || e.errorClass() != ErrorClass.INTEGRITY
        || files.index().read().equals(entries)) {
      throw e;
    }
  }

  private List<Digest> signatures(Digest subject, List<OciDescriptor> entries)
      throws SpecException {
    List<Digest> signatures = new ArrayList<>();
    for (OciDescriptor entry : entries) {
      if (subject.toString().equals(entry.annotations().get(IndexFile.SUBJECT))
          && !Statements.isOne(entry)) {
        OciManifest manifest =
            OciManifest.parse(read(entry.digest()), entry.mediaType(), "a signature");
        for (OciDescriptor layer : manifest.layers()) {
          // An index that another tool wrote may have lost what its entries are.
          if (!Statements.isStatement(layer.mediaType())) {
            signatures.add(layer.digest());
          }
        }
      }
    }
    return signatures;
  }

  /**
   * The statements about the manifest {@code subject}: the layers that hold them, within the limits
   * of {@link Statements}: first those that were made here, the newest first, then the others in
   * the order in which they were stored. {@link #read} gives their bytes.
   */
  public List<OciDescriptor> statements(Digest subject) throws SpecException {
    return beside(subject, false);
  }

  /**
   * The indexes that the source of the manifest {@code subject} had, and that statements may be
   * about. That they are here says nothing of what they list. spec/store.md#indexes
   */
  public List<OciDescriptor> indexes(Digest subject) throws SpecException {
    return beside(subject, true);
  }

  private List<OciDescriptor> beside(Digest subject, boolean indexes) throws SpecException {
    for (int i = 0; ; i++) {
      List<OciDescriptor> entries = files.index().read();
      try {
        return beside(attached(subject, entries), indexes);
      } catch (SpecException e) {
        requireChanged(entries, i, e);
      }
    }
  }

  private List<OciDescriptor> beside(List<OciDescriptor> attached, boolean indexes)
      throws SpecException {
    // Whatever a source has, it leaves room for what was made here.
    List<OciDescriptor> layers = local(attached);
    layers.addAll(fetched(attached));
    List<OciDescriptor> wanted = new ArrayList<>();
    for (OciDescriptor layer : Statements.bounded(layers)) {
      if (MediaType.isIndex(layer.mediaType()) == indexes) {
        wanted.add(layer);
      }
    }
    return wanted;
  }

  /** The statements in those of {@code attached} that were made here, the newest first. */
  private List<OciDescriptor> local(List<OciDescriptor> attached) throws SpecException {
    List<OciDescriptor> layers = new ArrayList<>();
    for (OciDescriptor entry : attached.reversed()) {
      if (entry.annotations().containsKey(IndexFile.LOCAL)) {
        layers.addAll(statementsOf(entry));
      }
    }
    return layers;
  }

  /**
   * Whether one more statement about the manifest {@code subject} can be kept that is made here,
   * and none is lost of those that were.
   */
  public boolean hasRoomFor(Digest subject, long sizeBytes) throws SpecException {
    List<OciDescriptor> local = local(attached(subject));
    long left = Statements.LARGEST_TOGETHER;
    for (OciDescriptor layer : local) {
      left -= layer.sizeBytes();
    }
    return local.size() < Statements.MOST && sizeBytes <= Statements.LARGEST && sizeBytes <= left;
  }

  /** All of both that came with the image, and not from this host. */
  public List<OciDescriptor> fetchedStatements(Digest subject) throws SpecException {
    for (int i = 0; ; i++) {
      List<OciDescriptor> entries = files.index().read();
      try {
        return Statements.bounded(fetched(attached(subject, entries)));
      } catch (SpecException e) {
        requireChanged(entries, i, e);
      }
    }
  }

  private List<OciDescriptor> fetched(List<OciDescriptor> attached) throws SpecException {
    List<OciDescriptor> layers = new ArrayList<>();
    for (OciDescriptor entry : attached) {
      if (!entry.annotations().containsKey(IndexFile.LOCAL)) {
        layers.addAll(statementsOf(entry));
      }
    }
    return layers;
  }

  /** The layers of an artifact of statements; none if it is another. */
  private List<OciDescriptor> statementsOf(OciDescriptor entry) throws SpecException {
    // An index that another tool wrote may have lost what its entries are.
    boolean may = Statements.isOne(entry) || entry.artifactType().isEmpty();
    return may
        ? OciManifest.parse(read(entry.digest()), entry.mediaType(), "a statement").layers()
        : List.of();
  }

  /** The manifests of signatures, and of whatever else belongs to the manifest {@code subject}. */
  public List<OciDescriptor> attached(Digest subject) throws SpecException {
    return attached(subject, files.index().read());
  }

  private static List<OciDescriptor> attached(Digest subject, List<OciDescriptor> entries) {
    List<OciDescriptor> attached = new ArrayList<>();
    for (OciDescriptor entry : entries) {
      if (subject.toString().equals(entry.annotations().get(IndexFile.SUBJECT))) {
        attached.add(entry);
      }
    }
    return attached;
  }

  /** A small document among the blobs, its digest checked. */
  public byte[] read(Digest digest) throws SpecException {
    return StoreFiles.read(blob(digest), digest);
  }

  /** Removes an image, its signatures, and the blobs that nothing else needs. */
  public Removal remove(ImageId id) throws SpecException {
    List<Digest> chains = chains(id);
    try (Transaction scratch = begin()) {
      return removal(id, chains, files.locked(() -> unlist(id, scratch)));
    } catch (IOException e) {
      throw cannotRemove(id, e);
    }
  }

  /**
   * The same, unless the image is not here any more, or was fetched or used after {@code lastUsed}:
   * empty then.
   */
  public Optional<Removal> removeIfUnused(ImageId id, Instant lastUsed) throws SpecException {
    List<Digest> chains = chains(id);
    String text = id.toString();
    try (Transaction scratch = begin()) {
      // Under the lock no fetch brings it back, which would say that it was used.
      long freed =
          files.locked(() -> {
            boolean unused = isHere(id) && files.list().usedMillis(text) <= lastUsed.toEpochMilli();
            return unused ? unlist(id, scratch) : -1L;
          });
      return freed < 0 ? Optional.empty() : Optional.of(removal(id, chains, freed));
    } catch (IOException e) {
      throw cannotRemove(id, e);
    }
  }

  private static SpecException cannotRemove(ImageId id, IOException e) {
    return SpecException.system("cannot remove " + id + ": " + RktException.why(e), e);
  }

  private Removal removal(ImageId id, List<Digest> chains, long freed) throws SpecException {
    Set<Digest> used = new HashSet<>();
    for (StoredImage other : list()) {
      used.addAll(ChainId.of(other.image().layers()));
    }
    List<Digest> unused = new ArrayList<>(chains);
    unused.removeAll(used);
    return new Removal(id, unused, freed);
  }

  /** The chain ids of an image; none if its document is damaged, which must not keep it here. */
  private List<Digest> chains(ImageId id) throws SpecException {
    try {
      return ChainId.of(image(id).layers());
    } catch (SpecException e) {
      if (e.errorClass() == ErrorClass.INTEGRITY) {
        return List.of();
      }
      throw e;
    }
  }

  private long unlist(ImageId id, Transaction scratch) throws IOException, SpecException {
    List<OciDescriptor> entries = files.index().read();
    Set<String> manifests = new HashSet<>();
    for (OciDescriptor entry : entries) {
      if (StoreFiles.idOf(entry).equals(Optional.of(id))) {
        manifests.add(entry.digest().toString());
      }
    }
    List<OciDescriptor> kept = new ArrayList<>();
    for (OciDescriptor entry : entries) {
      String subject = entry.annotations().getOrDefault(IndexFile.SUBJECT, "");
      if (!manifests.contains(entry.digest().toString()) && !manifests.contains(subject)) {
        kept.add(entry);
      }
    }
    Optional<String> before = files.list().stamp();
    files.index().write(kept, scratch.scratch("index.json"));
    files.list().update(before, kept, Optional.empty(), scratch.scratch(""));
    if (Files.isDirectory(imageDir(id))) {
      // In one step, so that whoever reads finds all of it or nothing; it goes with the scratch.
      Durable.move(imageDir(id), scratch.scratch("removed"));
    }
    return new Sweep(files).orphans();
  }

  /**
   * Whether no blob of the image was written to, renamed or replaced since its digest was last
   * checked; costs one stat for each blob. If not, {@link #rehash}.
   */
  public boolean blobsUntouched(Image image) throws SpecException {
    for (BlobStat before : admission(image.id()).blobs()) {
      try {
        if (!BlobStat.of(before.digest(), blob(before.digest())).isUnchangedSince(before)) {
          return false;
        }
      } catch (IOException e) {
        return false;
      }
    }
    return true;
  }

  /**
   * Reads every blob of the image and checks its digest; remembers that it was right.
   *
   * @throws SpecException of class integrity if one is not
   */
  public void rehash(Image image) throws SpecException {
    Admission admission = admission(image.id());
    List<BlobStat> stats = new ArrayList<>();
    for (Digest digest : admission.digests()) {
      Path blob = blob(digest);
      try {
        BlobStat before = BlobStat.of(digest, blob);
        Digest found = StoreFiles.hash(blob, digest.algorithm());
        if (!found.equals(digest)) {
          throw SpecException.integrity(
              "the blob " + blob + " of " + image.id() + " was changed: its digest is " + found);
        }
        stats.add(before);
      } catch (IOException e) {
        requireHere(image.id());
        throw SpecException.integrity(
            "the blob " + blob + " of " + image.id() + " cannot be read: " + RktException.why(e));
      }
    }
    remember(
        image.id(),
        new Admission(
            admission.imported(),
            admission.source(),
            admission.insecure(),
            admission.places(),
            stats));
  }

  /**
   * Reads and hashes everything that the store has of an image. Repairs nothing, and remembers
   * nothing.
   */
  public ImageReport check(ImageId id) throws SpecException {
    return new StoreCheck(this).check(id);
  }

  /** Removes what crashed processes left in the store. */
  public void sweep() throws SpecException {
    try {
      if (new Sweep(files).abandoned()) {
        files.locked(() -> new Sweep(files).orphans());
      }
    } catch (IOException e) {
      throw SpecException.system("cannot clean up " + files.tmp() + ": " + RktException.why(e), e);
    }
  }

  private void remember(ImageId id, Admission admission) throws SpecException {
    try (Transaction scratch = begin()) {
      Path file = scratch.scratch("admission.json");
      Durable.write(file, admission.json());
      files.locked(() -> {
        requireHere(id);
        Durable.move(file, imageDir(id).resolve(StoreFiles.ADMISSION_JSON));
        return file;
      });
    } catch (IOException e) {
      throw SpecException.system("cannot update " + imageDir(id) + ": " + RktException.why(e), e);
    }
  }

  /** Says whether something is still so; asked while nobody changes the index. */
  public interface Condition {
    boolean holds() throws SpecException;
  }

  /**
   * Keeps a derived file beside an image, whole or not at all; nothing if the image is not here any
   * more, or {@code condition} does not hold.
   *
   * @param name of the file, in {@link #imageDir}
   */
  public void keepBeside(ImageId id, String name, byte[] bytes, Condition condition)
      throws SpecException {
    try (Transaction scratch = begin()) {
      Path draft = scratch.scratch(name);
      Durable.writeUnsynced(draft, bytes);
      files.locked(() -> {
        if (isHere(id) && condition.holds()) {
          Durable.move(draft, imageDir(id).resolve(name));
        }
        return draft;
      });
    } catch (IOException e) {
      throw SpecException.system(
          "cannot write " + imageDir(id).resolve(name) + ": " + RktException.why(e), e);
    }
  }

  private static byte[] document(Path file, ImageId id) throws SpecException {
    try {
      return Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw SpecException.notFound("no image " + id + " is in the store", null);
    } catch (IOException e) {
      throw SpecException.system("cannot read " + file + ": " + RktException.why(e), e);
    }
  }

  private static long startTime() {
    return ProcessHandle.current().info().startInstant().map(Instant::toEpochMilli).orElse(0L);
  }

  /** The time by the clock that admissions are dated with. */
  public Instant now() {
    return clock.instant();
  }

  StoreFiles files() {
    return files;
  }
}
