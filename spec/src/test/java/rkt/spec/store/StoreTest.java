package rkt.spec.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rkt.spec.Digest;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciDescriptor;

final class StoreTest {
  @TempDir Path directory;

  @Test
  void anAbsentStoreIsAnEmptyOneAndReadingDoesNotMakeIt() throws Exception {
    Store store = Store.at(directory.resolve("data"));
    assertThat(store.list()).isEmpty();
    assertThat(store.find("example.com/sample:1")).isEmpty();
    assertThat(directory.resolve("data")).doesNotExist();
  }

  @Test
  void aCommittedImageIsFoundByReferenceIdentifierAndPrefix() throws Exception {
    Store store = Store.at(directory);
    SampleImage sample = commit(store, "one", "example.com/sample:1");
    ImageId id = sample.image().id();
    assertThat(store.find("example.com/sample:1")).contains(id);
    assertThat(store.find("example.com/sample")).contains(id);
    assertThat(store.find("example.com/sam")).isEmpty();
    assertThat(store.find(id.toString())).contains(id);
    assertThat(store.find(id.toString().substring(0, 12))).contains(id);
    assertThat(store.image(id)).isEqualTo(sample.image());
    assertThat(store.stored(id).references()).containsExactly("example.com/sample:1");
    assertThat(store.admission(id).source()).isEqualTo("test");
    assertThat(store.root().resolve("store/tmp")).isEmptyDirectory();
  }

  @Test
  void aPrefixThatIsTooShortOrMeansSeveralIsAUsageError() throws Exception {
    Store store = Store.at(directory);
    assertThatThrownBy(() -> store.find("sha256:a")).satisfies(this::isUsage);
    Set<String> starts = new TreeSet<>();
    for (int i = 0; i < 257; i++) {
      String id = commit(store, "image " + i, "example.com/sample:" + i).image().id().toString();
      String start = id.substring(0, 9);
      if (!starts.add(start)) {
        assertThatThrownBy(() -> store.find(start)).satisfies(this::isUsage);
        return;
      }
    }
  }

  @Test
  void aReferenceMovesAndTheImageThatLostItStays() throws Exception {
    Store store = Store.at(directory);
    ImageId first = commit(store, "one", "example.com/sample:1").image().id();
    ImageId second = commit(store, "two", "example.com/sample:1").image().id();
    assertThat(store.find("example.com/sample:1")).contains(second);
    assertThat(store.find(first.toString())).contains(first);
    assertThat(store.stored(first).references()).isEmpty();
    assertThat(store.list()).hasSize(2);
  }

  @Test
  void closingWithoutACommitLeavesEveryByteAsItWas() throws Exception {
    Store store = Store.at(directory);
    commit(store, "one", "example.com/sample:1");
    Map<String, String> before = snapshot();
    try (Transaction transaction = store.begin()) {
      SampleImage.add(transaction, "two");
    }
    assertThat(snapshot()).isEqualTo(before);
  }

  @Test
  void wrongBytesAreRefusedAndNotKept() throws Exception {
    Store store = Store.at(directory);
    try (Transaction transaction = store.begin()) {
      Digest digest = Digest.sha256(bytes("right"));
      assertThatThrownBy(() -> transaction.add(stream("wrong"), digest, 5))
          .hasMessageContaining("arrived as")
          .satisfies(this::isIntegrity);
      assertThatThrownBy(() -> transaction.add(stream("right, and more"), digest, 5))
          .hasMessageContaining("more than the 5 bytes")
          .satisfies(this::isIntegrity);
      assertThatThrownBy(() -> transaction.add(stream("rig"), digest, 5))
          .hasMessageContaining("ended after 3 of 5")
          .satisfies(this::isIntegrity);
      assertThat(transaction.has(digest)).isFalse();
    }
  }

  @Test
  void readingStopsOneBytePastTheAnnouncedSize() throws Exception {
    ByteArrayInputStream endless = new ByteArrayInputStream(new byte[10 << 20]);
    try (Transaction transaction = Store.at(directory).begin()) {
      assertThatThrownBy(() -> transaction.add(endless, Digest.sha256(new byte[0]), 5))
          .satisfies(this::isIntegrity);
    }
    assertThat(endless.available()).isEqualTo((10 << 20) - 6);
  }

  @Test
  void whatACrashLeftIsSweptWhenTheNextTransactionBegins() throws Exception {
    Store store = Store.at(directory);
    commit(store, "one", "example.com/sample:1");
    Map<String, String> before = snapshot();
    Path dead = directory.resolve("store/tmp/1-2-00000000000000ab");
    Files.createDirectories(dead.resolve("image"));
    Files.writeString(dead.resolve("part-1"), "half a layer");
    Digest orphan = Digest.sha256(bytes("renamed, but never recorded"));
    Files.writeString(store.blob(orphan), "renamed, but never recorded");
    Files.createDirectory(directory.resolve("images/sha256-" + orphan.hex()));
    store.begin().close();
    assertThat(snapshot()).isEqualTo(before);
  }

  @Test
  void theSweepLeavesTransactionsUnderWayAlone() throws Exception {
    Store store = Store.at(directory);
    try (Transaction slow = store.begin()) {
      SampleImage sample = SampleImage.add(slow, "one");
      Files.createDirectory(directory.resolve("store/tmp/1-2-00000000000000ab"));
      Store.at(directory).sweep();
      slow.commit(sample.entry("example.com/sample:1"));
    }
    assertThat(store.find("example.com/sample:1")).isPresent();
  }

  @Test
  void aBlobThatATransactionFoundSurvivesTheRemovalOfItsImage() throws Exception {
    Store store = Store.at(directory);
    SampleImage sample = commit(store, "one", "example.com/sample:1");
    try (Transaction transaction = store.begin()) {
      assertThat(transaction.has(sample.layer())).isTrue();
      store.remove(sample.image().id());
      transaction.commit(SampleImage.add(transaction, "one").entry("example.com/sample:2"));
    }
    assertThat(store.find("example.com/sample:2")).contains(sample.image().id());
    assertThat(Files.readString(store.blob(sample.layer()))).isEqualTo("one");
  }

  @Test
  void aListingIsRightAfterEveryChangeAndReadsOneFile() throws Exception {
    Store store = Store.at(directory);
    SampleImage first = commit(store, "one", "with\ta tab\\");
    SampleImage second = commit(store, "two", "example.com/a:1");
    Path list = directory.resolve("images.list");
    for (int round = 0; round < 2; round++) {
      assertThat(store.listing())
          .extracting(ListedImage::id, ListedImage::references)
          .containsExactlyInAnyOrder(
              tuple(first.image().id().toString(), List.of("with\ta tab\\")),
              tuple(second.image().id().toString(), List.of("example.com/a:1")));
      Files.writeString(list, round == 0 ? "rkt-list 1 of another index\n" : "");
    }
    store.remove(first.image().id());
    assertThat(store.listing())
        .extracting(ListedImage::id)
        .containsExactly(second.image().id().toString());
    assertThat(list).content().endsWith("\texample.com/a:1\n");
    Path document = store.imageDir(second.image().id()).resolve("admission.json");
    Files.writeString(document, "never looked at");
    assertThat(store.listing()).hasSize(1);
  }

  @Test
  void aStoreHoldsMoreImagesThanOneFetchedIndexMayName() throws Exception {
    Store store = Store.at(directory);
    SampleImage image = commit(store, "one", "example.com/a:1");
    StringBuilder index =
        new StringBuilder(Files.readString(directory.resolve("store/index.json")));
    int end = index.lastIndexOf("]");
    String entry = "," + index.substring(index.indexOf("[") + 1, end);
    for (int i = 0; index.length() < 5 << 20; i++) {
      index.insert(index.lastIndexOf("]"), entry.replace("example.com/a:1", "example.com/a:" + i));
    }
    Files.writeString(directory.resolve("store/index.json"), index);
    assertThat(store.listing()).hasSize(1);
    assertThat(store.find("example.com/a:1")).contains(image.image().id());
    commit(store, "two", "example.com/b:1");
    assertThat(store.listing()).hasSize(2);
  }

  @Test
  void anImageIsMarkedAsUsed() throws Exception {
    Store store = Store.at(directory);
    SampleImage image = commit(store, "one", "example.com/a:1");
    java.time.Instant when = java.time.Instant.parse("2031-05-06T07:08:09Z");
    store.markUsed(image.image().id(), when);
    assertThat(store.lastUsed(store.listing().get(0))).isEqualTo(when);
  }

  @Test
  void aListingAsksOnlyThoseImagesThatWereUsedSinceTheListWasMade() throws Exception {
    Store store = Store.at(directory);
    ImageId first = commit(store, "one", "example.com/a:1").image().id();
    ImageId second = commit(store, "two", "example.com/b:1").image().id();
    store.markUsed(first, java.time.Instant.ofEpochSecond(1000));
    touch(store, second, 2000);
    assertThat(uses(store)).containsEntry(first, 1000L).doesNotContainEntry(second, 2000L);

    Path noted = directory.resolve("images.used");
    assertThat(noted).content().endsWith("-" + first.digest().hex() + "\n");
    Files.delete(noted);
    assertThat(uses(store)).as("what nobody noted").containsEntry(second, 2000L);
    assertThat(noted).as("noted from now on").isEmptyFile();
    assertThat(uses(store)).containsEntry(first, 1000L).containsEntry(second, 2000L);

    Files.writeString(noted, "sha512-of-an-image-that-is-gone\n".repeat(3000));
    touch(store, second, 3000);
    assertThat(uses(store)).as("with a new list").containsEntry(second, 3000L);
    assertThat(noted).isEmptyFile();
    commit(store, "three", "example.com/c:1");
    assertThat(uses(store)).hasSize(3).containsEntry(first, 1000L).containsEntry(second, 3000L);

    Files.writeString(noted, "sha512-of-an-image-that-is-gone\n".repeat(40_000));
    store.markUsed(second, java.time.Instant.ofEpochSecond(4000));
    assertThat(noted).as("more than anybody needs").doesNotExist();
    assertThat(uses(store)).containsEntry(second, 4000L);
  }

  private static void touch(Store store, ImageId id, long second) {
    assertThat(store.imageDir(id).resolve("image.json").toFile().setLastModified(second * 1000))
        .isTrue();
  }

  private static Map<ImageId, Long> uses(Store store) throws Exception {
    Map<ImageId, Long> uses = new HashMap<>();
    for (ListedImage image : store.listing()) {
      uses.put(ImageId.parse(image.id()), image.usedSeconds());
    }
    return uses;
  }

  @Test
  void aCheckNamesWhatIsMissingDamagedOrOfAnotherImage() throws Exception {
    Store store = Store.at(directory);
    SampleImage image = commit(store, "one", "example.com/a:1");
    assertThat(store.check(image.image().id()).isIntact()).isTrue();
    Path document = store.imageDir(image.image().id()).resolve("image.json");
    String right = Files.readString(document);
    Files.writeString(
        document, right.replace(image.layer().hex(), Digest.sha256(new byte[0]).hex()));
    ImageReport report = store.check(image.image().id());
    assertThat(report.blobs()).extracting(BlobReport::state).contains(BlobReport.State.MISSING);
    Files.writeString(document, right.replace("\"size\":3", "\"size\":4"));
    assertThat(store.check(image.image().id()).record())
        .isEqualTo("image.json names other layers than the manifest");
    Files.delete(document);
    assertThat(store.check(image.image().id()).record()).startsWith("no image ");
  }

  @Test
  void removingAnImageTakesItsBlobsAndNamesItsTrees() throws Exception {
    Store store = Store.at(directory);
    store.begin().close();
    Map<String, String> before = snapshot();
    SampleImage sample = commit(store, "one", "example.com/sample:1");
    Removal removal = store.remove(sample.image().id());
    assertThat(removal.unusedChains()).containsExactly(sample.layer());
    assertThat(removal.freedBytes()).isPositive();
    assertThat(snapshot()).isEqualTo(before);
  }

  @Test
  void anImageWhoseDocumentIsDamagedCanStillBeRemoved() throws Exception {
    Store store = Store.at(directory);
    store.begin().close();
    Map<String, String> before = snapshot();
    ImageId id = commit(store, "one", "example.com/sample:1").image().id();
    Files.writeString(store.imageDir(id).resolve("image.json"), "{");
    store.remove(id);
    assertThat(snapshot()).isEqualTo(before);
  }

  @Test
  void aChangedBlobIsSeenAndARefetchHealsIt() throws Exception {
    Store store = Store.at(directory);
    Image image = commit(store, "one", "example.com/sample:1").image();
    Path blob = store.blob(image.layers().getFirst().blob());
    assertThat(store.blobsUntouched(image)).isTrue();
    FileTime mtime = Files.getLastModifiedTime(blob);
    Files.writeString(blob, "oNe");
    Files.setLastModifiedTime(blob, mtime);
    assertThat(store.blobsUntouched(image)).isFalse();
    assertThatThrownBy(() -> store.rehash(image)).satisfies(this::isIntegrity);
    commit(store, "one", "example.com/sample:1");
    assertThat(store.blobsUntouched(image)).isTrue();
    assertThat(blob).hasContent("one");
  }

  @Test
  void aBlobThatWasOnlyTouchedIsRememberedAsRightAfterRehashing() throws Exception {
    Store store = Store.at(directory);
    Image image = commit(store, "one", "example.com/sample:1").image();
    Files.setLastModifiedTime(store.blob(image.manifest()), FileTime.fromMillis(0));
    assertThat(store.blobsUntouched(image)).isFalse();
    store.rehash(image);
    assertThat(store.blobsUntouched(image)).isTrue();
  }

  @Test
  void signaturesAreFoundByTheirSubjectAndGoWithIt() throws Exception {
    Store store = Store.at(directory);
    SampleImage sample;
    try (Transaction transaction = store.begin()) {
      sample = SampleImage.add(transaction, "one");
      OciDescriptor signature = transaction.addSignature(sample.manifest(), bytes("signature"));
      transaction.commit(
          new Entry(
              sample.image(),
              sample.manifest(),
              List.of("example.com/sample:1"),
              List.of(signature),
              "test",
              false,
              Map.of("evidence.json", bytes("{}"))));
    }
    Digest signature = Digest.sha256(bytes("signature"));
    assertThat(store.signatures(sample.manifest().digest())).containsExactly(signature);
    assertThat(store.imageDir(sample.image().id()).resolve("evidence.json")).hasContent("{}");
    assertThat(store.list()).hasSize(1);
    store.remove(sample.image().id());
    assertThat(store.blob(signature)).doesNotExist();
  }

  @Test
  void statementsAreFoundInTheirOrderAndGoWithTheImage() throws Exception {
    Store store = Store.at(directory);
    SampleImage sample = withStatements(store, "a:first", "d:second", "a:third", "b:fourth", "b:5");
    assertThat(statements(store, sample))
        .containsExactly("fourth", "5", "first", "third", "second");
    assertThat(store.signatures(sample.manifest().digest())).isEmpty();
    assertThat(store.listing()).hasSize(1);
    assertThat(store.blobsUntouched(sample.image())).isTrue();
    // Two signatures may be over the same payload: annotations are what tells them apart.
    assertThat(store.statements(sample.manifest().digest()))
        .extracting(layer -> layer.annotations().get("n"))
        .containsExactly("3", "4", "0", "2", "1");
    store.remove(sample.image().id());
    assertThat(store.blob(Digest.sha256(bytes("first")))).doesNotExist();
    assertThat(directory.resolve("store/blobs/sha256")).isEmptyDirectory();
  }

  @Test
  void noMoreThanThirtyTwoStatementsOfFourMebibytesAreKept() throws Exception {
    Store store = Store.at(directory);
    String[] many = new String[100];
    for (int i = 0; i < many.length; i++) {
      many[i] = "b:" + (i == 0 ? "x".repeat((4 << 20) + 1) : "" + i);
    }
    SampleImage sample = withStatements(store, many);
    assertThat(statements(store, sample)).hasSize(32).startsWith("1", "2").endsWith("32");
  }

  private static void attach(Store store, SampleImage sample, String statement) throws Exception {
    try (Transaction transaction = store.begin()) {
      transaction.attach(
          sample.image().id(),
          transaction.addStatements(sample.manifest(), staged(transaction, statement)));
    }
  }

  @Test
  void whatIsMadeHereComesFirstAndTheNewestOfThatAndRoomForItIsLimited() throws Exception {
    Store store = Store.at(directory);
    String[] many = new String[40];
    for (int i = 0; i < many.length; i++) {
      many[i] = "a:" + i;
    }
    SampleImage sample = withStatements(store, many);
    Digest subject = sample.manifest().digest();
    attach(store, sample, "a:own");
    attach(store, sample, "b:newer");
    assertThat(statements(store, sample))
        .hasSize(32)
        .startsWith("newer", "own", "0")
        .endsWith("29");
    assertThat(store.hasRoomFor(subject, 4 << 20)).isTrue();
    assertThat(store.hasRoomFor(subject, (4 << 20) + 1)).isFalse();
    for (int i = 2; i < 32; i++) {
      assertThat(store.hasRoomFor(subject, 1)).isTrue();
      attach(store, sample, "b:own " + i);
    }
    assertThat(store.hasRoomFor(subject, 1)).isFalse();
    assertThat(statements(store, sample)).startsWith("own 31").endsWith("newer", "own");
  }

  @Test
  void statementsFetchedAnewReplaceThoseFetchedBeforeAndNotThoseMadeHere() throws Exception {
    Store store = Store.at(directory);
    SampleImage sample = withStatements(store, "a:old", "b:kept");
    try (Transaction transaction = store.begin()) {
      OciDescriptor signature = transaction.addSignature(sample.manifest(), bytes("detached"));
      List<OciDescriptor> own =
          transaction.addStatements(sample.manifest(), staged(transaction, "d:own"));
      transaction.attach(sample.image().id(), own);
      OciDescriptor again = transaction.addSignature(sample.manifest(), bytes("detached"));
      assertThat(again).isEqualTo(signature);
      transaction.attach(sample.image().id(), List.of(again));
    }
    assertThat(statements(store, sample)).containsExactly("own", "kept", "old");
    withStatements(store, "a:new", "b:kept");
    assertThat(statements(store, sample)).containsExactlyInAnyOrder("kept", "own", "new");
    assertThat(store.blob(Digest.sha256(bytes("old")))).doesNotExist();
    assertThat(store.fetchedStatements(sample.manifest().digest())).hasSize(2);
    withStatements(store);
    assertThat(statements(store, sample)).containsExactly("own");
    assertThat(store.signatures(sample.manifest().digest())).hasSize(1);
    commit(store, "one", "example.com/sample:2"); // from where no statements are kept
    assertThat(statements(store, sample)).containsExactly("own");
  }

  @Test
  void nothingIsAttachedToAnImageThatIsNotThere() throws Exception {
    Store store = Store.at(directory);
    SampleImage gone = commit(store, "one", "example.com/sample:1");
    store.remove(gone.image().id());
    Map<String, String> before = snapshot();
    try (Transaction transaction = store.begin()) {
      List<OciDescriptor> own =
          transaction.addStatements(gone.manifest(), staged(transaction, "a:late"));
      assertThatThrownBy(() -> transaction.attach(gone.image().id(), own))
          .hasMessageContaining("is in the store any more");
    }
    assertThat(snapshot()).isEqualTo(before);
  }

  @Test
  void aCheckReadsStatementsToo() throws Exception {
    Store store = Store.at(directory);
    SampleImage sample = withStatements(store, "a:first");
    assertThat(store.check(sample.image().id()).isIntact()).isTrue();
    Path blob = store.blob(Digest.sha256(bytes("first")));
    Files.writeString(blob, "other");
    assertThat(store.check(sample.image().id()).isIntact()).isFalse();
    assertThat(store.blobsUntouched(sample.image())).isTrue();
    assertThatThrownBy(() -> statements(store, sample)).satisfies(this::isIntegrity);
    withStatements(store, "a:first");
    assertThat(statements(store, sample)).containsExactly("first");
  }

  /** Stages statements, each written as the letter of its type, a colon and its text. */
  private static List<OciDescriptor> staged(Transaction transaction, String... statements)
      throws Exception {
    List<OciDescriptor> layers = new ArrayList<>();
    for (String statement : statements) {
      String type =
          switch (statement.charAt(0)) {
            case 'a' -> MediaType.COSIGN_PAYLOAD;
            case 'b' -> MediaType.SIGSTORE_BUNDLE;
            default -> MediaType.DSSE;
          };
      layers.add(
          transaction
              .add(bytes(statement.substring(2)))
              .as(type)
              .annotated("", Map.of("n", "" + layers.size())));
    }
    return layers;
  }

  private SampleImage withStatements(Store store, String... statements) throws Exception {
    try (Transaction transaction = store.begin()) {
      SampleImage sample = SampleImage.add(transaction, "one");
      List<OciDescriptor> attached =
          transaction.addStatements(sample.manifest(), staged(transaction, statements));
      transaction.commit(
          new Entry(
              sample.image(),
              sample.manifest(),
              List.of("example.com/sample:1"),
              attached,
              true,
              "test",
              false,
              Map.of()));
      return sample;
    }
  }

  private static List<String> statements(Store store, SampleImage sample) throws Exception {
    List<String> texts = new ArrayList<>();
    for (OciDescriptor layer : store.statements(sample.manifest().digest())) {
      texts.add(new String(store.read(layer.digest()), StandardCharsets.UTF_8));
    }
    return texts;
  }

  @Test
  void onlyTheOwnerCanLookIn() throws Exception {
    Store store = Store.at(directory.resolve("data"));
    commit(store, "one", "example.com/sample:1");
    try (Stream<Path> all = Files.walk(directory.resolve("data"))) {
      for (Path path : all.toList()) {
        assertThat(Files.getPosixFilePermissions(path))
            .as(path.toString())
            .allMatch(permission -> permission.name().startsWith("OWNER"));
      }
    }
  }

  /**
   * Commits, replaces statements about, and removes one image again and again, while {@code reader}
   * runs all the time; fails if either does.
   */
  private void whileAnImageComesAndGoes(Callable<?> reader) throws Exception {
    Store store = Store.at(directory);
    commit(store, "stays", "example.com/stays:1");
    AtomicBoolean done = new AtomicBoolean();
    try (ExecutorService pool = Executors.newSingleThreadExecutor()) {
      Future<?> changes =
          pool.submit(() -> {
            try {
              for (int i = 0; i < 60; i++) {
                SampleImage sample = withStatements(store, "first " + i);
                withStatements(store, "second " + i);
                store.remove(sample.image().id());
              }
            } finally {
              done.set(true);
            }
            return null;
          });
      while (!done.get()) {
        reader.call();
      }
      changes.get();
    }
  }

  @Test
  void whoListsIsNotDisturbedByImagesThatComeAndGo() throws Exception {
    whileAnImageComesAndGoes(() -> {
      assertThat(Store.at(directory).list()).hasSizeBetween(1, 2);
      assertThat(Store.at(directory).listing()).hasSizeBetween(1, 2);
      return null;
    });
  }

  @Test
  void whoReadsStatementsIsNotDisturbedByThoseThatReplaceThem() throws Exception {
    Digest subject = withStatements(Store.at(directory), "first 0").manifest().digest();
    whileAnImageComesAndGoes(() -> {
      Store store = Store.at(directory);
      assertThat(store.statements(subject)).hasSizeLessThan(2);
      assertThat(store.fetchedStatements(subject)).hasSizeLessThan(2);
      return store.signatures(subject);
    });
  }

  @Test
  void aCheckFindsNoDamageInWhatIsBeingReplacedOrRemoved() throws Exception {
    ImageId id = withStatements(Store.at(directory), "first 0").image().id();
    whileAnImageComesAndGoes(() -> {
      try {
        assertThat(Store.at(directory).check(id)).matches(ImageReport::isIntact);
      } catch (SpecException e) {
        assertThat(e.errorClass()).isEqualTo(ErrorClass.NOT_FOUND);
      }
      return null;
    });
  }

  @Test
  void filesThatAreKeptBesideAnImageDoNotHinderItsRemoval() throws Exception {
    ImageId id = withStatements(Store.at(directory), "first 0").image().id();
    whileAnImageComesAndGoes(() -> {
      Store.at(directory).keepBeside(id, "evidence.json", bytes("{}"), () -> true);
      return null;
    });
    assertThat(directory.resolve("store/tmp")).isEmptyDirectory();
    assertThat(directory.resolve("images"))
        .isDirectoryNotContaining("glob:**/" + id.digest().hex());
  }

  @Test
  void whatIsKeptBesideAnImageIsKeptOnlyIfItStillHolds() throws Exception {
    Store store = Store.at(directory);
    ImageId id = commit(store, "one", "example.com/sample:1").image().id();
    store.keepBeside(id, "evidence.json", bytes("old"), () -> false);
    assertThat(store.imageDir(id).resolve("evidence.json")).doesNotExist();
    store.keepBeside(id, "evidence.json", bytes("new"), () -> true);
    assertThat(store.imageDir(id).resolve("evidence.json")).hasContent("new");
    store.remove(id);
    store.keepBeside(id, "evidence.json", bytes("late"), () -> true);
    assertThat(directory.resolve("images")).isEmptyDirectory();
  }

  @Test
  void anUnusedImageIsRemovedUnlessItWasUsedSinceItWasLookedAt() throws Exception {
    Store store = Store.at(directory);
    SampleImage sample = commit(store, "one", "example.com/sample:1");
    ImageId id = sample.image().id();
    Instant seen = store.lastUsed(store.listing().get(0));
    store.markUsed(id, seen.plusSeconds(1));
    assertThat(store.removeIfUnused(id, seen)).isEmpty();
    assertThat(store.find(id.toString())).contains(id);
    assertThat(store.removeIfUnused(id, seen.plusSeconds(1))).isPresent();
    assertThat(store.list()).isEmpty();
  }

  private SampleImage commit(Store store, String content, String reference) throws Exception {
    try (Transaction transaction = store.begin()) {
      SampleImage sample = SampleImage.add(transaction, content);
      transaction.commit(sample.entry(reference));
      return sample;
    }
  }

  private Map<String, String> snapshot() throws IOException {
    Map<String, String> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(directory)) {
      Collection<Path> paths = all.toList();
      for (Path path : paths) {
        files.put(
            directory.relativize(path).toString(),
            Files.isRegularFile(path) ? Files.readString(path) : "directory");
      }
    }
    return files;
  }

  private void isUsage(Throwable e) {
    assertThat(((RktException) e).errorClass()).isEqualTo(ErrorClass.USAGE);
  }

  private void isIntegrity(Throwable e) {
    assertThat(e).isInstanceOf(SpecException.class);
    assertThat(((RktException) e).errorClass()).isEqualTo(ErrorClass.INTEGRITY);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static ByteArrayInputStream stream(String text) {
    return new ByteArrayInputStream(bytes(text));
  }
}
