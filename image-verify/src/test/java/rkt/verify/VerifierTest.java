package rkt.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static rkt.verify.Candidate.StatementSource.NONE;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rkt.spec.Digest;
import rkt.spec.ErrorClass;
import rkt.spec.ImageName;
import rkt.spec.image.ImageId;
import rkt.verify.openpgp.Evidence;
import rkt.verify.openpgp.Rule;
import rkt.verify.openpgp.TrustException;
import rkt.verify.policy.PolicyStore;
import rkt.verify.trust.Scope;
import rkt.verify.trust.TrustStore;

/** The whole way: a signature by gpg, a trust store, a verdict. */
class VerifierTest {
  private static final byte[] DATA = "the bytes of an image".getBytes(StandardCharsets.UTF_8);
  private static final ImageName APP = new ImageName("example.com/app");
  private static final ImageId ID = new ImageId(ImageId.Kind.OCI, Digest.sha256(DATA));
  private static final Instant NOW = Instant.parse("2025-06-01T00:00:00Z");

  private static Gpg gpg;
  private static String alice;
  private static String mallory;
  private static byte[] byAlice;
  private static byte[] byMallory;

  @TempDir Path dir;
  private TrustStore trust;
  private Verifier verifier;

  @BeforeAll
  static void makeKeys() throws Exception {
    gpg = new Gpg().at("2025-01-01 00:00:00");
    alice = gpg.key("Alice <alice@example.com>", "ed25519", "sign", "never");
    mallory = gpg.key("Mallory <m@example.org>", "nistp256", "sign", "never");
    gpg.at("2025-02-01 00:00:00");
    byAlice = gpg.sign(DATA, alice);
    byMallory = gpg.sign(DATA, mallory);
  }

  @AfterAll
  static void close() throws Exception {
    gpg.close();
  }

  @BeforeEach
  void openTrustStore() throws Exception {
    trust = TrustStore.open(dir.resolve("system"), dir.resolve("local"), dir.resolve("cache"));
    verifier =
        new Verifier(
            trust, PolicyStore.open(dir, dir), InstantSource.fixed(NOW), Verifier.Purpose.USE);
  }

  @Test
  void aSignatureByATrustedKeyGivesAProofThatSaysByWhomAndWhy() throws Exception {
    trust.add(Scope.of(APP), gpg.export(alice), "alice.asc");

    Verified verified =
        verifier.verify(candidate(APP, ID.digest(), Evidence.collect(byAlice, DATA)));

    assertThat(verified.fingerprint()).isEqualTo(alice);
    assertThat(verified.signingKey()).isEqualTo(alice);
    assertThat(verified.signedAt()).isBetween("2025-02-01T00:00:00Z", "2025-02-01T00:05:00Z");
    assertThat(verified.scope()).isEqualTo("example.com/app");
    assertThat(verified.bypassed()).isFalse();
    assertThat(verified.image()).isEqualTo(ID);
  }

  @Test
  void evidenceThatWasWrittenAndReadBackIsJudgedTheSame() throws Exception {
    trust.add(Scope.ROOT, gpg.export(alice), "alice.asc");
    byte[] json = Evidence.collect(byAlice, DATA).toJson();

    Evidence evidence = Evidence.fromJson(json, "evidence.json");

    assertThat(verifier.verify(candidate(APP, ID.digest(), evidence)).scope()).isEqualTo("root");
    assertThat(verifier.verify(candidate(APP, ID.digest(), evidence)).scope()).isEqualTo("root");
  }

  @Test
  void anUnknownKeyIsRefusedWithTheCommandThatTrustsIt() throws Exception {
    assertThatThrownBy(() -> verify(byAlice))
        .isInstanceOfSatisfying(
            TrustException.class,
            e -> {
              assertThat(e.errorClass()).isEqualTo(ErrorClass.TRUST);
              assertThat(e.rule()).isEqualTo(Rule.UNKNOWN_KEY);
              assertThat(e.fix())
                  .contains("rkt trust --prefix=example.com/app KEYFILE")
                  .contains(alice)
                  .contains("--insecure-options=image");
            });
  }

  @Test
  void aKeyForOnePrefixDoesNotCoverANameThatOnlyStartsWithTheSameLetters() throws Exception {
    trust.add(Scope.of(APP), gpg.export(alice), "alice.asc");
    assertThat(rule("example.com/application")).isEqualTo(Rule.OTHER_PREFIX);
    assertThat(rule("example.com/ap")).isEqualTo(Rule.OTHER_PREFIX);
    assertThat(rule("example.com")).isEqualTo(Rule.OTHER_PREFIX);
    assertThat(rule("example.com.evil.org/app")).isEqualTo(Rule.OTHER_PREFIX);
    assertThat(rule("example.com/app")).isEqualTo(Rule.VALID);
    assertThat(rule("example.com/app/web")).isEqualTo(Rule.VALID);
  }

  @Test
  void oneGoodSignatureIsEnoughBesideOneByAnUnknownKey() throws Exception {
    trust.add(Scope.of(APP), gpg.export(alice), "alice.asc");
    assertThat(verify(both(byMallory, byAlice)).fingerprint()).isEqualTo(alice);
    assertThat(verify(both(byAlice, byMallory)).fingerprint()).isEqualTo(alice);
  }

  @Test
  void aForgedSignatureInTheNameOfATrustedKeyIsFatalBesideAGoodOne() throws Exception {
    trust.add(Scope.of(APP), gpg.export(alice), "alice.asc");
    trust.add(Scope.of(APP), gpg.export(mallory), "mallory.asc");
    byte[] other = gpg.sign("other bytes".getBytes(StandardCharsets.UTF_8), mallory);
    assertThat(ruleOf(both(byAlice, other))).isEqualTo(Rule.BAD_SIGNATURE);
    assertThat(ruleOf(both(other, byAlice))).isEqualTo(Rule.BAD_SIGNATURE);
  }

  @Test
  void removingAKeyRefusesTheNextStart() throws Exception {
    trust.add(Scope.of(APP), gpg.export(alice), "alice.asc");
    Evidence evidence = Evidence.collect(byAlice, DATA);
    verifier.verify(candidate(APP, ID.digest(), evidence));
    trust.remove(Scope.of(APP), alice);
    assertThatThrownBy(() -> verifier.verify(candidate(APP, ID.digest(), evidence)))
        .isInstanceOf(TrustException.class);
  }

  @Test
  void unsignedBytesAreRefused() {
    assertThatThrownBy(
            () -> verifier.verify(candidate(APP, ID.digest(), Evidence.none(ID.digest()))))
        .isInstanceOfSatisfying(
            TrustException.class, e -> assertThat(e.rule()).isEqualTo(Rule.UNSIGNED));
  }

  @Test
  void evidenceOfAnotherImageIsRefused() throws Exception {
    trust.add(Scope.ROOT, gpg.export(alice), "alice.asc");
    Evidence evidence = Evidence.collect(byAlice, DATA);
    Digest other = Digest.sha256(new byte[1]);
    assertThatThrownBy(() -> verifier.verify(candidate(APP, other, evidence)))
        .isInstanceOfSatisfying(
            TrustException.class, e -> assertThat(e.rule()).isEqualTo(Rule.EVIDENCE));
  }

  @Test
  void aNameInsideTheImageIsJudgedAfterTheSignature() throws Exception {
    trust.add(Scope.of(new ImageName("evil.com")), gpg.export(mallory), "mallory.asc");
    Verifier.Authenticated image =
        verifier.authenticate(ID.digest(), Evidence.collect(byMallory, DATA));
    assertThat(image.as(ID, new ImageName("evil.com/a"), false, ID.digest(), NONE).fingerprint())
        .isEqualTo(mallory);
    assertThatThrownBy(() -> image.as(ID, new ImageName("good.com/a"), false, ID.digest(), NONE))
        .isInstanceOfSatisfying(
            TrustException.class, e -> assertThat(e.rule()).isEqualTo(Rule.OTHER_PREFIX));
    Candidate evil = called("evil.com/a", Evidence.collect(byMallory, DATA));
    assertThat(image.judge(evil, false).accepted()).isTrue();
    Candidate good = called("good.com/a", Evidence.collect(byMallory, DATA));
    assertThat(image.judge(good, false).rule()).isEqualTo(Rule.OTHER_PREFIX);
    Evidence byAnUnknown = Evidence.collect(byAlice, DATA);
    assertThatThrownBy(() -> verifier.authenticate(ID.digest(), byAnUnknown))
        .isInstanceOf(TrustException.class);
  }

  private static Candidate called(String name, Evidence evidence) {
    return new Candidate(ID, new ImageName(name), ID.digest(), ID.digest(), evidence, NONE);
  }

  @Test
  void aBypassIsRemembered() {
    Verified verified = Verifier.bypass(ID, APP);
    assertThat(verified.bypassed()).isTrue();
    assertThat(verified.fingerprint()).isEmpty();
    assertThat(verified.toString()).contains("not verified");
  }

  @Test
  void aFlippedBitAnywhereInTheSignatureOrTheImageIsRefused() throws Exception {
    trust.add(Scope.of(APP), gpg.export(alice), "alice.asc");
    byte[] binary = gpg.run(byAlice, "--dearmor");
    assertThat(ruleOf(binary)).isEqualTo(Rule.VALID);
    for (byte[] signature : List.of(binary, byAlice)) {
      for (int i = 0; i < signature.length * 8; i++) {
        byte[] broken = signature.clone();
        broken[i / 8] ^= (byte) (1 << i % 8);
        assertThat(ruleOf(broken)).as("bit %d of byte %d", i % 8, i / 8).isNotEqualTo(Rule.VALID);
      }
    }
    for (int i = 0; i < DATA.length; i++) {
      byte[] broken = DATA.clone();
      broken[i] ^= 1;
      Evidence evidence = Evidence.collect(byAlice, broken);
      assertThat(verifier.judge(candidate(APP, evidence.subject(), evidence)).rule())
          .isEqualTo(Rule.BAD_SIGNATURE);
    }
  }

  private static Candidate candidate(ImageName name, Digest signed, Evidence evidence) {
    return new Candidate(ID, name, signed, signed, evidence, NONE);
  }

  private Verified verify(byte[] signature) throws Exception {
    return verifier.verify(candidate(APP, ID.digest(), Evidence.collect(signature, DATA)));
  }

  private Rule rule(String name) throws Exception {
    try {
      verifier.verify(candidate(new ImageName(name), ID.digest(), Evidence.collect(byAlice, DATA)));
      return Rule.VALID;
    } catch (TrustException e) {
      return e.rule();
    }
  }

  private Rule ruleOf(byte[] signature) throws Exception {
    try {
      verify(signature);
      return Rule.VALID;
    } catch (TrustException e) {
      assertThat(e.getMessage().toLowerCase(Locale.ROOT)).doesNotContain("exception");
      return e.rule();
    }
  }

  private static byte[] both(byte[] first, byte[] second) {
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    joined.writeBytes(gpg.run(first, "--dearmor"));
    joined.writeBytes(gpg.run(second, "--dearmor"));
    return joined.toByteArray();
  }
}
