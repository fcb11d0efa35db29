package rkt.verify.openpgp;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import org.bouncycastle.bcpg.ArmoredOutputStream;
import org.bouncycastle.bcpg.HashAlgorithmTags;
import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPLiteralData;
import org.bouncycastle.openpgp.PGPLiteralDataGenerator;
import org.bouncycastle.openpgp.PGPPrivateKey;
import org.bouncycastle.openpgp.PGPPublicKey;
import org.bouncycastle.openpgp.PGPSecretKey;
import org.bouncycastle.openpgp.PGPSecretKeyRing;
import org.bouncycastle.openpgp.PGPSignature;
import org.bouncycastle.openpgp.PGPSignatureGenerator;
import org.bouncycastle.openpgp.PGPSignatureSubpacketGenerator;
import org.bouncycastle.openpgp.bc.BcPGPSecretKeyRing;
import org.bouncycastle.openpgp.bc.BcPGPSecretKeyRingCollection;
import org.bouncycastle.openpgp.operator.bc.BcPBESecretKeyDecryptorBuilder;
import org.bouncycastle.openpgp.operator.bc.BcPGPContentSignerBuilder;
import org.bouncycastle.openpgp.operator.bc.BcPGPDigestCalculatorProvider;
import org.jspecify.annotations.Nullable;
import rkt.spec.RktException;
import rkt.spec.SpecException;

/**
 * An OpenPGP key that signs: the newest component of a certificate whose signatures our own rules
 * would accept at this moment. For one thread. spec/signing.md#openpgp
 */
public final class SecretKey {
  private static final int BUFFER = 1 << 16;
  private static final String FIX =
      "give one key, as gpg --export-secret-keys FINGERPRINT writes it";

  private final KeyFacts certificate;
  private final KeyFacts.Component component;
  private final PGPPublicKey publicKey;
  private final PGPPrivateKey privateKey;

  private SecretKey(
      KeyFacts certificate,
      KeyFacts.Component component,
      PGPPublicKey publicKey,
      PGPPrivateKey privateKey) {
    this.certificate = certificate;
    this.component = component;
    this.publicKey = publicKey;
    this.privateKey = privateKey;
  }

  /**
   * Reads a key file: one secret key with its subkeys, armored or binary.
   *
   * @param what names the file in errors
   * @param source asked once, if the key is locked; what it gives is cleared
   * @throws TrustException if no component may sign now, and why
   */
  public static SecretKey read(byte[] file, String what, PassphraseSource source, Instant now)
      throws RktException {
    PGPSecretKeyRing ring = ring(file, what);
    KeyFacts certificate = KeyFacts.parse(certificate(ring), what);
    List<KeyFacts.Component> components = new ArrayList<>(certificate.components());
    components.sort((a, b) -> Long.compare(b.created(), a.created()));
    // Of two of one age, gpg's subkey comes before the primary key.
    components.remove(certificate.primary());
    components.add(certificate.primary());
    for (KeyFacts.Component component : components) {
      PGPSecretKey secret = find(ring, component);
      if (secret != null && Rules.state(certificate, component, now).isValid()) {
        return new SecretKey(
            certificate, component, secret.getPublicKey(), open(secret, what, source));
      }
    }
    Rules.Judgement why = Rules.state(certificate, now);
    throw new TrustException(
        why.isValid() ? Rule.KEY_USAGE : why.rule(),
        what
            + " has no key that may sign now: "
            + (why.isValid() ? "the secret part of the one that may is elsewhere" : why.why()),
        "gpg --quick-add-key FINGERPRINT ed25519 sign   (adds one that may)");
  }

  /** The certificate that its signatures are judged under. */
  public KeyFacts certificate() {
    return certificate;
  }

  /** The fingerprint of the key or subkey that signs, lowercase. */
  public String signingKey() {
    return component.fingerprint();
  }

  /** A detached signature over {@code data}, which is read to its end; armored. */
  public byte[] sign(InputStream data, Instant now) throws RktException {
    try {
      PGPSignatureGenerator generator = generator(now);
      byte[] buffer = new byte[BUFFER];
      for (int n = data.read(buffer); n >= 0; n = data.read(buffer)) {
        generator.update(buffer, 0, n);
      }
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      try (ArmoredOutputStream armor = ArmoredOutputStream.builder().clearHeaders().build(out)) {
        generator.generate().encode(armor);
      }
      return out.toByteArray();
    } catch (IOException e) {
      throw SpecException.system("cannot read what is to be signed: " + e.getMessage(), e);
    } catch (PGPException e) {
      throw new IllegalStateException("signing in memory failed", e);
    }
  }

  /** An OpenPGP message that holds {@code data} and a signature over it; binary. */
  public byte[] message(byte[] data, Instant now) {
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      PGPSignatureGenerator generator = generator(now);
      generator.generateOnePassVersion(false).encode(out);
      PGPLiteralDataGenerator literal = new PGPLiteralDataGenerator();
      try (OutputStream body =
          literal.open(out, PGPLiteralData.BINARY, "", data.length, Date.from(now))) {
        body.write(data);
      }
      generator.update(data);
      generator.generate().encode(out);
      return out.toByteArray();
    } catch (IOException | PGPException e) {
      throw new IllegalStateException("signing in memory failed", e);
    }
  }

  private PGPSignatureGenerator generator(Instant now) throws PGPException {
    PGPSignatureGenerator generator =
        new PGPSignatureGenerator(
            new BcPGPContentSignerBuilder(publicKey.getAlgorithm(), HashAlgorithmTags.SHA512),
            publicKey);
    generator.init(PGPSignature.BINARY_DOCUMENT, privateKey);
    PGPSignatureSubpacketGenerator subpackets = new PGPSignatureSubpacketGenerator();
    subpackets.setSignatureCreationTime(true, Date.from(now));
    subpackets.setIssuerFingerprint(false, publicKey);
    generator.setHashedSubpackets(subpackets.generate());
    if (publicKey.getVersion() == 4) {
      // What readers of the older standard look for.
      PGPSignatureSubpacketGenerator unsigned = new PGPSignatureSubpacketGenerator();
      unsigned.setIssuerKeyID(false, publicKey.getKeyID());
      generator.setUnhashedSubpackets(unsigned.generate());
    }
    return generator;
  }

  private static PGPSecretKeyRing ring(byte[] file, String what) throws TrustException {
    try {
      byte[] packets =
          Armor.isText(file) ? Armor.decode(file, "PGP PRIVATE KEY BLOCK", what) : file;
      BcPGPSecretKeyRingCollection found =
          new BcPGPSecretKeyRingCollection(new ByteArrayInputStream(packets));
      Iterator<PGPSecretKeyRing> rings = found.getKeyRings();
      if (!rings.hasNext()) {
        throw new TrustException(Rule.MALFORMED, what + " holds no secret key", FIX);
      }
      PGPSecretKeyRing ring = rings.next();
      if (rings.hasNext()) {
        throw new TrustException(Rule.MALFORMED, what + " holds more than one secret key", FIX);
      }
      return new BcPGPSecretKeyRing(ring.getEncoded());
    } catch (TrustException e) {
      throw e.orFix(FIX);
    } catch (IOException | PGPException | RuntimeException e) {
      // The library reports broken packets in all of these ways. Its words may quote the key.
      throw new TrustException(Rule.MALFORMED, what + " is not an OpenPGP secret key", FIX);
    }
  }

  /** The public half, as {@link KeyFacts#parse} reads it. */
  private static byte[] certificate(PGPSecretKeyRing ring) {
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      for (Iterator<PGPPublicKey> keys = ring.getPublicKeys(); keys.hasNext(); ) {
        out.write(keys.next().getEncoded());
      }
      for (Iterator<PGPPublicKey> keys = ring.getExtraPublicKeys(); keys.hasNext(); ) {
        out.write(keys.next().getEncoded());
      }
      return out.toByteArray();
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
  }

  private static @Nullable PGPSecretKey find(PGPSecretKeyRing ring, KeyFacts.Component component) {
    for (PGPSecretKey key : ring) {
      byte[] fingerprint = key.getPublicKey().getFingerprint();
      if (!key.isPrivateKeyEmpty()
          && HexFormat.of().formatHex(fingerprint).equals(component.fingerprint())) {
        return key;
      }
    }
    return null;
  }

  private static PGPPrivateKey open(PGPSecretKey key, String what, PassphraseSource source)
      throws RktException {
    boolean locked = key.getKeyEncryptionAlgorithm() != 0;
    char[] passphrase = locked ? characters(source.passphrase()) : new char[0];
    try {
      PGPPrivateKey opened =
          key.extractPrivateKey(
              new BcPBESecretKeyDecryptorBuilder(new BcPGPDigestCalculatorProvider())
                  .build(passphrase));
      if (opened != null) {
        return opened;
      }
    } catch (PGPException e) {
      // Below: the words of the library say nothing that a person could use.
    } finally {
      Arrays.fill(passphrase, '\0');
    }
    throw SpecException.usage(
        "the passphrase does not open " + what, "give it with --passphrase-file=FILE");
  }

  /** UTF-8 as characters; clears {@code bytes}. */
  private static char[] characters(byte[] bytes) {
    CharBuffer buffer = StandardCharsets.UTF_8.decode(ByteBuffer.wrap(bytes));
    char[] result = Arrays.copyOf(buffer.array(), buffer.limit());
    Arrays.fill(buffer.array(), '\0');
    Arrays.fill(bytes, (byte) 0);
    return result;
  }
}
