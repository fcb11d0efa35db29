package rkt.verify.openpgp;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.bouncycastle.bcpg.ArmoredOutputStream;
import org.bouncycastle.bcpg.BCPGInputStream;
import org.bouncycastle.bcpg.PublicKeyPacket;
import org.bouncycastle.bcpg.SignatureSubpacket;
import org.bouncycastle.bcpg.SignatureSubpacketTags;
import org.bouncycastle.bcpg.UserIDPacket;
import org.bouncycastle.bcpg.sig.KeyFlags;
import org.bouncycastle.bcpg.sig.RevocationReason;
import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPPublicKey;
import org.bouncycastle.openpgp.PGPSignature;
import org.bouncycastle.openpgp.PGPSignatureList;
import org.bouncycastle.openpgp.operator.bc.BcKeyFingerprintCalculator;
import org.bouncycastle.openpgp.operator.bc.BcPGPContentVerifierBuilderProvider;
import org.jspecify.annotations.Nullable;
import rkt.spec.Digest;
import rkt.verify.openpgp.SignatureFacts.Defect;

/**
 * Reads one certificate into facts, with Bouncy Castle's packet layer, and keeps the packets that
 * the facts rest on: keys, user ids, and the owner's own signatures that hold. spec/trust.md#keys
 */
final class CertificateReader {
  /** The largest key file that is read. */
  static final int MAX_BYTES = 1 << 20;

  /** Packets in a file of that size; a signature by somebody else has a hundred bytes or more. */
  private static final int MAX_PACKETS = 20_000;

  /** Self-signatures that are checked: a flood of forged ones must not cost minutes. */
  private static final int MAX_CHECKS = 500;

  private static final int MAX_USER_IDS = 200;
  private static final int MAX_SUBKEYS = 100;
  private static final HexFormat HEX = HexFormat.of();
  private static final BcPGPContentVerifierBuilderProvider MATHS =
      new BcPGPContentVerifierBuilderProvider();

  private final String what;
  private final Digest source;
  private final List<Frame> kept = new ArrayList<>();
  private final List<KeyFacts.UserId> userIds = new ArrayList<>();
  private final List<KeyFacts.Component> components = new ArrayList<>();
  private final List<KeyFacts.Statement> statements = new ArrayList<>();
  private final List<KeyFacts.Revocation> revocations = new ArrayList<>();
  private int checks;

  private CertificateReader(byte[] file, String what) {
    this.what = what;
    this.source = KeyFacts.source(file);
  }

  /** A certificate that was read. */
  record Certificate(KeyFacts facts, List<Frame> kept) {
    /** The packets that the facts rest on, armored. */
    byte[] armored() throws IOException {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      try (ArmoredOutputStream armor = ArmoredOutputStream.builder().clearHeaders().build(out)) {
        for (Frame frame : kept) {
          armor.write(frame.bytes());
        }
      }
      return out.toByteArray();
    }
  }

  static Certificate read(byte[] file, String what) throws TrustException {
    try {
      return certificate(file, what);
    } catch (TrustException e) {
      throw e.orFix("give a public key, as gpg --armor --export FINGERPRINT writes it");
    }
  }

  private static Certificate certificate(byte[] file, String what) throws TrustException {
    if (file.length > MAX_BYTES) {
      throw new TrustException(
          Rule.LIMIT,
          what + " is larger than " + MAX_BYTES + " bytes",
          "gpg --export --armor --export-options export-minimal FINGERPRINT");
    }
    if (file.length == 0) {
      throw TrustException.malformed(what + " is empty");
    }
    byte[] packets = Armor.isText(file) ? Armor.decode(file, "PGP PUBLIC KEY BLOCK", what) : file;
    CertificateReader reader = new CertificateReader(file, what);
    try {
      return reader.certificate(Frame.split(packets, MAX_PACKETS, what));
    } catch (IOException | PGPException | RuntimeException e) {
      throw TrustException.malformed(what + " is not a readable OpenPGP certificate");
    }
  }

  private Certificate certificate(List<Frame> all)
      throws TrustException, IOException, PGPException {
    List<Frame> frames = withoutNoise(all);
    PGPPublicKey primary = key(frames.get(0));
    int at = 1;
    kept.add(frames.get(0));
    at = signatures(frames, at, primary, null, null);
    components.add(component(primary));
    while (at < frames.size()) {
      Frame frame = frames.get(at++);
      int mark = kept.size();
      switch (frame.tag()) {
        case Frame.USER_ID -> {
          UserIDPacket id = (UserIDPacket) packet(frame);
          at = signatures(frames, at, primary, id.getRawID(), null);
          if (!statements.isEmpty() || !revocations.isEmpty()) {
            String text = Subpackets.printable(id.getID());
            userIds.add(new KeyFacts.UserId(text, statements, revocations));
            kept.add(mark, frame);
          }
        }
        case Frame.PUBLIC_SUBKEY -> {
          PGPPublicKey subkey = key(frame);
          at = signatures(frames, at, primary, null, subkey);
          components.add(component(subkey)); // if nothing binds it, Rules says so
          kept.add(mark, frame);
        }
        default -> at = skipSignatures(frames, at); // of a user attribute: pictures
      }
      statements.clear();
      revocations.clear();
      if (userIds.size() > MAX_USER_IDS || components.size() > MAX_SUBKEYS) {
        throw new TrustException(Rule.LIMIT, what + " has too many user ids or subkeys", null);
      }
    }
    return new Certificate(new KeyFacts(source, userIds, components), kept);
  }

  /** The packets that matter, after the checks on what kind of file this is. */
  private List<Frame> withoutNoise(List<Frame> all) throws TrustException {
    List<Frame> frames = new ArrayList<>(all.size());
    int primaries = 0;
    for (Frame frame : all) {
      switch (frame.tag()) {
        case Frame.PUBLIC_KEY -> primaries++;
        case 5, 7 ->
            throw new TrustException(
                Rule.MALFORMED,
                what + " holds a secret key",
                "gpg --export --armor FINGERPRINT writes the public key; keep the secret one secret");
        default -> {
          // Which others are allowed is said below.
        }
      }
      switch (frame.tag()) {
        case Frame.PUBLIC_KEY,
            Frame.PUBLIC_SUBKEY,
            Frame.SIGNATURE,
            Frame.USER_ID,
            Frame.USER_ATTRIBUTE ->
            frames.add(frame);
        case Frame.TRUST, 10, 21 -> {
          // A keyring's own notes, markers and padding mean nothing.
        }
        default ->
            throw TrustException.malformed(
                what + " is not a certificate: it holds a packet of type " + frame.tag());
      }
    }
    if (primaries > 1) {
      throw new TrustException(
          Rule.MALFORMED,
          what + " holds " + primaries + " certificates; a key file holds one",
          "export each into a file of its own: gpg --export --armor FINGERPRINT");
    }
    if (frames.isEmpty() || frames.get(0).tag() != Frame.PUBLIC_KEY) {
      throw TrustException.malformed(what + " does not start with a public key");
    }
    return frames;
  }

  private static int skipSignatures(List<Frame> frames, int from) {
    int at = from;
    while (at < frames.size() && frames.get(at).tag() == Frame.SIGNATURE) {
      at++;
    }
    return at;
  }

  /**
   * Reads the signatures from {@code from} on into {@link #statements} and {@link #revocations}: on
   * {@code userId} or {@code subkey} if given, else on the primary key.
   */
  private int signatures(
      List<Frame> frames,
      int from,
      PGPPublicKey primary,
      byte @Nullable [] userId,
      @Nullable PGPPublicKey subkey)
      throws TrustException {
    int at = from;
    for (; at < frames.size() && frames.get(at).tag() == Frame.SIGNATURE; at++) {
      Frame frame = frames.get(at);
      PGPSignature signature = selfSignature(frame, primary);
      if (signature != null && accept(signature, primary, userId, subkey)) {
        kept.add(frame);
      }
    }
    return at;
  }

  /** The signature in {@code frame} if it claims to be by {@code primary}, else null. */
  private static @Nullable PGPSignature selfSignature(Frame frame, PGPPublicKey primary) {
    try (BCPGInputStream in = stream(frame)) {
      PGPSignature signature = new PGPSignature(in);
      boolean modern = signature.getVersion() == 4 || signature.getVersion() == 6;
      return modern && signature.hasKeyIdentifier(primary.getKeyIdentifier()) ? signature : null;
    } catch (IOException | PGPException | RuntimeException e) {
      return null; // Somebody else's, in a format that we do not know.
    }
  }

  private boolean accept(
      PGPSignature signature,
      PGPPublicKey primary,
      byte @Nullable [] userId,
      @Nullable PGPPublicKey subkey)
      throws TrustException {
    int type = signature.getSignatureType();
    boolean revokes = type == revocationType(userId, subkey);
    boolean states =
        userId != null
            ? PGPSignature.isCertification(type)
            : type == (subkey == null ? PGPSignature.DIRECT_KEY : PGPSignature.SUBKEY_BINDING);
    if (!revokes && !states) {
      return false;
    }
    if (++checks > MAX_CHECKS) {
      throw new TrustException(
          Rule.LIMIT, what + " has more than " + MAX_CHECKS + " self-signatures", null);
    }
    if (!holds(signature, primary, userId, subkey)) {
      return false;
    }
    if (revokes) {
      // A revocation counts however weak its hash: forging one only makes us refuse more.
      revocations.add(
          new KeyFacts.Revocation(
              signature.getCreationTime().toInstant().getEpochSecond(), isHard(signature)));
      return true;
    }
    KeyFacts.Statement statement = statement(signature, primary, subkey);
    if (statement == null) {
      return false;
    }
    statements.add(statement);
    return true;
  }

  private static int revocationType(byte @Nullable [] userId, @Nullable PGPPublicKey subkey) {
    if (userId != null) {
      return PGPSignature.CERTIFICATION_REVOCATION;
    }
    return subkey == null ? PGPSignature.KEY_REVOCATION : PGPSignature.SUBKEY_REVOCATION;
  }

  private static boolean holds(
      PGPSignature signature,
      PGPPublicKey primary,
      byte @Nullable [] userId,
      @Nullable PGPPublicKey subkey) {
    try {
      signature.init(MATHS, primary);
      if (userId != null) {
        return signature.verifyCertification(userId, primary);
      }
      return subkey == null
          ? signature.verifyCertification(primary)
          : signature.verifyCertification(primary, subkey);
    } catch (PGPException | RuntimeException e) {
      return false;
    }
  }

  /** What a self-signature says, or null if its own form forbids to believe it. */
  private KeyFacts.@Nullable Statement statement(
      PGPSignature signature, PGPPublicKey primary, @Nullable PGPPublicKey subkey)
      throws TrustException {
    List<Defect> defects = new ArrayList<>();
    SignatureSubpacket[] hashed = hashed(signature);
    Subpackets.findCritical(hashed, Subpackets.FOR_CERTIFICATES, defects);
    long created = Subpackets.time(hashed, SignatureSubpacketTags.CREATION_TIME, defects);
    long lifetime = Subpackets.time(hashed, SignatureSubpacketTags.EXPIRE_TIME, defects);
    long keyLifetime = Subpackets.time(hashed, SignatureSubpacketTags.KEY_EXPIRE_TIME, defects);
    if (!defects.isEmpty() || HashAlgorithm.find(signature.getHashAlgorithm()) == null) {
      return null;
    }
    PGPPublicKey bound = subkey == null ? primary : subkey;
    int flags = -1;
    if (Subpackets.find(hashed, SignatureSubpacketTags.KEY_FLAGS) instanceof KeyFlags found) {
      flags = found.getFlags();
    }
    return new KeyFacts.Statement(
        created,
        lifetime == 0 ? 0 : created + lifetime,
        keyLifetime == 0 ? 0 : bound.getCreationTime().toInstant().getEpochSecond() + keyLifetime,
        flags,
        subkey != null && isConfirmed(signature, primary, subkey));
  }

  /** Whether {@code binding} carries a signature (0x19) of the subkey over the pair of keys. */
  private boolean isConfirmed(PGPSignature binding, PGPPublicKey primary, PGPPublicKey subkey)
      throws TrustException {
    try {
      for (PGPSignatureList list :
          List.of(
              binding.getHashedSubPackets().getEmbeddedSignatures(),
              binding.getUnhashedSubPackets().getEmbeddedSignatures())) {
        for (PGPSignature back : list) {
          if (++checks > MAX_CHECKS) {
            throw new TrustException(
                Rule.LIMIT, what + " has more than " + MAX_CHECKS + " self-signatures", null);
          }
          if (confirms(back, primary, subkey)) {
            return true;
          }
        }
      }
      return false;
    } catch (PGPException | RuntimeException e) {
      return false;
    }
  }

  private static boolean confirms(PGPSignature back, PGPPublicKey primary, PGPPublicKey subkey)
      throws PGPException {
    List<Defect> defects = new ArrayList<>();
    SignatureSubpacket[] hashed = hashed(back);
    Subpackets.findCritical(hashed, Subpackets.FOR_CERTIFICATES, defects);
    if (back.getSignatureType() != PGPSignature.PRIMARYKEY_BINDING
        || HashAlgorithm.find(back.getHashAlgorithm()) == null
        || !defects.isEmpty()
        // Nobody makes confirmations that end, so one that does is not understood.
        || Subpackets.find(hashed, SignatureSubpacketTags.EXPIRE_TIME) != null) {
      return false;
    }
    back.init(MATHS, subkey);
    return back.verifyCertification(primary, subkey);
  }

  /** Whether signatures from before the revocation fall as well. spec/trust.md#revocation */
  private static boolean isHard(PGPSignature signature) {
    SignatureSubpacket found =
        Subpackets.find(hashed(signature), SignatureSubpacketTags.REVOCATION_REASON);
    if (!(found instanceof RevocationReason reason)) {
      return true;
    }
    return switch (reason.getRevocationReason()) {
      case 1, 3, 32 -> false; // superseded, retired, user id no longer valid
      default -> true;
    };
  }

  private static SignatureSubpacket[] hashed(PGPSignature signature) {
    return signature.getHashedSubPackets() == null
        ? new SignatureSubpacket[0]
        : signature.getHashedSubPackets().toArray();
  }

  private KeyFacts.Component component(PGPPublicKey key) {
    KeyFacts.Component component =
        new KeyFacts.Component(
            key.getVersion(),
            HEX.formatHex(key.getFingerprint()),
            HEX.toHexDigits(key.getKeyID()),
            KeyMaterial.of(key.getPublicKeyPacket()),
            key.getCreationTime().toInstant().getEpochSecond(),
            statements,
            revocations);
    statements.clear();
    revocations.clear();
    return component;
  }

  private PGPPublicKey key(Frame frame) throws IOException, PGPException, TrustException {
    PublicKeyPacket packet = (PublicKeyPacket) packet(frame);
    if (packet.getVersion() != 4 && packet.getVersion() != 6) {
      throw new TrustException(
          Rule.VERSION, what + " holds a key of version " + packet.getVersion(), null);
    }
    return new PGPPublicKey(packet, new BcKeyFingerprintCalculator());
  }

  private static Object packet(Frame frame) throws IOException {
    try (BCPGInputStream in = stream(frame)) {
      return in.readPacket();
    }
  }

  private static BCPGInputStream stream(Frame frame) {
    return new BCPGInputStream(new ByteArrayInputStream(frame.bytes()));
  }
}
