package rkt.verify.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rkt.spec.ErrorClass;
import rkt.spec.ImageName;
import rkt.spec.SpecException;
import rkt.spec.json.JsonWriter;
import rkt.verify.Gpg;
import rkt.verify.openpgp.KeyFacts;
import rkt.verify.openpgp.Rule;
import rkt.verify.openpgp.TrustException;

class TrustStoreTest {
  private static final ImageName APP = new ImageName("example.com/app");

  private static Gpg gpg;
  private static String alice;
  private static String bob;

  @TempDir Path dir;
  private Path system;
  private Path local;
  private Path cache;
  private TrustStore store;

  @BeforeAll
  static void makeKeys() throws Exception {
    gpg = new Gpg().at("2025-01-01 00:00:00");
    alice = gpg.key("Alice <alice@example.com>", "ed25519", "sign", "2y");
    bob = gpg.key("Bob", "nistp256", "sign", "never");
  }

  @AfterAll
  static void close() throws Exception {
    gpg.close();
  }

  @BeforeEach
  void open() throws Exception {
    system = dir.resolve("usr/trustedkeys");
    local = dir.resolve("etc/trustedkeys");
    cache = dir.resolve("cache");
    store = TrustStore.open(system, local, cache);
  }

  @Test
  void anEmptyStoreTrustsNothing() throws Exception {
    assertThat(store.list()).isEmpty();
    assertThat(store.keysFor(APP)).isEmpty();
  }

  @Test
  void anAddedKeyIsFoundUnderItsPrefixAndShownWhole() throws Exception {
    TrustedKey added = store.add(Scope.of(APP), gpg.export(alice), "alice.asc");
    assertThat(added.file()).isEqualTo(local.resolve("prefix.d/example.com/app/" + alice));
    assertThat(fingerprints("example.com/app")).containsExactly(alice);
    assertThat(fingerprints("example.com/app/web")).containsExactly(alice);
    assertThat(fingerprints("example.com")).isEmpty();
    assertThat(fingerprints("example.com/application")).isEmpty();
    assertThat(store.list()).hasSize(1);
    KeyFacts facts = store.list().get(0).facts();
    assertThat(facts.fingerprint()).isEqualTo(alice);
    assertThat(facts.userIds().get(0).text()).isEqualTo("Alice <alice@example.com>");
    assertThat(facts.primary().key().label()).isEqualTo("Ed25519");
    TrustedKey listed = store.list().get(0);
    JsonWriter json = new JsonWriter().object();
    listed.writeTo(json, Instant.parse("2025-06-01T00:00:00Z"));
    assertThat(json.end().toString())
        .contains("\"scope\":\"example.com/app\",", "\"layer\":\"local\"")
        .contains("\"expires\":\"2027-01-01T00:00:")
        .contains("\"state\":\"valid\"");
    assertThat(listed.state(Instant.parse("2028-01-01T00:00:00Z")).rule())
        .isEqualTo(Rule.KEY_EXPIRED);
    try (Stream<Path> left = Files.list(local)) {
      assertThat(left.map(p -> p.getFileName().toString())).containsExactly("prefix.d");
    }
  }

  @Test
  void binaryKeysAreAcceptedToo() throws Exception {
    store.add(Scope.ROOT, gpg.run("--export", bob), "bob.gpg");
    assertThat(fingerprints("anything.org/x")).containsExactly(bob);
  }

  @Test
  void removingEndsTheTrustAndMasksWhatTheDistributionTrusts() throws Exception {
    TrustStore distribution = TrustStore.open(dir.resolve("none"), system, null);
    distribution.add(Scope.of(APP), gpg.export(alice), "alice.asc");
    assertThat(fingerprints("example.com/app")).containsExactly(alice);
    store.remove(Scope.of(APP), alice);
    assertThat(fingerprints("example.com/app")).isEmpty();
    assertThat(store.list()).isEmpty();
    assertThat(local.resolve("prefix.d/example.com/app/" + alice)).isEmptyFile();
    assertThatThrownBy(() -> store.remove(Scope.of(APP), alice))
        .isInstanceOfSatisfying(
            SpecException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.NOT_FOUND));
    store.add(Scope.of(APP), gpg.export(alice), "alice.asc");
    assertThat(fingerprints("example.com/app")).containsExactly(alice);
    store.add(Scope.ROOT, gpg.export(bob), "bob.asc");
    store.remove(Scope.ROOT, bob);
    assertThat(local.resolve("root.d/" + bob)).doesNotExist();
    assertThatThrownBy(() -> store.remove(Scope.ROOT, "../../etc/passwd"))
        .isInstanceOf(SpecException.class);
  }

  @Test
  void aMaskIsFoundForAllThatItCoversAndForNothingElse() throws Exception {
    Scope app = Scope.of(APP);
    Scope domain = Scope.of(new ImageName("example.com"));
    assertThat(store.maskCovering(app, alice)).isNull();
    store.add(Scope.ROOT, gpg.export(alice), "alice.asc");
    assertThat(store.maskCovering(app, alice)).as("a key is no mask").isNull();
    store.mask(domain, alice);
    assertThat(store.maskCovering(app, alice)).isEqualTo(domain);
    assertThat(store.maskCovering(domain, alice)).isEqualTo(domain);
    assertThat(store.maskCovering(app, bob)).isNull();
    assertThat(store.maskCovering(Scope.of(new ImageName("example.org/app")), alice)).isNull();
    assertThat(store.maskCovering(Scope.ROOT, alice)).isNull();
    store.mask(Scope.ROOT, bob);
    assertThat(store.maskCovering(app, bob)).isEqualTo(Scope.ROOT);
    assertThat(store.maskCovering(Scope.ROOT, bob)).isEqualTo(Scope.ROOT);
  }

  @Test
  void aFileThatOthersMayWriteIsRefusedWithTheCommandThatFixesIt() throws Exception {
    Path file = store.add(Scope.of(APP), gpg.export(alice), "alice.asc").file();
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));
    refuses(() -> store.keysFor(APP), file, "chmod go-w " + file);
    refuses(() -> store.list(), file, "chmod go-w");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    Path directory = local.resolve("prefix.d/example.com");
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
    refuses(() -> store.keysFor(APP), directory, "chmod go-w " + directory);
  }

  @Test
  void aLinkIsRefused() throws Exception {
    Path file = store.add(Scope.of(APP), gpg.export(alice), "alice.asc").file();
    Path elsewhere = Files.move(file, dir.resolve("elsewhere"));
    Files.createSymbolicLink(file, elsewhere);
    refuses(() -> store.keysFor(APP), file, "rm " + file);
    Files.delete(file);
    Path linked = local.resolve("prefix.d/example.com/linked");
    Files.createSymbolicLink(linked, local.resolve("prefix.d/example.com/app"));
    refuses(() -> store.keysFor(new ImageName("example.com/linked")), linked, "rm ");
  }

  @Test
  void anotherOwnerIsRefused() throws Exception {
    Path file = store.add(Scope.of(APP), gpg.export(alice), "alice.asc").file();
    org.junit.jupiter.api.Assumptions.assumeTrue(
        (Integer) Files.getAttribute(file, "unix:uid") == 0, "needs root to give a file away");
    Files.setAttribute(file, "unix:uid", 65534);
    refuses(() -> store.keysFor(APP), file, "chown root");
  }

  @Test
  void aWrongNameOrTwoCertificatesAreRefused() throws Exception {
    Path file = store.add(Scope.of(APP), gpg.export(alice), "alice.asc").file();
    Path renamed = Files.move(file, file.resolveSibling(bob));
    refuses(() -> store.keysFor(APP), renamed, "rm " + renamed);
    Files.delete(renamed);
    Path note = Files.writeString(file.resolveSibling("README"), "keys");
    refuses(() -> store.keysFor(APP), note, "rm " + note);
    Files.delete(note);
    ByteArrayOutputStream two = new ByteArrayOutputStream();
    two.writeBytes(gpg.run("--export", alice));
    two.writeBytes(gpg.run("--export", bob));
    Files.write(file, two.toByteArray());
    assertThatThrownBy(() -> store.keysFor(APP))
        .isInstanceOf(TrustException.class)
        .hasMessageContaining("2 certificates");
    assertThatThrownBy(() -> store.add(Scope.ROOT, two.toByteArray(), "two.gpg"))
        .isInstanceOf(TrustException.class)
        .hasMessageContaining("2 certificates");
  }

  @Test
  void secretKeysSignaturesAndRubbishAreNotKeys() {
    byte[] secret = gpg.run("--export-secret-keys", alice);
    byte[] signature = gpg.sign(new byte[1], alice);
    for (byte[] wrong :
        List.of(secret, signature, new byte[0], new byte[] {1, 2}, new byte[] {-1})) {
      assertThatThrownBy(() -> store.add(Scope.ROOT, wrong, "the file"))
          .isInstanceOf(TrustException.class);
    }
    assertThat(local).doesNotExist();
  }

  @Test
  void aFloodOfSignaturesByOthersIsDroppedOrRefusedFast() throws Exception {
    byte[] key = gpg.run("--export", alice);
    gpg.run("--default-key", bob, "--quick-lsign-key", alice);
    byte[] signed = gpg.run("--export-options", "export-local-sigs", "--export", alice);
    assertThat(signed.length).isGreaterThan(key.length);
    assertThat(KeyFacts.minimal(signed, "key")).isEqualTo(KeyFacts.minimal(key, "key"));
    byte[] extra = java.util.Arrays.copyOfRange(signed, key.length, signed.length);
    for (int copies : new int[] {5_000, 200_000}) {
      ByteArrayOutputStream flood = new ByteArrayOutputStream();
      flood.writeBytes(key);
      for (int i = 0; i < copies; i++) {
        flood.writeBytes(extra);
      }
      long start = System.nanoTime();
      try {
        byte[] minimal = KeyFacts.minimal(flood.toByteArray(), "key");
        assertThat(minimal).isEqualTo(KeyFacts.minimal(key, "key"));
      } catch (TrustException e) {
        assertThat(copies).isEqualTo(200_000);
      }
      assertThat(System.nanoTime() - start).isLessThan(2_000_000_000L);
    }
  }

  @Test
  void aDamagedOrForeignCacheEntryIsReadAgainAndRepaired() throws Exception {
    store.add(Scope.of(APP), gpg.export(alice), "alice.asc");
    List<TrustedKey> wanted = store.keysFor(APP);
    Path entry;
    try (Stream<Path> entries = Files.list(cache)) {
      entry = entries.toList().get(0);
    }
    byte[] good = Files.readAllBytes(entry);
    assertThat(Files.getPosixFilePermissions(cache))
        .doesNotContainAnyElementsOf(PosixFilePermissions.fromString("---rwxrwx"));
    for (int i = 0; i < good.length; i += 7) {
      byte[] bad = good.clone();
      bad[i] ^= 2;
      assertThat(KeyFacts.fromJson(bad)).as("byte %d", i).isEmpty();
    }
    for (byte[] bad : List.of(new byte[0], "{}".getBytes(StandardCharsets.UTF_8))) {
      Files.write(entry, bad);
      assertThat(store.keysFor(APP)).isEqualTo(wanted);
      assertThat(entry).hasBinaryContent(good);
    }
    Files.setPosixFilePermissions(entry, PosixFilePermissions.fromString("rw-rw-rw-"));
    assertThat(store.keysFor(APP)).isEqualTo(wanted);
    Files.delete(entry);
    Files.createDirectory(entry); // cannot be written: not missed
    assertThat(store.keysFor(APP)).isEqualTo(wanted);
  }

  private List<String> fingerprints(String name) throws Exception {
    return store.keysFor(new ImageName(name)).stream().map(k -> k.facts().fingerprint()).toList();
  }

  @Test
  void manyMayTrustAndListAndRemoveAtOnce() throws Exception {
    byte[] key = gpg.export(alice);
    try (ExecutorService pool = Executors.newFixedThreadPool(4)) {
      for (int round = 0; round < 20; round++) {
        TrustStore fresh = TrustStore.open(system, dir.resolve("etc-" + round), cache);
        Scope scope = Scope.of(new ImageName("example.com/a/b/c"));
        List<Callable<Void>> users = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
          users.add(() -> {
            fresh.add(scope, key, "alice");
            assertThat(fresh.list()).hasSizeLessThan(2);
            try {
              fresh.remove(scope, alice);
            } catch (SpecException e) {
              assertThat(e.errorClass()).isEqualTo(ErrorClass.NOT_FOUND);
            }
            assertThat(fresh.list()).hasSizeLessThan(2);
            return null;
          });
        }
        for (Future<Void> user : pool.invokeAll(users)) {
          user.get();
        }
      }
    }
  }

  private static void refuses(ThrowingCallable read, Path file, String fix) {
    assertThatThrownBy(read)
        .isInstanceOfSatisfying(
            TrustException.class,
            e -> {
              assertThat(e.errorClass()).isEqualTo(ErrorClass.TRUST);
              assertThat(e.getMessage()).contains(file.toString());
              assertThat(e.fix()).startsWith(fix);
            });
  }
}
