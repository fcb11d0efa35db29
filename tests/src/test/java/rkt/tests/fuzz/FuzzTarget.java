package rkt.tests.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import rkt.fetch.ImageRef;
import rkt.fetch.discovery.PageProbe;
import rkt.fetch.registries.RegistriesConf;
import rkt.fetch.registries.SignaturePlaces;
import rkt.fetch.registry.ChallengeProbe;
import rkt.fetch.statement.SignatureFile;
import rkt.fetch.transport.Surroundings;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.archive.TarHeaders;
import rkt.spec.image.AciManifest;
import rkt.spec.image.Compression;
import rkt.spec.image.ImageId;
import rkt.spec.image.ImageJson;
import rkt.spec.image.Layer;
import rkt.spec.image.OciConfig;
import rkt.spec.image.OciIndex;
import rkt.spec.image.OciManifest;
import rkt.spec.pod.PodManifest;
import rkt.stage1.launch.LaunchPlan;
import rkt.stage1.pod.PodRecord;
import rkt.stage1.render.LayerCheck;
import rkt.stage1.render.Limits;
import rkt.verify.audit.AuditCheck;
import rkt.verify.audit.AuditHead;
import rkt.verify.audit.AuditRecords;
import rkt.verify.claim.Statement;
import rkt.verify.openpgp.Evidence;
import rkt.verify.policy.PolicyProbe;
import rkt.verify.sigstore.PublicKeyFile;
import rkt.verify.sigstore.SigstoreProbe;
import rkt.verify.sigstore.TrustedRoot;

/**
 * What reads bytes that somebody else made. Whatever they are, it gives a value or an {@link
 * RktException}, within ten seconds and half a gigabyte of memory; and what can be compared with
 * something agrees.
 */
enum FuzzTarget {
  CERTIFICATE {
    @Override
    List<byte[]> seeds() throws IOException {
      return Signatures.both("key.asc");
    }

    @Override
    void read(byte[] input) throws Exception {
      Signatures.certificate(input);
    }
  },

  SIGNATURE {
    @Override
    List<byte[]> seeds() throws IOException {
      return Signatures.both("data.asc");
    }

    @Override
    void read(byte[] input) throws Exception {
      Signatures.signature(input);
    }
  },

  EVIDENCE {
    @Override
    List<byte[]> seeds() throws IOException {
      return Signatures.evidence();
    }

    @Override
    void read(byte[] input) throws Exception {
      Evidence evidence = Evidence.fromJson(input, "the input");
      same(Evidence.fromJson(evidence.toJson(), "what was written"), evidence);
    }
  },

  SIGSTORE_BUNDLE {
    @Override
    List<byte[]> seeds() throws IOException {
      return files("sigstore/bundle", ".sigstore.json");
    }

    @Override
    void read(byte[] input) {
      SigstoreProbe.statement(Statement.Kind.BUNDLE, input);
      Sigstore.bundle(input);
    }
  },

  DSSE_ENVELOPE {
    @Override
    List<byte[]> seeds() {
      return texts(
          "{\"payloadType\":\"application/vnd.in-toto+json\",\"payload\":\"e30=\",\"signatures\":[{\"sig\":\"MAYCAQECAQE=\"}]}");
    }

    @Override
    void read(byte[] input) {
      SigstoreProbe.statement(Statement.Kind.DSSE, input);
    }
  },

  COSIGN_PAYLOAD {
    @Override
    List<byte[]> seeds() {
      return texts(
          "{\"critical\":{\"identity\":{\"docker-reference\":\"example.com/app\"},"
              + "\"image\":{\"docker-manifest-digest\":\"sha256:"
              + "0".repeat(64)
              + "\"},\"type\":\"cosign container image signature\"},"
              + "\"optional\":{\"creator\":\"us\",\"timestamp\":1657296609}}");
    }

    @Override
    void read(byte[] input) {
      SigstoreProbe.payload(input);
      SigstoreProbe.statement(Statement.Kind.COSIGN, input);
    }
  },

  LOG_ENTRY {
    @Override
    List<byte[]> seeds() {
      String body =
          "{\"apiVersion\":\"0.0.1\",\"kind\":\"hashedrekord\",\"spec\":{\"data\":{\"hash\":{\"algorithm\":"
              + "\"sha256\",\"value\":\"00\"}},\"signature\":{\"content\":\"AA==\",\"publicKey\":{\"content\":\"\"}}}}";
      return texts(
          "{\"SignedEntryTimestamp\":\"MAYCAQECAQE=\",\"Payload\":{\"integratedTime\":1,\"logIndex\":2,\"logID\":\"c0d2\",\"body\":\""
              + Base64.getEncoder().encodeToString(body.getBytes(UTF_8))
              + "\"}}");
    }

    @Override
    void read(byte[] input) {
      SigstoreProbe.logEntry(input);
    }
  },

  TIMESTAMP {
    @Override
    List<byte[]> seeds() throws Exception {
      return SigstoreProbe.timestamps();
    }

    @Override
    void read(byte[] input) {
      SigstoreProbe.timestamp(input);
    }
  },

  SIGNING_CERTIFICATE {
    @Override
    List<byte[]> seeds() throws Exception {
      return SigstoreProbe.certificates();
    }

    @Override
    void read(byte[] input) {
      SigstoreProbe.certificate(input);
    }
  },

  TRUSTED_ROOT {
    @Override
    List<byte[]> seeds() throws IOException {
      return files("sigstore", "trusted_root.json");
    }

    @Override
    void read(byte[] input) throws Exception {
      TrustedRoot.parse(input, "the input");
    }
  },

  PUBLIC_KEY {
    @Override
    List<byte[]> seeds() throws IOException {
      List<byte[]> keys = new ArrayList<>(files("sigstore", ".pub"));
      String pem = new String(keys.get(0), UTF_8);
      String body = pem.replaceAll("-----[A-Z ]*-----|\\s", "");
      keys.add(Base64.getDecoder().decode(body));
      return keys;
    }

    @Override
    void read(byte[] input) throws Exception {
      PublicKey key = PublicKeyFile.parse(input, "the input");
      same(PublicKeyFile.parse(key.getEncoded(), "again").getEncoded(), key.getEncoded());
    }
  },

  SIMPLE_SIGNING {
    @Override
    List<byte[]> seeds() throws IOException {
      return Signatures.messages();
    }

    @Override
    void read(byte[] input) {
      Signatures.message(input);
    }
  },

  COSIGN_SIGNATURE {
    @Override
    List<byte[]> seeds() throws IOException {
      return Sigstore.cosign();
    }

    @Override
    void read(byte[] input) throws Exception {
      Sigstore.cosign(input);
    }
  },

  POLICY {
    @Override
    List<byte[]> seeds() {
      String head = "{\"rktKind\":\"policy\",\"rktVersion\":\"v1\",\"require\":";
      return texts(
          head + "{\"type\":\"reject\"}}",
          head + "{\"type\":\"any-of\",\"of\":[{\"type\":\"openpgp\",\"maxAge\":\"365d\"}]}}",
          head
              + "{\"type\":\"all-of\",\"of\":[{\"type\":\"attestation\","
              + "\"predicateType\":\"https://example.com/scan/v1\",\"by\":[{\"type\":\"keyless\","
              + "\"trustedRoot\":\"root.json\",\"identities\":[{\"issuer\":\"https://id.example.com\","
              + "\"subjectPattern\":\"*@example.com\"}]}],\"rules\":[{\"field\":\"/a/b\",\"at-most\":0}]},"
              + "{\"type\":\"at-least\",\"count\":1,\"of\":[{\"type\":\"openpgp\"}]}]}}");
    }

    @Override
    void read(byte[] input) throws Exception {
      PolicyProbe.acceptsUnsigned(input);
    }
  },

  ACI_MANIFEST {
    @Override
    List<byte[]> seeds() throws IOException {
      return files("image/aci", ".json");
    }

    @Override
    void read(byte[] input) throws Exception {
      AciManifest.parse(input);
    }
  },

  OCI_MANIFEST {
    @Override
    List<byte[]> seeds() throws IOException {
      return files("image/oci-manifest", ".json");
    }

    @Override
    void read(byte[] input) throws Exception {
      OciManifest.parse(input, null, "the input");
    }
  },

  OCI_INDEX {
    @Override
    List<byte[]> seeds() throws IOException {
      return files("image/oci-index", ".json");
    }

    @Override
    void read(byte[] input) throws Exception {
      OciIndex.parse(input, null, "the input");
    }
  },

  OCI_CONFIG {
    @Override
    List<byte[]> seeds() throws IOException {
      return files("image/oci-config", ".json");
    }

    @Override
    void read(byte[] input) throws Exception {
      OciConfig.parse(input, "the input");
    }
  },

  STORED_IMAGE {
    @Override
    List<byte[]> seeds() throws IOException {
      return files("image", ".expected");
    }

    @Override
    void read(byte[] input) throws Exception {
      byte[] written = ImageJson.write(ImageJson.read(input, "the input"));
      same(ImageJson.write(ImageJson.read(written, "what was written")), written);
    }
  },

  POD_MANIFEST {
    @Override
    List<byte[]> seeds() throws IOException {
      return files("pod-manifest", ".json");
    }

    @Override
    void read(byte[] input) throws Exception {
      byte[] written = PodManifest.parse(input, "the input").toJson();
      same(PodManifest.parse(written, "what was written").toJson(), written);
    }
  },

  POD_RECORD {
    @Override
    List<byte[]> seeds() throws IOException {
      return files("pod", ".json");
    }

    @Override
    void read(byte[] input) throws Exception {
      byte[] written = PodRecord.parse(input).toJson();
      same(PodRecord.parse(written).toJson(), written);
    }
  },

  REGISTRIES_CONF {
    @Override
    List<byte[]> seeds() {
      return texts(
          "unqualified-search-registries = [\"docker.io\"]\n[aliases]\n\"app\" = \"example.com/app\"\n",
          "[[registry]]\nprefix = \"*.example.com\"\ninsecure = true\nblocked = false\n",
          "[[registry]]\nlocation = \"example.com/a\"\n[[registry.mirror]]\n"
              + "location = \"127.0.0.1:5000/b\"\npull-from-mirror = \"digest-only\"\n",
          "a.b.c = 1979-05-27T07:32:00Z\nd = [1, 2.5, inf, 'x', \"\"\"\n\\u00e9\"\"\", {e = 0xff}]\n");
    }

    @Override
    void read(byte[] input) throws Exception {
      Path file = Scratch.file(input);
      RegistriesConf conf =
          RegistriesConf.read(
              Surroundings.of(Map.of("CONTAINERS_REGISTRIES_CONF", file.toString())));
      conf.endpoints("example.com", "a/b", true);
      conf.endpoints("host.example.com", "a", false);
      conf.alias("app");
    }
  },

  REGISTRIES_D {
    @Override
    List<byte[]> seeds() {
      return texts(
          "default-docker:\n  sigstore: https://example.com/sigs/\n  use-sigstore-attachments: yes\n",
          "docker:\n  example.com: {lookaside: 'file:///srv', use-sigstore-attachments: true}\n",
          "docker: &a\n  \"*.example.com\": !!map\n    lookaside: |\n      x\n  <<: *a\n---\n- 0o17\n");
    }

    @Override
    void read(byte[] input) throws Exception {
      SignaturePlaces.read(
              Surroundings.of(Map.of("XDG_CONFIG_HOME", Scratch.registriesD(input).toString())))
          .of("host.example.com:5000", "a/b", "1");
    }
  },

  SIGNATURE_FILE {
    @Override
    List<byte[]> seeds() {
      return texts(
          "\0sigstore-json\n{\"mimeType\":\"a/b\",\"payload\":\"eA==\",\"annotations\":{\"a\":\"b\"}}");
    }

    @Override
    void read(byte[] input) throws Exception {
      SignatureFile.parse(input, "the input");
    }
  },

  DISCOVERY_PAGE {
    @Override
    List<byte[]> seeds() {
      String meta = "<meta name=\"ac-discovery\" content=\"example.com https://h/{name}.{ext}\">";
      return texts(
          "<!DOCTYPE html><html><head>" + meta + "</head><body>" + meta + "</body></html>",
          "<meta name='ac-discovery-pubkeys' content='example.com/app https://h/key.asc'>",
          "<head><![CDATA[<svg><template><table><meta name=ac-discovery content='a b'>&#x110000;");
    }

    @Override
    void read(byte[] input) {
      PageProbe.templates(input);
    }
  },

  LAYER {
    @Override
    List<byte[]> seeds() throws IOException {
      return Tars.seeds();
    }

    @Override
    void read(byte[] input) throws Exception {
      Digest digest = Digest.sha256(input);
      Layer layer = new Layer(digest, input.length, Compression.NONE, digest);
      Limits limits = new Limits(2000, 600, 4 << 20, 200, 4 << 20);
      boolean aci = input.length > 0 && input[0] == 'm';
      LayerCheck.check(layer, _ -> new ByteArrayInputStream(input), limits, aci);
    }
  },

  ARCHIVE {
    @Override
    List<byte[]> seeds() throws IOException {
      return Tars.seeds();
    }

    @Override
    void read(byte[] input) throws Exception {
      TarHeaders headers = new TarHeaders(new ByteArrayInputStream(input), "the input");
      try {
        for (TarHeaders.Entry e = headers.next(); e != null; e = headers.next()) {
          if (e.sizeBytes() < 1 << 16) {
            headers.contents();
          }
        }
      } catch (IOException e) {
        return; // as of a disk that cannot be read; the caller tells it
      }
    }
  },

  LAUNCH_PLAN {
    @Override
    List<byte[]> seeds() throws IOException {
      List<byte[]> plans = new ArrayList<>();
      for (byte[] hex : files("launch-plan", "plan.hex")) {
        plans.add(HexFormat.of().parseHex(new String(hex, UTF_8).replaceAll("#.*|\\s", "")));
      }
      return plans;
    }

    @Override
    void read(byte[] input) {
      LaunchPlan plan;
      try {
        plan = LaunchPlan.decode(input);
      } catch (IllegalArgumentException e) {
        return; // what it says of bytes that are no plan
      }
      same(LaunchPlan.decode(plan.encode()), plan);
      plan.describe();
    }
  },

  AUDIT_LOG {
    @Override
    List<byte[]> seeds() {
      return texts(
          "{\"version\":1,\"seq\":1,\"prev\":\"" + "0".repeat(64) + "\",\"event\":\"trust\"}\n",
          "{\"version\":1,\"seq\":1,\"prev\":\""
              + "0".repeat(64)
              + "\",\"event\":\"x\"}\n{}\n{\"seq\"");
    }

    @Override
    void read(byte[] input) throws Exception {
      Path data = Scratch.auditLog(input);
      AuditCheck check = AuditCheck.of(data);
      AuditCheck.of(data, new AuditHead(3, "a".repeat(64)));
      long[] count = {0};
      new AuditRecords(data).forEach((_, _) -> count[0]++);
      require(count[0] <= check.records(), "more records than lines");
    }
  },

  NAMES {
    @Override
    List<byte[]> seeds() throws IOException {
      List<byte[]> names = new ArrayList<>();
      for (byte[] list : files("names", ".txt")) {
        names.addAll(texts(new String(list, UTF_8).split("\n", -1)));
      }
      names.addAll(
          texts(
              "docker://registry.example.com:5000/a/b:1@sha256:" + "a".repeat(64),
              "docker://[::1]:5000/a",
              "oci:./layout:1",
              "oci-archive:/a/b.tar:x",
              "docker-archive:/a.tar:name:tag",
              "dir:/a",
              "file:///a/b.aci",
              "https://u@example.com/a.aci?b#c",
              "magnet:?xt=urn:btih:abc",
              "example.com/app:1.0.0,os=linux,arch=amd64",
              "sha512-" + "0".repeat(64),
              "Bearer realm=\"https://a/b\",service=\"c\\\"d\",scope=e"));
      return names;
    }

    @Override
    void read(byte[] input) throws Exception {
      String text = new String(input, UTF_8);
      ChallengeProbe.scheme(text);
      parsed(() -> require(new ImageName(text).text().equals(text), "a name changed"));
      parsed(() -> require(ImageId.parse(text).toString().equals(text), "an id changed"));
      parsed(() -> require(Digest.parse(text).toString().equals(text), "a digest changed"));
      ImageRef.parse(text, Path.of("/nowhere")).lookup();
    }

    // A value of its own, which refuses what is none of it in this way.
    private void parsed(Runnable value) {
      try {
        value.run();
      } catch (IllegalArgumentException e) {
        return;
      }
    }
  };

  /** Inputs to begin with: those of the test vectors, and some more. */
  abstract List<byte[]> seeds() throws Exception;

  /** Reads an input. Leaving with anything but a value or an {@link RktException} is a defect. */
  abstract void read(byte[] input) throws Exception;

  /** The same, where a refusal is an answer like any other. */
  final void feed(byte[] input) throws Exception {
    try {
      read(input);
    } catch (RktException e) {
      if (e.getMessage() == null || e.getMessage().isEmpty()) {
        throw new AssertionError("a refusal without words", e);
      }
    }
  }

  static List<byte[]> files(String area, String suffix) throws IOException {
    List<byte[]> contents = new ArrayList<>();
    try (Stream<Path> found = Files.walk(Path.of("../spec/vectors", area))) {
      for (Path file : found.sorted().toList()) {
        if (file.toString().endsWith(suffix)) {
          contents.add(Files.readAllBytes(file));
        }
      }
    }
    return contents;
  }

  private static List<byte[]> texts(String... texts) {
    return Arrays.stream(texts).map(text -> text.getBytes(UTF_8)).toList();
  }

  static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise);
    }
  }

  private static void same(byte[] actual, byte[] expected) {
    require(Arrays.equals(actual, expected), "read and written again, it is something else");
  }

  private static void same(Object actual, Object expected) {
    require(actual.equals(expected), "read and written again, it is something else");
  }
}
