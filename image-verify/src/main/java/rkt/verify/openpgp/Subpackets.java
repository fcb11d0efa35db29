package rkt.verify.openpgp;

import java.util.Arrays;
import java.util.List;
import org.bouncycastle.bcpg.SignatureSubpacket;
import org.bouncycastle.bcpg.SignatureSubpacketTags;
import org.bouncycastle.bcpg.sig.NotationData;
import org.jspecify.annotations.Nullable;
import rkt.verify.openpgp.SignatureFacts.Defect;

/** Looks into the subpackets of a signature. spec/trust.md#rules */
final class Subpackets {
  /** The subpackets that we understand in a signature over a document; a bit each. */
  static final long FOR_DOCUMENTS =
      bits(
          SignatureSubpacketTags.CREATION_TIME,
          SignatureSubpacketTags.EXPIRE_TIME,
          SignatureSubpacketTags.ISSUER_KEY_ID,
          SignatureSubpacketTags.ISSUER_FINGERPRINT,
          SignatureSubpacketTags.SIGNER_USER_ID,
          SignatureSubpacketTags.POLICY_URL);

  /** The subpackets that we understand in a certificate. */
  static final long FOR_CERTIFICATES =
      FOR_DOCUMENTS
          | bits(
              SignatureSubpacketTags.EXPORTABLE,
              SignatureSubpacketTags.REVOCABLE,
              SignatureSubpacketTags.KEY_EXPIRE_TIME,
              SignatureSubpacketTags.PREFERRED_SYM_ALGS,
              SignatureSubpacketTags.REVOCATION_KEY,
              SignatureSubpacketTags.PREFERRED_HASH_ALGS,
              SignatureSubpacketTags.PREFERRED_COMP_ALGS,
              SignatureSubpacketTags.KEY_SERVER_PREFS,
              SignatureSubpacketTags.PREFERRED_KEY_SERV,
              SignatureSubpacketTags.PRIMARY_USER_ID,
              SignatureSubpacketTags.KEY_FLAGS,
              SignatureSubpacketTags.REVOCATION_REASON,
              SignatureSubpacketTags.FEATURES,
              SignatureSubpacketTags.EMBEDDED_SIGNATURE,
              SignatureSubpacketTags.LIBREPGP_PREFERRED_ENCRYPTION_MODES,
              SignatureSubpacketTags.PREFERRED_AEAD_ALGORITHMS);

  private Subpackets() {}

  private static long bits(int... types) {
    long result = 0;
    for (int type : types) {
      result |= 1L << type;
    }
    return result;
  }

  /** Adds a defect for each critical subpacket that is not in {@code understood}. */
  static void findCritical(SignatureSubpacket[] hashed, long understood, List<Defect> defects) {
    for (SignatureSubpacket packet : hashed) {
      if (!packet.isCritical()) {
        continue;
      }
      if (packet instanceof NotationData notation) {
        // No notation changes what a signature means to us, so a critical one cannot be honoured.
        String name = notation.getNotationName();
        defects.add(new Defect(Rule.CRITICAL, "a critical notation, " + printable(name)));
      } else if (packet.getType() > 63 || (understood >> packet.getType() & 1) == 0) {
        defects.add(new Defect(Rule.CRITICAL, "a critical subpacket of type " + packet.getType()));
      }
    }
  }

  /**
   * Adds a defect for what stands outside the signed part, but for whose signature it is, which is
   * compared with the key: nobody vouches for it, and a flipped bit there must not pass unseen.
   */
  static void findUnsigned(SignatureSubpacket[] unhashed, List<Defect> defects) {
    for (SignatureSubpacket packet : unhashed) {
      boolean issuer =
          packet.getType() == SignatureSubpacketTags.ISSUER_KEY_ID
              || packet.getType() == SignatureSubpacketTags.ISSUER_FINGERPRINT;
      if (!issuer || packet.isCritical()) {
        defects.add(
            new Defect(
                Rule.MALFORMED, "a subpacket of type " + packet.getType() + " that is not signed"));
      }
    }
  }

  /**
   * Adds a defect for an issuer outside the signed part that is no whole key id or fingerprint, or
   * that another one hides: only the first of each type is compared with the key.
   */
  static void findHiddenIssuers(
      int version,
      SignatureSubpacket[] hashed,
      SignatureSubpacket[] unhashed,
      List<Defect> defects) {
    for (SignatureSubpacket packet : unhashed) {
      byte[] data = packet.getData();
      boolean whole =
          packet.getType() == SignatureSubpacketTags.ISSUER_FINGERPRINT
              ? data.length == (version == 6 ? 33 : 21) && data[0] == version
              : data.length == 8;
      SignatureSubpacket first = find(hashed, unhashed, packet.getType());
      if (!whole || first == null || !Arrays.equals(first.getData(), data)) {
        defects.add(new Defect(Rule.MALFORMED, "an issuer that is not signed and fits no other"));
      }
    }
  }

  /**
   * The four-byte number in the subpacket of {@code type}; 0 if there is none. Two of them are a
   * defect: readers differ on which one counts.
   */
  static long time(SignatureSubpacket[] hashed, int type, List<Defect> defects) {
    long result = 0;
    int found = 0;
    for (SignatureSubpacket packet : hashed) {
      if (packet.getType() == type) {
        byte[] data = packet.getData();
        if (data.length != 4 || ++found > 1) {
          defects.add(new Defect(Rule.MALFORMED, "a time that is broken or said twice"));
          return result;
        }
        for (byte b : data) {
          result = result << 8 | (b & 0xff);
        }
      }
    }
    return result;
  }

  /** The first subpacket of {@code type}, of the hashed ones if there. */
  static @Nullable SignatureSubpacket find(
      SignatureSubpacket[] hashed, SignatureSubpacket[] unhashed, int type) {
    SignatureSubpacket found = find(hashed, type);
    return found != null ? found : find(unhashed, type);
  }

  static @Nullable SignatureSubpacket find(SignatureSubpacket[] packets, int type) {
    for (SignatureSubpacket packet : packets) {
      if (packet.getType() == type) {
        return packet;
      }
    }
    return null;
  }

  /** {@code text} without what could confuse a terminal, and not too long. */
  static String printable(String text) {
    StringBuilder result = new StringBuilder();
    for (int i = 0; i < text.length() && result.length() < 200; i++) {
      char c = text.charAt(i);
      boolean hidden = Character.isISOControl(c) || Character.getType(c) == Character.FORMAT;
      result.append(hidden ? '?' : c);
    }
    return result.toString();
  }
}
