package rkt.verify.openpgp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import org.bouncycastle.bcpg.HashAlgorithmTags;
import org.bouncycastle.bcpg.PublicKeyAlgorithmTags;
import org.bouncycastle.bcpg.SignatureSubpacket;
import org.bouncycastle.bcpg.sig.IssuerFingerprint;
import org.bouncycastle.bcpg.sig.KeyFlags;
import org.bouncycastle.crypto.generators.Ed25519KeyPairGenerator;
import org.bouncycastle.crypto.generators.Ed448KeyPairGenerator;
import org.bouncycastle.crypto.params.Ed25519KeyGenerationParameters;
import org.bouncycastle.crypto.params.Ed448KeyGenerationParameters;
import org.bouncycastle.openpgp.PGPKeyPair;
import org.bouncycastle.openpgp.PGPPublicKey;
import org.bouncycastle.openpgp.PGPSignature;
import org.bouncycastle.openpgp.PGPSignatureGenerator;
import org.bouncycastle.openpgp.PGPSignatureSubpacketGenerator;
import org.bouncycastle.openpgp.operator.bc.BcKeyFingerprintCalculator;
import org.bouncycastle.openpgp.operator.bc.BcPGPContentSignerBuilder;
import org.bouncycastle.openpgp.operator.bc.BcPGPKeyPair;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys and signatures that gpg 2.2 cannot make: version 6, algorithm 27, and hostile ones. */
class GeneratedKeysTest {
  private static final byte[] DATA = "signed bytes".getBytes(StandardCharsets.UTF_8);
  private static final Instant MADE = Instant.parse("2024-01-01T00:00:00Z");
  private static final Instant SIGNED = Instant.parse("2024-02-01T00:00:00Z");
  private static final Instant NOW = Instant.parse("2024-03-01T00:00:00Z");

  @ParameterizedTest
  @CsvSource({"6, 27", "4, 27", "6, 28", "4, 22"})
  void theNewAlgorithmsAndKeyVersionsVerify(int version, int algorithm) throws Exception {
    PGPKeyPair key = keyPair(version, algorithm);
    byte[] certificate = certificate(key, KeyFlags.SIGN_DATA | KeyFlags.CERTIFY_OTHER);
    byte[] signature = sign(key, PGPSignature.BINARY_DOCUMENT, SIGNED, hash(algorithm));
    KeyFacts facts = KeyFacts.parse(certificate, "key");
    assertThat(facts.fingerprint()).hasSize(version == 6 ? 64 : 40);
    assertThat(facts.primary().key().label()).isEqualTo(algorithm == 28 ? "Ed448" : "Ed25519");
    assertThat(judge(signature, facts, DATA)).isEqualTo(Rule.VALID);
    assertThat(judge(signature, facts, new byte[3])).isEqualTo(Rule.BAD_SIGNATURE);
    for (int i = 0; i < signature.length * 8; i++) {
      byte[] broken = signature.clone();
      broken[i / 8] ^= (byte) (1 << i % 8);
      assertThat(judge(broken, facts, DATA)).as("bit %d", i).isNotEqualTo(Rule.VALID);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0x01", "0x02", "0x10", "0x11", "0x12", "0x13", "0x18", "0x19", "0x1F", "0x20", "0x28", "0x30",
    "0x40", "0x50"
  })
  void onlySignaturesOverBinaryDocumentsCount(String type) throws Exception {
    PGPKeyPair key = keyPair(4, 22);
    KeyFacts facts = KeyFacts.parse(certificate(key, KeyFlags.SIGN_DATA), "key");
    byte[] signature = sign(key, Integer.decode(type), SIGNED, HashAlgorithmTags.SHA256);
    assertThat(judge(signature, facts, DATA)).isEqualTo(Rule.TYPE);
  }

  @ParameterizedTest
  @ValueSource(ints = {HashAlgorithmTags.MD5, HashAlgorithmTags.SHA1, HashAlgorithmTags.RIPEMD160})
  void brokenHashesAreRefused(int hash) throws Exception {
    PGPKeyPair key = keyPair(4, 22);
    KeyFacts facts = KeyFacts.parse(certificate(key, KeyFlags.SIGN_DATA), "key");
    byte[] signature = sign(key, PGPSignature.BINARY_DOCUMENT, SIGNED, hash);
    assertThat(judge(signature, facts, DATA)).isEqualTo(Rule.HASH);
  }

  @ParameterizedTest
  @CsvSource({
    "100, true, CRITICAL",
    "100, false, VALID",
    "30, true, CRITICAL",
    "9, true, CRITICAL"
  })
  void aCriticalSubpacketThatMeansNothingHereIsRefused(int type, boolean critical, Rule expected)
      throws Exception {
    PGPKeyPair key = keyPair(4, 22);
    KeyFacts facts = KeyFacts.parse(certificate(key, KeyFlags.SIGN_DATA), "key");
    PGPSignatureSubpacketGenerator subpackets = subpackets(key, SIGNED);
    subpackets.addCustomSubpacket(
        new SignatureSubpacket(type, critical, false, new byte[] {0, 0, 0, 1}) {});
    PGPSignatureGenerator generator =
        generator(key, PGPSignature.BINARY_DOCUMENT, HashAlgorithmTags.SHA256);
    generator.setHashedSubpackets(subpackets.generate());
    generator.update(DATA);
    assertThat(judge(generator.generate().getEncoded(), facts, DATA)).isEqualTo(expected);
  }

  @Test
  void aSubkeyWhoseConfirmationAnotherKeyMadeIsRefused() throws Exception {
    PGPKeyPair mallory = keyPair(4, 22);
    PGPKeyPair stolen = keyPair(4, 22);
    byte[] signature = sign(stolen, PGPSignature.BINARY_DOCUMENT, SIGNED, HashAlgorithmTags.SHA256);
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(certificate(mallory, KeyFlags.CERTIFY_OTHER));
    file.writeBytes(subkeyPacket(stolen));
    file.writeBytes(binding(mallory, stolen, keyPair(4, 22)));
    KeyFacts facts = KeyFacts.parse(file.toByteArray(), "key");
    assertThat(judge(signature, facts, DATA)).isEqualTo(Rule.KEY_USAGE);
  }

  @Test
  void aSignatureFileOfMoreThanFourMebibytesIsRefused() throws Exception {
    byte[] one =
        sign(keyPair(4, 22), PGPSignature.BINARY_DOCUMENT, SIGNED, HashAlgorithmTags.SHA256);
    byte[] large = Arrays.copyOf(one, (4 << 20) + 1);
    assertThatThrownBy(() -> Evidence.collect(large, DATA))
        .isInstanceOfSatisfying(
            TrustException.class, e -> assertThat(e.rule()).isEqualTo(Rule.LIMIT));
  }

  @Test
  void anIssuerThatAnotherOneHidesIsRefused() throws Exception {
    PGPKeyPair key = keyPair(4, 27);
    KeyFacts facts = KeyFacts.parse(certificate(key, KeyFlags.SIGN_DATA), "key");
    byte[] own = HexFormat.of().parseHex("04" + facts.fingerprint());
    assertThat(judge(signWithUnsigned(key, own), facts, DATA)).isEqualTo(Rule.VALID);
    byte[] otherVersion = own.clone();
    otherVersion[0] = 60;
    byte[] otherKey = own.clone();
    otherKey[5] ^= 1;
    for (byte[] hidden : List.of(otherVersion, otherKey, Arrays.copyOf(own, 8), new byte[] {4})) {
      assertThat(judge(signWithUnsigned(key, hidden), facts, DATA)).isEqualTo(Rule.MALFORMED);
    }
  }

  /** A signature with a fingerprint of its issuer in the unsigned part, whatever is in that. */
  private static byte[] signWithUnsigned(PGPKeyPair key, byte[] fingerprint) throws Exception {
    PGPSignatureGenerator generator =
        generator(key, PGPSignature.BINARY_DOCUMENT, HashAlgorithmTags.SHA256);
    generator.setHashedSubpackets(subpackets(key, SIGNED).generate());
    PGPSignatureSubpacketGenerator unsigned = new PGPSignatureSubpacketGenerator();
    unsigned.addCustomSubpacket(new IssuerFingerprint(false, false, fingerprint));
    generator.setUnhashedSubpackets(unsigned.generate());
    generator.update(DATA);
    return generator.generate().getEncoded();
  }

  @Test
  void aKeyWithoutTheSigningFlagIsRefused() throws Exception {
    PGPKeyPair key = keyPair(6, 27);
    byte[] signature = sign(key, PGPSignature.BINARY_DOCUMENT, SIGNED, HashAlgorithmTags.SHA512);
    for (int flags : new int[] {KeyFlags.CERTIFY_OTHER, KeyFlags.AUTHENTICATION, 0}) {
      KeyFacts facts = KeyFacts.parse(certificate(key, flags), "key");
      assertThat(judge(signature, facts, DATA)).isEqualTo(Rule.KEY_USAGE);
    }
  }

  @Test
  void aSubkeyThatDidNotConfirmItsPrimaryIsRefused() throws Exception {
    PGPKeyPair mallory = keyPair(4, 22);
    PGPKeyPair stolen = keyPair(4, 22);
    byte[] signature = sign(stolen, PGPSignature.BINARY_DOCUMENT, SIGNED, HashAlgorithmTags.SHA256);
    KeyFacts facts = KeyFacts.parse(withSubkey(mallory, stolen, false), "key");
    assertThat(judge(signature, facts, DATA)).isEqualTo(Rule.KEY_USAGE);
    KeyFacts honest = KeyFacts.parse(withSubkey(mallory, stolen, true), "key");
    assertThat(judge(signature, honest, DATA)).isEqualTo(Rule.VALID);
  }

  @Test
  void aSubkeyThatNobodyBoundIsRefused() throws Exception {
    PGPKeyPair primary = keyPair(4, 22);
    PGPKeyPair subkey = keyPair(4, 22);
    byte[] signature = sign(subkey, PGPSignature.BINARY_DOCUMENT, SIGNED, HashAlgorithmTags.SHA256);
    // The binding of another pair of keys, moved here.
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(certificate(primary, KeyFlags.SIGN_DATA));
    file.writeBytes(subkeyPacket(subkey));
    file.writeBytes(binding(primary, keyPair(4, 22), true));
    KeyFacts facts = KeyFacts.parse(file.toByteArray(), "key");
    assertThat(judge(signature, facts, DATA)).isEqualTo(Rule.KEY_UNBOUND);
  }

  @Test
  void aVersion3SignatureIsRefused() throws Exception {
    PGPKeyPair key = keyPair(4, 22);
    KeyFacts facts = KeyFacts.parse(certificate(key, KeyFlags.SIGN_DATA), "key");
    ByteArrayOutputStream v3 = new ByteArrayOutputStream();
    v3.writeBytes(new byte[] {(byte) 0x88, 0, 3, 5, 0, 0x65, (byte) 0xBB, 0, 0});
    v3.writeBytes(java.util.HexFormat.of().parseHex(facts.primary().keyId()));
    v3.writeBytes(new byte[] {22, 8, 0x12, 0x34, 0, 8, (byte) 0x99, 0, 8, (byte) 0x99});
    byte[] signature = v3.toByteArray();
    signature[1] = (byte) (signature.length - 2);
    assertThat(judge(signature, facts, DATA)).isEqualTo(Rule.VERSION);
  }

  private static int hash(int algorithm) {
    return algorithm == 28 ? HashAlgorithmTags.SHA512 : HashAlgorithmTags.SHA256;
  }

  private static Rule judge(byte[] signature, KeyFacts facts, byte[] data) throws Exception {
    SignatureFacts found;
    try {
      Evidence collected = Evidence.collect(signature, data);
      found = Evidence.fromJson(collected.toJson(), "evidence").signatures().get(0);
    } catch (TrustException e) {
      return e.rule();
    }
    for (KeyFacts.Component component : facts.components()) {
      if (found.claims(component)) {
        return Rules.judge(found, facts, component, NOW).rule();
      }
    }
    return Rules.unknown(found).rule();
  }

  private static PGPKeyPair keyPair(int version, int algorithm) throws Exception {
    if (algorithm == PublicKeyAlgorithmTags.Ed448) {
      Ed448KeyPairGenerator generator = new Ed448KeyPairGenerator();
      generator.init(new Ed448KeyGenerationParameters(new SecureRandom()));
      return new BcPGPKeyPair(version, algorithm, generator.generateKeyPair(), Date.from(MADE));
    }
    Ed25519KeyPairGenerator generator = new Ed25519KeyPairGenerator();
    generator.init(new Ed25519KeyGenerationParameters(new SecureRandom()));
    return new BcPGPKeyPair(version, algorithm, generator.generateKeyPair(), Date.from(MADE));
  }

  private static PGPSignatureGenerator generator(PGPKeyPair key, int type, int hash)
      throws Exception {
    PGPPublicKey publicKey = key.getPublicKey();
    PGPSignatureGenerator generator =
        new PGPSignatureGenerator(
            new BcPGPContentSignerBuilder(publicKey.getAlgorithm(), hash), publicKey);
    generator.init(type, key.getPrivateKey());
    return generator;
  }

  private static PGPSignatureSubpacketGenerator subpackets(PGPKeyPair key, Instant when) {
    PGPSignatureSubpacketGenerator subpackets = new PGPSignatureSubpacketGenerator();
    subpackets.setSignatureCreationTime(true, Date.from(when));
    subpackets.setIssuerFingerprint(false, key.getPublicKey());
    return subpackets;
  }

  private static byte[] sign(PGPKeyPair key, int type, Instant when, int hash) throws Exception {
    PGPSignatureGenerator generator = generator(key, type, hash);
    generator.setHashedSubpackets(subpackets(key, when).generate());
    generator.update(DATA);
    return generator.generate().getEncoded();
  }

  /** A primary key with a direct-key signature. */
  private static byte[] certificate(PGPKeyPair key, int flags) throws Exception {
    int hash = hash(key.getPublicKey().getAlgorithm());
    PGPSignatureGenerator generator = generator(key, PGPSignature.DIRECT_KEY, hash);
    PGPSignatureSubpacketGenerator subpackets = subpackets(key, MADE);
    subpackets.setKeyFlags(true, flags);
    generator.setHashedSubpackets(subpackets.generate());
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(key.getPublicKey().getEncoded());
    out.writeBytes(generator.generateCertification(key.getPublicKey()).getEncoded());
    return out.toByteArray();
  }

  private static byte[] withSubkey(PGPKeyPair primary, PGPKeyPair subkey, boolean confirmed)
      throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(certificate(primary, KeyFlags.CERTIFY_OTHER));
    out.writeBytes(subkeyPacket(subkey));
    out.writeBytes(binding(primary, subkey, confirmed));
    return out.toByteArray();
  }

  private static byte[] binding(PGPKeyPair primary, PGPKeyPair subkey, boolean confirmed)
      throws Exception {
    return binding(primary, subkey, confirmed ? subkey : null);
  }

  /** A binding that {@code confirming} signed back, if it is not null. */
  private static byte[] binding(
      PGPKeyPair primary, PGPKeyPair subkey, @Nullable PGPKeyPair confirming) throws Exception {
    PGPSignatureSubpacketGenerator subpackets = subpackets(primary, MADE);
    subpackets.setKeyFlags(true, KeyFlags.SIGN_DATA);
    if (confirming != null) {
      PGPSignatureGenerator back =
          generator(confirming, PGPSignature.PRIMARYKEY_BINDING, HashAlgorithmTags.SHA256);
      back.setHashedSubpackets(subpackets(confirming, MADE).generate());
      subpackets.addEmbeddedSignature(
          false, back.generateCertification(primary.getPublicKey(), subkey.getPublicKey()));
    }
    PGPSignatureGenerator generator =
        generator(primary, PGPSignature.SUBKEY_BINDING, HashAlgorithmTags.SHA256);
    generator.setHashedSubpackets(subpackets.generate());
    return generator
        .generateCertification(primary.getPublicKey(), subkey.getPublicKey())
        .getEncoded();
  }

  private static byte[] subkeyPacket(PGPKeyPair subkey) throws Exception {
    return new BcPGPKeyPair(
            subkey.getPublicKey().getVersion(),
            subkey.getPublicKey().getAlgorithm(),
            new org.bouncycastle.crypto.AsymmetricCipherKeyPair(
                new org.bouncycastle.openpgp.operator.bc.BcPGPKeyConverter()
                    .getPublicKey(subkey.getPublicKey()),
                new org.bouncycastle.openpgp.operator.bc.BcPGPKeyConverter()
                    .getPrivateKey(subkey.getPrivateKey())),
            Date.from(MADE))
        .asSubkey(new BcKeyFingerprintCalculator())
        .getPublicKey()
        .getEncoded();
  }
}
