package rkt.verify.sigstore;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import rkt.verify.claim.Statement;

/** Bundles of the public instance, and its root, of which somebody changed a part. */
class TamperedBundleTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path ROOT =
      Path.of("../spec/vectors/sigstore/public-good/trusted_root.json");
  private static final Instant NOW = Instant.parse("2026-11-28T00:00:00Z");
  private static final String SIGNATURE = "maven-central";
  private static final String ATTESTATION = "dsse-with-hashedrekord-happy-path";
  private static final String ENTRY = "/verificationMaterial/tlogEntries/0";

  @ParameterizedTest
  @CsvSource({
    "/messageSignature/messageDigest/digest,BAD_SIGNATURE",
    "/messageSignature/signature,BAD_SIGNATURE",
    "/verificationMaterial/tlogEntries/0/inclusionPromise/signedEntryTimestamp,LOG",
    "/verificationMaterial/tlogEntries/0/inclusionProof/rootHash,LOG",
    "/verificationMaterial/tlogEntries/0/inclusionProof/hashes/0,LOG",
    "/verificationMaterial/tlogEntries/0/inclusionProof/hashes/9,LOG",
    "/verificationMaterial/tlogEntries/0/canonicalizedBody,LOG",
  })
  void aFlippedBitIsRefused(String place, Refusal rule) throws Exception {
    JsonNode bundle = bundle(SIGNATURE);
    String text = bundle.at(place).asText();
    // In the middle, where every bit of base64 counts, and the text stays of its only spelling.
    int middle = text.length() / 2;
    char other = text.charAt(middle) == 'A' ? 'B' : 'A';
    set(bundle, place, text.substring(0, middle) + other + text.substring(middle + 1));
    assertRefused(bundle, rule);
  }

  @ParameterizedTest
  @CsvSource({
    "/integratedTime,1763671524,LOG",
    "/logIndex,711312234,LOG",
    "/inclusionProof/logIndex,589407972,LOG",
    "/inclusionProof/logIndex,9999999999,LOG",
    "/inclusionProof/logIndex,-1,MALFORMED",
    "/inclusionProof/treeSize,589407997,LOG",
    "/kindVersion/version,0.0.2,LOG_MISMATCH",
    "/kindVersion/kind,dsse,LOG_MISMATCH",
    "/integratedTime,99999999999999999999,MALFORMED",
    "/logIndex,0711312233,MALFORMED",
  })
  void anotherNumberInTheEntryOfALogIsRefused(String place, String value, Refusal rule)
      throws Exception {
    JsonNode bundle = bundle(SIGNATURE);
    set(bundle, ENTRY + place, value);
    assertRefused(bundle, rule);
  }

  /** As CVE-2022-36056 and {@code wrong-hashedrekord-*_fail} have it. */
  @Test
  void aGenuineEntryAboutAnotherSignatureIsRefused() throws Exception {
    JsonNode bundle = bundle(SIGNATURE);
    JsonNode other = bundle(ATTESTATION);
    ((ArrayNode) bundle.at("/verificationMaterial/tlogEntries")).set(0, other.at(ENTRY).deepCopy());
    assertRefused(bundle, Refusal.LOG_MISMATCH);
    ((ArrayNode) other.at("/verificationMaterial/tlogEntries"))
        .set(0, bundle(SIGNATURE).at(ENTRY).deepCopy());
    assertRefused(other, Refusal.LOG_MISMATCH);
  }

  @Test
  void theCertificateOfSomebodyElseIsRefused() throws Exception {
    JsonNode bundle = bundle(SIGNATURE);
    ((ObjectNode) bundle.at("/verificationMaterial"))
        .set("certificate", bundle(ATTESTATION).at("/verificationMaterial/certificate"));
    assertRefused(bundle, Refusal.BAD_SIGNATURE);
  }

  @Test
  void aTimestampAboutAnotherSignatureIsRefused() throws Exception {
    JsonNode bundle = bundle(SIGNATURE);
    ((ObjectNode) bundle.at("/verificationMaterial"))
        .set(
            "timestampVerificationData",
            bundle(ATTESTATION).at("/verificationMaterial/timestampVerificationData"));
    assertRefused(bundle, Refusal.TIMESTAMP);
  }

  @Test
  void withoutAnEntryOfALogOrItsProofABundleIsRefused() throws Exception {
    JsonNode bundle = bundle(SIGNATURE);
    ((ObjectNode) bundle.at(ENTRY)).remove("inclusionProof");
    assertRefused(bundle, Refusal.LOG);
    ((ObjectNode) bundle.at("/verificationMaterial")).remove("tlogEntries");
    assertRefused(bundle, Refusal.LOG);
  }

  @Test
  void withoutAPromiseTheLogDoesNotProveTheTime() throws Exception {
    JsonNode bundle = bundle(SIGNATURE);
    ((ObjectNode) bundle.at(ENTRY)).remove("inclusionPromise");
    assertRefused(bundle, Refusal.TIMESTAMP);
  }

  @ParameterizedTest
  @CsvSource({
    "tlogs,LOG",
    "ctlogs,CERTIFICATE_LOG",
    "certificateAuthorities,CERTIFICATE",
  })
  void withoutAWitnessInTheRootNothingHolds(String witnesses, Refusal rule) throws Exception {
    ObjectNode root = root();
    root.set(witnesses, JSON.createArrayNode());
    assertRefused(bundle(SIGNATURE), root, rule);
  }

  /**
   * As {@code trust-root-tlog-validity-end-inclusive} has it, and CVE-2026-54787 of sigstore-go.
   */
  @ParameterizedTest
  @CsvSource({
    "/tlogs/0/publicKey,start,2025-11-20T20:45:23Z,",
    "/tlogs/0/publicKey,start,2025-11-20T20:45:24Z,TIME",
    "/tlogs/0/publicKey,end,2025-11-20T20:45:23Z,",
    "/tlogs/0/publicKey,end,2025-11-20T20:45:22Z,TIME",
    "/ctlogs/1/publicKey,end,2025-11-20T20:45:22Z,",
    "/ctlogs/1/publicKey,end,2025-11-20T20:45:20Z,TIME",
    "/certificateAuthorities/1,end,2025-11-20T20:45:23Z,",
    "/certificateAuthorities/1,end,2025-11-20T20:45:22Z,CERTIFICATE",
  })
  void keysOfTheRootAreBelievedWhileTheyAreValidAndNoLonger(
      String place, String edge, String time, @Nullable Refusal rule) throws Exception {
    ObjectNode root = root();
    ((ObjectNode) root.at(place).get("validFor")).put(edge, time);
    if (rule == null) {
      assertThat(check(bundle(SIGNATURE), root)).isInstanceOf(Result.Holds.class);
    } else {
      assertRefused(bundle(SIGNATURE), root, rule);
    }
  }

  /** As {@code *-tsa-*_fail} and {@code trust-root-tsa-validity-end-inclusive} have it. */
  @ParameterizedTest
  @CsvSource({
    "start,2026-05-13T19:47:33Z,",
    "start,2026-05-13T19:47:34Z,TIMESTAMP",
    "end,2026-05-13T19:47:33Z,",
    "end,2026-05-13T19:47:32Z,TIMESTAMP",
  })
  void timestampAuthoritiesAreBelievedWhileTheyAreValidAndNoLonger(
      String edge, String time, @Nullable Refusal rule) throws Exception {
    ObjectNode root = root();
    ((ObjectNode) root.at("/timestampAuthorities/0/validFor")).put(edge, time);
    if (rule == null) {
      assertThat(check(bundle(ATTESTATION), root)).isInstanceOf(Result.Holds.class);
    } else {
      assertRefused(bundle(ATTESTATION), root, rule);
    }
  }

  @Test
  void aTimestampOfAnUnknownAuthorityIsNotHeard() throws Exception {
    ObjectNode root = root();
    root.set("timestampAuthorities", JSON.createArrayNode());
    assertThat(check(bundle(ATTESTATION), root)).isInstanceOf(Result.Holds.class);
    JsonNode bundle = bundle(ATTESTATION);
    ((ObjectNode) bundle.at(ENTRY)).remove("inclusionPromise");
    assertThat(check(bundle, root())).isInstanceOf(Result.Holds.class);
    assertRefused(bundle, root, Refusal.TIMESTAMP);
  }

  /** As CVE-2026-49834 has it: two words of one log are one. */
  @Test
  void oneLogIsOneWitnessHoweverOftenItSpeaks() throws Exception {
    JsonNode bundle = bundle(SIGNATURE);
    ArrayNode entries = (ArrayNode) bundle.at("/verificationMaterial/tlogEntries");
    entries.add(entries.get(0).deepCopy());
    TrustedRoot root = BundleVectorsTest.publicRoot();
    Statement statement = statement(bundle);
    assertThat(new SigstoreVerifier(List.of(), root).check(statement, NOW).claims()).hasSize(1);
    assertRule(
        new SigstoreVerifier(List.of(), root, new Thresholds(2, 1, 1)).check(statement, NOW),
        Refusal.LOG);
    assertRule(
        new SigstoreVerifier(List.of(), root, new Thresholds(1, 2, 1)).check(statement, NOW),
        Refusal.CERTIFICATE_LOG);
    assertRule(
        new SigstoreVerifier(List.of(), root, new Thresholds(1, 1, 2)).check(statement, NOW),
        Refusal.TIMESTAMP);
  }

  @Test
  void moreEntriesThanAreReadAreRefusedBeforeAnyIsVerified() throws Exception {
    JsonNode bundle = bundle(SIGNATURE);
    ArrayNode entries = (ArrayNode) bundle.at("/verificationMaterial/tlogEntries");
    while (entries.size() < 33) {
      entries.add(entries.get(0));
    }
    assertRefused(bundle, Refusal.LIMIT);
  }

  /**
   * As CVE-2022-35929, 2026-39395 and 2026-44310 have it: nothing that is missing, null, empty or
   * of another type may pass for a signature, or stop the verifier.
   */
  @Test
  void anyPartThatIsMissingOrNullOrEmptyOrOfAnotherTypeIsRefused() throws Exception {
    // What nobody reads, and an empty list of timestamps, may be anything.
    Set<String> unread =
        Set.of(
            "/verificationMaterial/timestampVerificationData",
            "/verificationMaterial/timestampVerificationData/rfc3161Timestamps");
    int tried = 0;
    for (String vector : List.of(SIGNATURE, ATTESTATION)) {
      List<String> places = new ArrayList<>();
      collect(bundle(vector), "", places);
      for (String place : places) {
        for (String value :
            List.of("null", "\"\"", "[]", "{}", "7", "\"AAAA\"", "[null]", "true")) {
          JsonNode bundle = bundle(vector);
          replace(bundle, place, JSON.readTree(value));
          Result result = check(bundle, root());
          tried++;
          if (!unread.contains(place)) {
            boolean promise = place.contains("inclusionPromise") && value.equals("null");
            // A timestamp stands in for the time of a promise that is not there.
            assertThat(result)
                .as("%s: %s is %s", vector, place, value)
                .isInstanceOf(
                    promise && vector.equals(ATTESTATION) && place.endsWith("Promise")
                        ? Result.Holds.class
                        : Result.Refused.class);
          }
        }
      }
    }
    assertThat(tried).isGreaterThan(400);
  }

  private static void collect(JsonNode node, String at, List<String> places) {
    node.properties()
        .forEach(member -> {
          places.add(at + "/" + member.getKey());
          collect(member.getValue(), at + "/" + member.getKey(), places);
        });
    if (node.isArray()) {
      places.add(at + "/0");
      collect(node.get(0), at + "/0", places);
    }
  }

  private static void replace(JsonNode document, String place, JsonNode value) {
    int slash = place.lastIndexOf('/');
    JsonNode parent = document.at(place.substring(0, slash));
    if (parent instanceof ArrayNode array) {
      array.set(Integer.parseInt(place.substring(slash + 1)), value);
    } else {
      ((ObjectNode) parent).set(place.substring(slash + 1), value);
    }
  }

  private static void set(JsonNode document, String place, String value) {
    assertThat(document.at(place).isMissingNode()).isFalse();
    replace(document, place, TextNode.valueOf(value));
  }

  private static JsonNode bundle(String vector) throws Exception {
    return JSON.readTree(BundleVectorsTest.statement(vector).body());
  }

  private static ObjectNode root() throws Exception {
    return (ObjectNode) JSON.readTree(Files.readAllBytes(ROOT));
  }

  private static Statement statement(JsonNode bundle) throws Exception {
    return new Statement(Statement.Kind.BUNDLE, JSON.writeValueAsBytes(bundle), Map.of());
  }

  private static Result check(JsonNode bundle, JsonNode root) throws Exception {
    TrustedRoot trusted = TrustedRoot.parse(JSON.writeValueAsBytes(root), "root");
    return new SigstoreVerifier(List.of(), trusted).check(statement(bundle), NOW);
  }

  private static void assertRefused(JsonNode bundle, Refusal rule) throws Exception {
    assertRefused(bundle, root(), rule);
  }

  private static void assertRefused(JsonNode bundle, JsonNode root, Refusal rule) throws Exception {
    assertRule(check(bundle, root), rule);
  }

  private static void assertRule(Result result, Refusal rule) {
    assertThat(result)
        .isInstanceOfSatisfying(
            Result.Refused.class,
            refused -> assertThat(refused.rule()).as(refused.why()).isEqualTo(rule));
  }
}
