package rkt.tests.fetch;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.tests.Call;
import rkt.tests.Result;
import rkt.tests.Rkt;

/** {@code rkt-verify} of ACIs where they lie, which no store has: on a stick, from somebody. */
@Tag("privileged")
@TestInstance(Lifecycle.PER_CLASS)
class VerifyFilesIT {
  private static final String ALICE = "alice@example.com";
  private static final String MALLORY = "mallory@example.com";

  private Rkt rkt;
  private Gpg gpg;
  private Path stick;
  private Path good;

  @BeforeAll
  void open() throws Exception {
    rkt = Rkt.fresh();
    gpg = new Gpg(rkt.home().resolve("gnupg"));
    stick = Files.createDirectory(rkt.home().resolve("stick"));
    rkt.ok("trust", "--prefix=example.com/it", gpg.key(ALICE).toString());
    gpg.key(MALLORY);
    good = signed("good.aci", aci("example.com/it/good"));
  }

  @AfterEach
  void removePolicies() throws Exception {
    Rkt.delete(rkt.home().resolve("local/policy.d"));
  }

  @AfterAll
  void close() throws Exception {
    gpg.close();
    rkt.close();
  }

  private static byte[] aci(String name) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
      byte[] manifest =
          ("{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\",\"name\":\"" + name + "\"}")
              .getBytes(UTF_8);
      TarArchiveEntry entry = new TarArchiveEntry("manifest");
      entry.setSize(manifest.length);
      tar.putArchiveEntry(entry);
      tar.write(manifest);
      tar.closeArchiveEntry();
      tar.putArchiveEntry(new TarArchiveEntry("rootfs/"));
      tar.closeArchiveEntry();
    }
    return bytes.toByteArray();
  }

  private Path file(String name, byte[] bytes) throws IOException {
    Files.deleteIfExists(stick.resolve(name + ".asc"));
    return Files.write(stick.resolve(name), bytes);
  }

  private Path signed(String name, byte[] bytes) throws Exception {
    Path file = file(name, bytes);
    gpg.sign(ALICE, file);
    return file;
  }

  private Call verify(Object... words) {
    return rkt.tool(
        "rkt-verify", Arrays.stream(words).map(Object::toString).toArray(String[]::new));
  }

  private Result passes(Path file) throws Exception {
    Result result = verify(file).run();
    assertThat(result.out()).as("%s", result).isEqualTo(file + "\n");
    assertThat(result.err()).isEmpty();
    assertThat(result.status()).isZero();
    return result;
  }

  /** Refused, with the file named and nothing changed but the audit log. */
  private Result refused(String errorClass, int status, Path file) throws Exception {
    Result result = Tools.refuses(rkt, errorClass, status, verify(file));
    assertThat(result.err()).contains(file.toString());
    return result;
  }

  private void policy(String requirement) throws IOException {
    Path policy = rkt.home().resolve("local/policy.d/example.com/policy.json");
    Files.createDirectories(policy.getParent());
    Files.writeString(
        policy, "{\"rktKind\":\"policy\",\"rktVersion\":\"v1\",\"require\":" + requirement + "}");
  }

  @Test
  void whatPassesIsPrintedAsItWasNamedAndNoStoreIsMade() throws Exception {
    Rkt bare = rkt.withData(rkt.home().resolve("nothing"));
    for (String name : new String[] {"./good.aci", "good.aci", good + "", "file://" + good}) {
      Result result = bare.tool("rkt-verify", name).in(stick).run();
      assertThat(result.out()).as("%s", result).isEqualTo(name + "\n");
      assertThat(result.status()).isZero();
    }
    assertThat(bare.data()).doesNotExist();
    Map<String, String> before = rkt.listing();
    passes(good);
    assertThat(rkt.listing()).isEqualTo(before);
  }

  @Test
  void aSignatureElsewhereIsNamedForOneFile() throws Exception {
    Path alone = file("alone.aci", Files.readAllBytes(good));
    refused("trust", 12, alone);
    String signature = "--signature=" + good + ".asc";
    assertThat(verify(signature, alone).run().out()).isEqualTo(alone + "\n");
    Tools.refuses(rkt, "usage", 2, verify(signature, alone, good));
    Tools.refuses(rkt, "usage", 2, verify(signature));
    Tools.refuses(rkt, "usage", 2, verify(signature, "example.com/it/good"));
    Tools.refuses(rkt, "not-found", 10, verify("--signature=" + stick + "/none", alone));
  }

  @Test
  void whatNobodyTrustedHasSignedIsRefused() throws Exception {
    byte[] bytes = Files.readAllBytes(good);
    Path file = file("x.aci", bytes);
    assertThat(refused("trust", 12, file).err()).contains("it has no signature");
    gpg.sign(MALLORY, file);
    assertThat(refused("trust", 12, file).err()).contains("rkt trust --prefix=");
    Files.copy(
        Path.of(good + ".asc"),
        file("forged.aci", flipped(bytes, 600)).resolveSibling("forged.aci.asc"));
    refused("trust", 12, stick.resolve("forged.aci"));
    Files.writeString(Path.of(file + ".asc"), "no signature\n");
    refused("trust", 12, file);
    Files.write(Path.of(file + ".asc"), new byte[(4 << 20) + 1]);
    refused("trust", 12, file);
  }

  private static byte[] flipped(byte[] bytes, int place) {
    byte[] changed = bytes.clone();
    changed[place] ^= 1;
    return changed;
  }

  @Test
  void theNameIsThatOfTheManifestAndDecidesWhichKeysAndPoliciesCount() throws Exception {
    Path other = signed("other.aci", aci("example.org/other"));
    assertThat(refused("trust", 12, other).err()).contains("trusted for example.com/it");
    // Whatever the file is called.
    Path renamed = stick.resolve("example.com-it-good.aci");
    Files.move(other, renamed);
    Files.move(Path.of(other + ".asc"), Path.of(renamed + ".asc"));
    refused("trust", 12, renamed);

    policy("{\"type\":\"reject\"}");
    assertThat(refused("trust", 12, good).err()).contains("policy.json");
    policy("{\"type\":\"openpgp\"}");
    passes(good);
    policy("{\"type\":\"cosign\",\"keys\":[{\"pem\":\"" + cosignKey() + "\"}]}");
    assertThat(refused("trust", 12, good).err()).contains("the policy asks for more");
  }

  private String cosignKey() throws Exception {
    Path passphrase = rkt.home().resolve("passphrase");
    Files.writeString(passphrase, "of no use\n");
    Tools.ok("chmod", "600", passphrase.toString());
    Path keys = rkt.home().resolve("cosign");
    if (!Files.exists(Path.of(keys + ".pub"))) {
      rkt.ok("image", "generate-key", "--passphrase-file=" + passphrase, keys.toString());
    }
    return Files.readString(Path.of(keys + ".pub")).replace("\n", "\\n");
  }

  @Test
  void whatNobodySignedDoesNotChooseThePolicyThatLetsItIn() throws Exception {
    Path file = file("unsigned.aci", aci("example.com/it/unsigned"));
    policy("{\"type\":\"accept-unsigned\"}");
    refused("trust", 12, file);
    Result json = verify("--format=json", file).run();
    assertThat(json.status()).isEqualTo(12);
    assertThat(json.out()).contains("\"name\":\"example.com/it/unsigned\"");
    assertThat(json.out()).contains("\"accepted\":false,\"rule\":\"unsigned\"");
    // Signed by a trusted key, it may be what the policy says.
    passes(good);
  }

  @Test
  void keysThatAreRevokedOrMaskedDoNotCount() throws Exception {
    String bob = "bob@example.com";
    rkt.ok("trust", "--prefix=example.com/it", gpg.key(bob).toString());
    Path file = file("bob.aci", aci("example.com/it/bob"));
    gpg.sign(bob, file);
    passes(file);
    String fingerprint = gpg.fingerprint(bob).toLowerCase(Locale.ROOT);
    rkt.ok("trust", "mask", "--prefix=example.com/it", fingerprint);
    refused("trust", 12, file);
    rkt.ok("trust", "mask", "--undo", "--prefix=example.com/it", fingerprint);
    Path revoked = gpg.revoke(bob);
    rkt.ok("trust", "--prefix=example.com/it", revoked.toString());
    assertThat(refused("trust", 12, file).err()).contains("revoked");
  }

  @ParameterizedTest
  @ValueSource(strings = {"cat", "gzip", "bzip2", "xz", "zstd -q"})
  void anArchiveIsReadWholeAndHeldToItsStructure(String program) throws Exception {
    Path image = stick.resolve("compressed.aci");
    Tools.ok("sh", "-c", program + " < " + good + " > " + image);
    byte[] whole = Files.readAllBytes(image);
    passes(signed("compressed.aci", whole));
    refused("integrity", 13, signed("compressed.aci", Arrays.copyOf(whole, whole.length / 2)));
    byte[] trailing = Arrays.copyOf(whole, whole.length + 5);
    trailing[whole.length] = 'x';
    refused("integrity", 13, signed("compressed.aci", trailing));
  }

  @Test
  void whatIsSignedButNoAciIsRefused() throws Exception {
    refused("integrity", 13, signed("text.aci", "an ACI\n".getBytes(UTF_8)));
    refused("integrity", 13, signed("empty.aci", new byte[0]));
    byte[] once = Files.readAllBytes(good);
    ByteArrayOutputStream twice = new ByteArrayOutputStream();
    twice.write(once, 0, 1536); // manifest and rootfs, and both again
    twice.write(once);
    assertThat(refused("integrity", 13, signed("twice.aci", twice.toByteArray())).err())
        .contains("two of them");
    refused("integrity", 13, signed("name.aci", aci("No Name")));
    Path bomb = stick.resolve("bomb.aci");
    Tools.ok("sh", "-c", "head -c 100000000 /dev/zero | gzip -9 > " + bomb);
    refused("integrity", 13, signed("bomb.aci", Files.readAllBytes(bomb)));
  }

  @Test
  void onlyPlainFilesAreOpened() throws Exception {
    refused("usage", 2, stick);
    refused("not-found", 10, stick.resolve("none.aci"));
    refused("usage", 2, Path.of("/dev/zero"));
    Path pipe = stick.resolve("pipe.aci");
    Tools.ok("mkfifo", pipe.toString());
    Tools.refuses(rkt, "usage", 2, verify(pipe).within(Duration.ofSeconds(60)));
    // Nor a signature that would never come.
    Path file = file("waiting.aci", Files.readAllBytes(good));
    Tools.ok("mkfifo", file + ".asc");
    Tools.refuses(rkt, "usage", 2, verify(file).within(Duration.ofSeconds(60)));
    Path link = stick.resolve("link.aci");
    Files.createSymbolicLink(link, good);
    Files.createSymbolicLink(Path.of(link + ".asc"), Path.of(good + ".asc"));
    passes(link);
  }

  @Test
  void eachLineOfStdinIsOneNameAndTheStatusIsThatOfTheFirstRefusal() throws Exception {
    Path many = Files.createDirectory(stick.resolve("many"));
    byte[] signature = Files.readAllBytes(Path.of(good + ".asc"));
    for (String name : new String[] {"a b.aci", "\u00e4\t.aci", " c.aci", "bad.aci"}) {
      Files.copy(good, many.resolve(name));
      if (!name.equals("bad.aci")) {
        Files.write(many.resolve(name + ".asc"), signature);
      }
    }
    Call call =
        verify()
            .in(many)
            .env("LC_ALL", "C")
            .stdin("a b.aci\n\u00e4\t.aci\n\nbad.aci\nnone.aci\n c.aci".getBytes(UTF_8));
    Result result = call.run();
    assertThat(result.out()).as("%s", result).isEqualTo("a b.aci\n\u00e4\t.aci\n c.aci\n");
    assertThat(result.status()).isEqualTo(12);
    assertThat(result.err()).contains("trust: bad.aci: ").contains("not-found: no such file: ");
    Result latin = verify("-").in(many).stdin("\u00e4.aci\na b.aci\n".getBytes(ISO_8859_1)).run();
    assertThat(latin.out()).isEqualTo("a b.aci\n");
    assertThat(latin.status()).isEqualTo(2);
    assertThat(latin.err()).contains("\"\\xe4.aci\" is not UTF-8").doesNotContain("Exception");
    String script =
        "find . -name '*.aci' | LC_ALL=C sort | "
            + Rkt.DISTRIBUTION
            + "/bin/rkt-verify --dir="
            + rkt.data()
            + " --system-config="
            + rkt.home()
            + "/system --local-config="
            + rkt.home()
            + "/local";
    Result found = new Call(List.of("sh", "-c", script)).in(many).run();
    assertThat(found.out()).isEqualTo("./ c.aci\n./a b.aci\n./\u00e4\t.aci\n");
    assertThat(found.status()).isEqualTo(12);
  }

  @Test
  void theVerdictAsJsonSaysWhichFileItIsAbout() throws Exception {
    Path file = file("why.aci", Files.readAllBytes(good));
    Result result = verify("--format=json", good, file).run();
    assertThat(result.status()).isEqualTo(12);
    assertThat(result.lines()).hasSize(2);
    assertThat(result.lines().get(0))
        .contains("\"place\":\"" + good + "\"")
        .contains("\"image\":\"sha512-")
        .contains("\"name\":\"example.com/it/good\"")
        .contains("\"accepted\":true,\"rule\":\"valid\"")
        .contains("\"scope\":\"example.com/it\"");
    assertThat(result.lines().get(1))
        .contains("\"place\":\"" + file + "\"")
        .contains("\"image\":\"sha256:")
        .contains("\"accepted\":false,\"rule\":\"unsigned\"");
    assertThat(result.err()).startsWith("{\"error\":{\"class\":\"trust\"");
  }

  @Test
  void eachVerdictIsInTheAuditLog() throws Exception {
    Path file = file("recorded.aci", Files.readAllBytes(good));
    refused("trust", 12, file);
    gpg.sign(ALICE, file);
    passes(file);
    String log = rkt.ok("audit", "log", "--event=verdict", "--format=json").out();
    assertThat(log.lines().filter(line -> line.contains("\"file\":\"" + file + "\"")))
        .hasSize(2)
        .allMatch(line -> line.contains("\"purpose\":\"verify\""))
        .anyMatch(
            line -> line.contains("\"accepted\":false,\"bypassed\":false,\"rule\":\"unsigned\""))
        .anyMatch(line -> line.contains("\"name\":\"example.com/it/good\",\"accepted\":true"));
    assertThat(rkt.ok("audit", "log", "--event=verdict").out()).contains(file.toString());
    rkt.ok("audit", "verify");
  }
}
