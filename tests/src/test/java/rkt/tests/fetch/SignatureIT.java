package rkt.tests.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import rkt.tests.Images;
import rkt.tests.Result;
import rkt.tests.Rkt;

/** What a signature must be for an image to be fetched, and at each later start to be run. */
@Tag("privileged")
@TestInstance(Lifecycle.PER_CLASS)
class SignatureIT {
  private static final String NAME = "example.com/it/busybox";

  private Rkt rkt;
  private Gpg gpg;
  private Path aci;

  @BeforeAll
  void open() throws Exception {
    rkt = Rkt.fresh();
    gpg = new Gpg(rkt.home().resolve("gnupg"));
    aci = Images.busybox().exec("/bin/sh").make();
  }

  @AfterAll
  void close() throws Exception {
    gpg.close();
    rkt.close();
  }

  /** An installation with an empty store that trusts nobody. */
  private Rkt fresh() throws Exception {
    return Rkt.fresh();
  }

  /** A copy of the image without a signature. */
  private Path copy(Rkt to) throws Exception {
    return Files.copy(aci, to.home().resolve("x.aci"), StandardCopyOption.REPLACE_EXISTING);
  }

  @Test
  void aFlippedByteAnywhereIsRefused() throws Exception {
    try (Rkt here = fresh()) {
      Images.trust(here);
      Path image = copy(here);
      byte[] good = Files.readAllBytes(image);
      byte[] signature = Files.readAllBytes(Path.of(aci + ".asc"));
      Path asc = Path.of(image + ".asc");
      Files.write(asc, signature);
      Random random = new Random(1);
      int[] places = random.ints(10, 0, good.length).toArray();
      places[0] = 0;
      places[1] = good.length - 1;
      places[2] = 600; // in the manifest
      for (int place : places) {
        Files.write(image, flipped(good, place, random));
        Tools.refuses(here, "trust|integrity", "fetch", image.toString());
      }
      Files.write(image, good);
      int[] inSignature = random.ints(20, 0, signature.length).toArray();
      inSignature[0] = 0;
      inSignature[1] = signature.length - 2;
      for (int place : inSignature) {
        Files.write(asc, flipped(signature, place, random));
        Tools.refuses(here, "trust", "fetch", image.toString());
      }
      Files.write(asc, signature);
      here.ok("fetch", image.toString());
    }
  }

  private static byte[] flipped(byte[] bytes, int place, Random random) {
    byte[] changed = bytes.clone();
    changed[place] ^= (byte) (1 << random.nextInt(8));
    return changed;
  }

  @Test
  void theKeyMustBeTrustedForTheName() throws Exception {
    try (Rkt here = fresh()) {
      Path directory = here.home();
      assertThat(Tools.refuses(here, "usage", "trust", "--root", directory.toString()).err())
          .contains(directory.toString());
      Path image = copy(here);
      Path asc = Path.of(image + ".asc");
      String refused = Tools.refuses(here, "trust", "fetch", image.toString()).err();
      assertThat(refused).contains("  fix: ");

      gpg.key("unknown@example.com");
      Path key = gpg.key("friend@example.com");
      here.ok("trust", "--prefix=" + NAME, Images.key().toString());
      gpg.sign("unknown@example.com", image);
      assertThat(Tools.refuses(here, "trust", "fetch", image.toString()).err())
          .contains("rkt trust --prefix=")
          .containsIgnoringCase(gpg.fingerprint("unknown@example.com"));

      for (String prefix :
          List.of("example.com/i", "example.com/it/busy", "example.com/it/busybox/x")) {
        here.ok("trust", "--prefix=" + prefix, key.toString());
      }
      gpg.sign("friend@example.com", image);
      assertThat(Tools.refuses(here, "trust", "fetch", image.toString()).err())
          .contains("example.com/it/busy");
      here.ok("trust", "--prefix=example.com/it", key.toString());
      String id = here.ok("fetch", image.toString()).out().strip();

      Tools.refuses(here, "trust", "fetch", "--image-name=example.com/it/other", image.toString());
      assertThat(here.ok("fetch", "--image-name=" + NAME, image.toString()).out().strip())
          .isEqualTo(id);
      Files.delete(asc);
    }
  }

  @Test
  void signaturesAndKeysThatNoLongerCount() throws Exception {
    try (Rkt here = fresh()) {
      Path image = copy(here);
      Path expired = gpg.key("expired@example.com", "2022-01-01 00:00:00", "2022-06-01");
      gpg.sign("expired@example.com", "2022-02-01 00:00:00", image);
      assertRefusedFor(here, expired, image, "expired");

      Path good = gpg.key("good@example.com", "2022-01-01 00:00:00", "never");
      gpg.sign(
          "good@example.com", "2022-02-01 00:00:00", image, "--default-sig-expire", "2022-03-01");
      assertRefusedFor(here, good, image, "expired");
      gpg.sign("good@example.com", "2090-01-01 00:00:00", image);
      assertRefusedFor(here, good, image, "");
      gpg.run(
          "--local-user",
          "good@example.com",
          "--output",
          image + ".asc",
          "--sign",
          image.toString());
      assertRefusedFor(here, good, image, "");

      gpg.run("--quick-generate-key", "rsa@example.com", "rsa3072", "sign", "never");
      Path rsa = gpg.export("rsa@example.com");
      gpg.sign("rsa@example.com", image, "--digest-algo", "SHA1");
      assertRefusedFor(here, rsa, image, "SHA");

      gpg.key("revoked@example.com");
      gpg.sign("revoked@example.com", image);
      Path revoked = gpg.revoke("revoked@example.com");
      assertRefusedFor(here, revoked, image, "revoked");

      gpg.sign("good@example.com", image);
      here.ok("fetch", image.toString());
    }
  }

  private static void assertRefusedFor(Rkt rkt, Path key, Path image, String why) throws Exception {
    // A key may be refused when it is added, or when it is asked for.
    Result added = rkt.run("trust", "--prefix=example.com", key.toString());
    if (added.status() != 0) {
      assertThat(added.err()).as("%s", added).startsWith("trust: ").contains(why);
      return;
    }
    assertThat(Tools.refuses(rkt, "trust", "fetch", image.toString()).err()).contains(why);
  }

  @Test
  void aKeyThatIsTrustedNoMoreEndsTheUseOfWhatItSigned() throws Exception {
    try (Rkt here = fresh()) {
      String id = Images.admitBusybox(here);
      String[] run = {"run", "--net=none", id, "--", "-c", "exit 9"};
      assertThat(here.run(run).status()).isEqualTo(9);
      String fingerprint =
          here.ok("trust", "list", "--format=json")
              .out()
              .replaceAll("(?s).*\"fingerprint\":\"([0-9a-f]+)\".*", "$1");
      here.ok("trust", "remove", "--prefix=example.com/it", fingerprint);

      assertThat(Tools.refuses(here, "trust", run).err()).contains("  fix: rkt trust ");
      Tools.refuses(here, "trust", 12, here.tool("rkt-verify", id));
      here.ok("trust", "--prefix=example.com/i", Images.key().toString());
      Tools.refuses(here, "trust", run);
      Images.trust(here);
      assertThat(here.run(run).status()).isEqualTo(9);
    }
  }

  @Test
  void aStoredBlobThatChangedIsNoticedAndHealed() throws Exception {
    try (Rkt here = fresh()) {
      String id = Images.admitBusybox(here);
      String[] run = {"run", "--net=none", id, "--", "-c", "exit 9"};
      Path blob = largest(here.data().resolve("store/blobs"));
      byte[] good = Files.readAllBytes(blob);
      Files.write(blob, flipped(good, good.length / 2, new Random(1)));

      Tools.refuses(here, "integrity", run);
      Tools.refuses(here, "integrity", 13, here.tool("rkt-verify", id));
      assertThat(Images.admitBusybox(here)).isEqualTo(id);
      assertThat(Files.readAllBytes(blob)).isEqualTo(good);
      assertThat(here.run(run).status()).isEqualTo(9);
      assertThat(here.tool("rkt-verify", id).run().out()).isEqualTo(id + "\n");
    }
  }

  private static Path largest(Path directory) throws Exception {
    try (Stream<Path> files = Files.walk(directory)) {
      return files
          .filter(Files::isRegularFile)
          .max((a, b) -> Long.compare(a.toFile().length(), b.toFile().length()))
          .orElseThrow();
    }
  }

  @Test
  void evidenceIsOnlyACopyOfWhatTheStoreProves() throws Exception {
    try (Rkt here = fresh()) {
      String id = Images.admitBusybox(here);
      String[] run = {"run", "--net=none", id, "--", "-c", "exit 9"};
      Path evidence;
      try (Stream<Path> files = Files.walk(here.data().resolve("images"))) {
        evidence = files.filter(f -> f.endsWith("evidence.json")).findFirst().orElseThrow();
      }
      byte[] good = Files.readAllBytes(evidence);
      Files.delete(evidence);
      assertThat(here.run(run).status()).isEqualTo(9);
      Random random = new Random(3);
      for (int i = 0; i < 6; i++) {
        byte[] bad = i == 0 ? new byte[0] : flipped(good, random.nextInt(good.length), random);
        Files.write(evidence, bad);
        Result result = here.run(run);
        assertThat(result.status()).as("%s", result).isEqualTo(9);
      }
      Files.write(evidence, flipped(good, good.length / 2, random));
      assertThat(here.tool("rkt-verify", id).run().out()).isEqualTo(id + "\n");

      String fingerprint =
          here.ok("trust", "list", "--format=json")
              .out()
              .replaceAll("(?s).*\"fingerprint\":\"([0-9a-f]+)\".*", "$1");
      here.ok("trust", "remove", "--prefix=example.com/it", fingerprint);
      Files.deleteIfExists(evidence);
      Result refused = here.run(run);
      assertThat(refused.status()).as("%s", refused).isEqualTo(254);
      assertThat(refused.err()).startsWith("trust: ");
    }
  }

  @Test
  void whatWasLetInUnverifiedIsWarnedAboutAndStaysKnown() throws Exception {
    try (Rkt here = fresh()) {
      Path image = copy(here);
      Result fetched = here.ok("--insecure-options=image", "fetch", image.toString());
      assertThat(fetched.err()).contains("warning: ").contains(NAME);
      String id = fetched.out().strip();
      assertThat(here.ok("image", "list", "--format=json").out())
          .contains("\"admitted_unverified\":true");
      Tools.refuses(here, "trust", "run", "--net=none", id);
      assertThat(here.tool("rkt-run", "--net=none", id).run().status()).isEqualTo(254);

      Path uuid = here.home().resolve("uuid");
      Result run =
          here.ok(
              "--insecure-options=image",
              "run",
              "--net=none",
              "--uuid-file-save=" + uuid,
              id,
              "--",
              "-c",
              "true");
      assertThat(run.err()).contains("warning: ");
      String status = here.ok("status", Files.readString(uuid).strip()).out();
      assertThat(status).contains("verified-busybox=no").contains("insecure-options=image");

      Images.trust(here);
      Files.copy(Path.of(aci + ".asc"), Path.of(image + ".asc"));
      assertThat(here.ok("fetch", image.toString()).out().strip()).isEqualTo(id);
      assertThat(here.ok("image", "list", "--format=json").out())
          .contains("\"admitted_unverified\":false");
      here.ok("run", "--net=none", "--uuid-file-save=" + uuid, id, "--", "-c", "true");
      assertThat(here.ok("status", Files.readString(uuid).strip()).out())
          .contains("verified-busybox=yes")
          .doesNotContain("insecure-options=image");
    }
  }
}
