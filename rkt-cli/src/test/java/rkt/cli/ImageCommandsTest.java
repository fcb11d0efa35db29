package rkt.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciDescriptor;
import rkt.spec.store.Store;
import rkt.spec.store.Transaction;

/** Trust, fetch, look, remove: with the signed image that the build trains the cache with. */
class ImageCommandsTest {
  private static final Path FIXTURES = Path.of("src/main/training").toAbsolutePath();

  @TempDir Path directory;
  private Cli cli;

  @BeforeEach
  void cli() {
    cli = new Cli(directory);
  }

  private String trusted(String key) {
    Cli.Result result = cli.rkt("trust", "--prefix=example.com", FIXTURES.resolve(key).toString());
    assertThat(result.err()).startsWith("trusted for example.com: ");
    assertThat(result.status()).isZero();
    return result.out().strip();
  }

  private String fetched() {
    Cli.Result result = cli.rkt("fetch", FIXTURES.resolve("image.aci").toString());
    assertThat(result.status()).as(result.err()).isZero();
    assertThat(result.out()).matches("sha512-[0-9a-f]{128}\n");
    return result.out().strip();
  }

  @Test
  void anImageOfATrustedKeyIsFetchedListedAndRemoved() throws Exception {
    trusted("ed25519.asc");
    String id = fetched();
    Cli.Result table = cli.rkt("im", "li");
    assertThat(table.out().lines().toList()).hasSize(2);
    assertThat(table.out())
        .startsWith("ID ")
        .contains("\n" + id.substring(0, 19) + "  example.com/");
    assertThat(cli.rkt("image", "list", "--full", "--no-legend").out()).startsWith(id + "  ");

    Cli.Result json = cli.rkt("image", "list", "--format=json");
    assertThat(json.out())
        .startsWith("{\"version\":1,\"id\":\"" + id + "\",\"name\":\"example.com/")
        .contains("\"source\":\"")
        .endsWith(",\"admitted_unverified\":false}\n");
    Schemas.check("image-list", json.out());

    Cli.Result removed = cli.rkt("image", "rm", "--format=json", id);
    assertThat(removed).isEqualTo(new Cli.Result(0, "{\"version\":1,\"id\":\"" + id + "\"}\n", ""));
    Schemas.check("done", removed.out());
    assertThat(cli.rkt("image", "list", "--no-legend").out()).isEmpty();
  }

  @Test
  void aQuietImportPrintsTheIdentifierAlone() throws Exception {
    trusted("ed25519.asc");
    String file = FIXTURES.resolve("image.aci").toString();
    String id = cli.rkt("image", "import", file).out();
    assertThat(cli.rkt("image", "import", file).err()).endsWith(" bytes\n");
    assertThat(cli.rkt("image", "import", "--quiet", file)).isEqualTo(new Cli.Result(0, id, ""));
  }

  @Test
  void aFetchIsDescribedAsJson() throws Exception {
    trusted("nistp256.asc");
    Cli.Result result = cli.rkt("fetch", "--format=json", FIXTURES.resolve("image.aci").toString());
    assertThat(result.status()).isZero();
    Schemas.check("image", result.out());
  }

  @Test
  void anImageThatNoTrustedKeySignedLeavesNothing() throws Exception {
    Cli.Result result = cli.rkt("fetch", FIXTURES.resolve("image.aci").toString());
    assertThat(result.status()).isEqualTo(254);
    assertThat(result.out()).isEmpty();
    assertThat(result.err()).contains("trust: ").contains("  fix: ");
    assertThat(cli.rkt("image", "list", "--no-legend").out()).isEmpty();
    Cli.Result json = cli.rkt("fetch", "--format=json", FIXTURES.resolve("image.aci").toString());
    // Behind the events of the fetch.
    String error = json.err().lines().reduce((_, last) -> last).orElse("");
    assertThat(error).startsWith("{\"error\":{\"class\":\"trust\",");
    Schemas.check("error", error + "\n");
  }

  @Test
  void whatIsAboutOneImageIsRefusedForSeveral() {
    String image = FIXTURES.resolve("image.aci").toString();
    for (String option : List.of("--image-name=example.com/app", "--signature=/none.asc")) {
      for (List<String> command : List.of(List.of("fetch"), List.of("image", "import"))) {
        List<String> words = new ArrayList<>(command);
        words.addAll(List.of(option, image, image));
        Cli.Result result = cli.rkt(words.toArray(new String[0]));
        assertThat(result.status()).as("%s", words).isEqualTo(254);
        assertThat(result.err())
            .startsWith("usage: " + option.substring(0, option.indexOf('=')))
            .contains("is about one image, and 2 are named");
      }
    }
  }

  @Test
  void anotherNameThanExpectedIsRefusedAndRecordedOfAStoredImageToo() throws Exception {
    trusted("nistp256.asc");
    String id = cli.rkt("fetch", FIXTURES.resolve("image.aci").toString()).out().strip();
    Cli.Result result =
        cli.rkt("fetch", "--pull-policy=never", "--image-name=example.com/other", id);
    assertThat(result.status()).isEqualTo(254);
    assertThat(result.err()).startsWith("trust: the image is called ");
    List<String> log = cli.rkt("audit", "log", "--format=json").out().lines().toList();
    assertThat(log.getLast()).contains("\"event\":\"verdict\"", "\"accepted\":false", id);
  }

  @Test
  void aBypassIsWarnedOfAndRecorded() {
    Cli.Result result =
        cli.rkt("--insecure-options=image", "fetch", FIXTURES.resolve("image.aci").toString());
    assertThat(result.status()).isZero();
    assertThat(result.err()).contains("warning: image example.com/");
    assertThat(cli.rkt("image", "list", "--format=json").out())
        .endsWith("\"admitted_unverified\":true}\n");
  }

  @Test
  void aManifestIsShownAsItsAuthorWroteItOrIndented() {
    trusted("rsa3072.asc");
    String id = fetched();
    String exact = cli.rkt("image", "cat-manifest", "--pretty-print=false", id).out();
    assertThat(exact).contains("\"acKind\"").contains("ImageManifest");
    assertThat(cli.rkt("image", "cat-manifest", id.substring(0, 24)).out()).startsWith("{\n  \"");
  }

  @Test
  void aListingHasTheFieldsAndTheOrderThatAreAskedFor() {
    trusted("ed25519.asc");
    String id = fetched();
    assertThat(cli.rkt("image", "list", "--fields=name,id", "--full").out())
        .matches("NAME +ID\nexample.com/\\S+ +" + id + "\n");
    assertThat(cli.rkt("image", "list", "--sort=size", "--order=desc", "--no-legend").out())
        .startsWith(id.substring(0, 19))
        .containsPattern("Z  20\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ\n");
    for (String wrong : new String[] {"--fields=id,x", "--sort=id", "--order=up"}) {
      assertThat(cli.rkt("image", "list", wrong).err()).startsWith("usage: " + wrong.split("=")[0]);
    }
  }

  @Test
  void whereNothingWasFetchedYetAListingIsEmpty() {
    assertThat(cli.rkt("image", "list", "--no-legend")).isEqualTo(new Cli.Result(0, "", ""));
    assertThat(cli.rkt("image", "list", "--format=json")).isEqualTo(new Cli.Result(0, "", ""));
  }

  @Test
  void imagesGoByAgeAndBySize() throws Exception {
    trusted("ed25519.asc");
    String id = fetched();
    assertThat(cli.rkt("image", "gc")).isEqualTo(new Cli.Result(0, "", ""));
    assertThat(cli.rkt("image", "gc", "--size=1G")).isEqualTo(new Cli.Result(0, "", ""));
    assertThat(cli.rkt("image", "gc", "--size=1k")).isEqualTo(new Cli.Result(0, id + "\n", ""));
    assertThat(fetched()).isEqualTo(id);
    Path used = cli.data().resolve("images").resolve(id).resolve("image.json");
    Files.setLastModifiedTime(
        used, java.nio.file.attribute.FileTime.fromMillis(System.currentTimeMillis() - 7_200_000));
    assertThat(cli.rkt("image", "gc", "--grace-period=3h").out()).isEmpty();
    Cli.Result gone = cli.rkt("image", "gc", "--grace-period=1h", "--format=json");
    assertThat(gone.out()).isEqualTo("{\"version\":1,\"id\":\"" + id + "\"}\n");
    Schemas.check("done", gone.out());
    assertThat(cli.rkt("image", "du", "--full").out())
        .isEqualTo("ID     NAME  BLOBS  TREES  ALONE\ntotal        0      0\n");
  }

  @Test
  void whatImagesTakeIsToldForEachAndForAll() throws Exception {
    trusted("ed25519.asc");
    String id = fetched();
    Cli.Result json = cli.rkt("image", "du", "--format=json");
    assertThat(json.out())
        .matches(
            "\\{\"version\":1,\"id\":\""
                + id
                + "\",\"name\":\"[^\"]+\",\"blobs\":(\\d+),\"trees\":0,"
                + "\"alone\":\\1}\n\\{\"version\":1,\"total\":true,\"blobs\":\\1,\"trees\":0}\n");
    Schemas.check("image-du", json.out());
  }

  @Test
  void ofSeveralImagesAllAreRemovedOrNone() {
    trusted("ed25519.asc");
    String id = fetched();
    assertThat(cli.rkt("image", "rm", id, "example.com/none").status()).isEqualTo(254);
    assertThat(cli.rkt("image", "list", "--no-legend").out()).isNotEmpty();
    assertThat(cli.rkt("image", "rm", id, id.substring(0, 30)).out()).isEqualTo(id + "\n");
  }

  @Test
  void aDamagedBlobIsNamedAndNotRepaired() throws Exception {
    trusted("ed25519.asc");
    String id = fetched();
    Cli.Result intact = cli.rkt("image", "verify", "--format=json");
    assertThat(intact.status()).as(intact.err()).isZero();
    assertThat(intact.out()).startsWith("{\"version\":1,\"id\":\"" + id + "\",\"intact\":true,");
    Schemas.check("image-verify", intact.out());
    assertThat(cli.rkt("image", "verify", id).out()).isEqualTo(id + " intact\n");

    Path blob = largestBlob();
    byte[] bytes = Files.readAllBytes(blob);
    bytes[bytes.length / 2] ^= 1;
    Files.write(blob, bytes);
    for (int round = 0; round < 2; round++) {
      Cli.Result damaged = cli.rkt("image", "verify", id);
      assertThat(damaged.status()).isEqualTo(254);
      assertThat(damaged.out())
          .isEqualTo(id + " damaged\n  blob sha256:" + blob.getFileName() + " is damaged\n");
      assertThat(damaged.err()).startsWith("integrity: 1 of 1 images are damaged\n  fix: ");
    }
    Files.delete(blob);
    Cli.Result missing = cli.rkt("image", "verify", "--format=json");
    assertThat(missing.out()).contains("\"state\":\"missing\"").contains("\"unchecked\"");
    Schemas.check("image-verify", missing.out());
  }

  @Test
  void nothingIsAttestedOfAnImageWhoseBlobsWereChanged() throws Exception {
    trusted("ed25519.asc");
    String id = fetched();
    String[] attest = attest(id);
    assertThat(cli.rkt(attest).out()).isEqualTo(id + "\n");
    String before = cli.rkt("audit", "log", "--event=sign", "--format=json").out();
    assertThat(before.lines().toList()).hasSize(1);

    Path blob = largestBlob();
    byte[] bytes = Files.readAllBytes(blob);
    bytes[bytes.length / 2] ^= 1;
    Files.write(blob, bytes);
    Cli.Result refused = cli.rkt(attest);
    assertThat(refused.status()).isEqualTo(254);
    assertThat(refused.err()).startsWith("integrity: ");
    assertThat(cli.rkt("audit", "log", "--event=sign", "--format=json").out()).isEqualTo(before);
  }

  @Test
  void nothingIsAttestedThatThereIsNoRoomFor() throws Exception {
    trusted("ed25519.asc");
    String id = fetched();
    Store store = Store.at(cli.data());
    Image image = store.image(ImageId.parse(id));
    OciDescriptor manifest =
        OciDescriptor.of(
            MediaType.OCI_MANIFEST, image.manifest(), store.read(image.manifest()).length);
    try (Transaction transaction = store.begin()) {
      List<OciDescriptor> own = new ArrayList<>();
      for (int i = 0; i < 32; i++) {
        own.add(transaction.add(new byte[] {(byte) i}).as(MediaType.DSSE));
      }
      transaction.attach(image.id(), transaction.addStatements(manifest, own));
    }
    List<OciDescriptor> before = store.statements(image.manifest());
    Cli.Result refused = cli.rkt(attest(id));
    assertThat(refused.status()).isEqualTo(254);
    assertThat(refused.err()).startsWith("usage: there is no room").contains("  fix: ");
    assertThat(store.statements(image.manifest())).hasSize(32).isEqualTo(before);
    assertThat(cli.rkt("audit", "log", "--event=sign", "--format=json").out()).isEmpty();
  }

  /** Makes a key; gives the words that attest something of an image with it. */
  private String[] attest(String id) throws Exception {
    Path secret = directory.resolve("passphrase");
    Files.createFile(
        secret, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Path key = directory.resolve("it");
    Cli.Result made =
        cli.rkt("image", "generate-key", "--passphrase-file=" + secret, key.toString());
    assertThat(made.status()).as(made.err()).isZero();
    cli.withInput("{\"critical\":0}".getBytes(StandardCharsets.UTF_8));
    return new String[] {
      "image",
      "attest",
      "--key=" + key + ".key",
      "--passphrase-file=" + secret,
      "--predicate=-",
      "--type=https://example.com/scan/v1",
      id
    };
  }

  private Path largestBlob() throws Exception {
    try (var blobs = Files.list(cli.data().resolve("store/blobs/sha256"))) {
      return blobs
          .max(java.util.Comparator.comparingLong(blob -> blob.toFile().length()))
          .orElseThrow();
    }
  }

  @Test
  void trustedKeysAreListedAndRemoved() throws Exception {
    assertThat(cli.rkt("trust", "list"))
        .isEqualTo(
            new Cli.Result(
                0, "PREFIX  FINGERPRINT  ALGORITHM  CREATED  EXPIRES  STATE  LAYER  USER\n", ""));
    String fingerprint = trusted("ed25519.asc");
    assertThat(cli.rkt("trust", "list").out().lines().skip(1).toList())
        .singleElement()
        .asString()
        .matches(
            "example.com  "
                + fingerprint
                + "  Ed25519 +20\\d\\d-\\d\\d-\\d\\dT\\S+Z  never +valid  local +Training.*<.*@example.com>");
    assertThat(cli.rkt("trust", "list", "--no-legend").out()).startsWith("example.com  ");
    Cli.Result json = cli.rkt("trust", "list", "--format=json");
    assertThat(json.out())
        .startsWith(
            "{\"version\":1,\"scope\":\"example.com\",\"fingerprint\":\"" + fingerprint + "\",");
    Schemas.check("trust-list", json.out());

    assertThat(cli.rkt("trust", "remove", "--format=json", "--prefix=example.com", fingerprint))
        .isEqualTo(
            new Cli.Result(
                0,
                "{\"version\":1,\"fingerprint\":\"" + fingerprint + "\"}\n",
                "no longer trusted for example.com: " + fingerprint + "\n"));
    assertThat(cli.rkt("trust", "list", "--format=json").out()).isEmpty();
  }

  @Test
  void aKeyIsReadFromStandardInputAndNamedAsJson() throws Exception {
    byte[] key = Files.readAllBytes(FIXTURES.resolve("ed25519.asc"));
    Cli.Result result = cli.withInput(key).rkt("trust", "--root", "--format=json", "-");
    assertThat(result.out()).matches("\\{\"version\":1,\"fingerprint\":\"[0-9a-f]{40}\"}\n");
    Schemas.check("done", result.out());
    assertThat(cli.rkt("trust", "list").out()).contains("\nroot ");
  }

  @Test
  void aKeyNeedsAScopeAndAScopeAName() {
    String key = FIXTURES.resolve("ed25519.asc").toString();
    for (String[] line :
        new String[][] {
          {"trust", key},
          {"trust", "--root", "--prefix=a.com", key},
          {"trust", "--prefix=../x", key},
          {"trust", "--prefix=a.com", key + ".not"},
          {"trust", "--root"},
          {"trust", "remove", "--root"},
        }) {
      Cli.Result result = cli.rkt(line);
      assertThat(result.status()).isEqualTo(254);
      assertThat(result.err()).startsWith("usage: ");
      assertThat(directory.resolve("local")).doesNotExist();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "fetch",
        "run",
        "run --",
        "run -- x",
        "enter",
        "image rm",
        "image cat-manifest",
        "trust --root",
        "trust remove --root"
      })
  void aCommandThatIsGivenNothingToWorkOnSaysSo(String line) {
    Cli.Result result = cli.rkt(line.split(" ", -1));
    assertThat(result.status()).as(result.toString()).isEqualTo(254);
    assertThat(result.err()).startsWith("usage: ");
    assertThat(result.out()).isEmpty();
  }

  @Test
  void whatIsNotInTheStoreIsNotFound() {
    for (String[] line :
        new String[][] {
          {"image", "rm", "example.com/none"},
          {"image", "cat-manifest", "example.com/none"},
          {"run", "--pull-policy=never", "example.com/none"},
          {"fetch", "--pull-policy=never", "example.com/none"},
        }) {
      Cli.Result result = cli.rkt(line);
      assertThat(result.status()).isEqualTo(254);
      assertThat(result.out()).isEmpty();
      assertThat(result.err())
          .startsWith("not-found: no image \"example.com/none\" in the store\n  fix: ");
    }
  }
}
