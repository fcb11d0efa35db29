package rkt.fetch.http;

import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.KeySpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rkt.fetch.transport.FetchException;

/**
 * Private keys in PEM: PKCS#8, and the older forms PKCS#1 (RSA) and SEC1 (EC), which are wrapped
 * into the first, the only one that Java reads. None of them encrypted.
 */
final class PrivateKeys {
  private static final int INTEGER = 0x02;
  private static final int OCTETS = 0x04;
  private static final int SEQUENCE = 0x30;

  /** The member of a SEC1 key that names its curve. */
  private static final int PARAMETERS = 0xa0;

  private static final byte[] VERSION_0 = {INTEGER, 1, 0};

  /** rsaEncryption, 1.2.840.113549.1.1.1, without parameters. */
  private static final byte[] RSA = HexFormat.of().parseHex("06092a864886f70d0101010500");

  /** id-ecPublicKey, 1.2.840.10045.2.1; its parameters follow. */
  private static final byte[] EC = HexFormat.of().parseHex("06072a8648ce3d0201");

  private PrivateKeys() {}

  /**
   * The first key in {@code text}.
   *
   * @param file names it in errors, which show no piece of it
   */
  static PrivateKey read(String text, Path file) throws FetchException {
    try {
      byte[] pkcs8 = pem(text, "PRIVATE KEY");
      if (pkcs8 != null) {
        return key(List.of("EC", "RSA", "EdDSA"), pkcs8, file);
      }
      byte[] pkcs1 = pem(text, "RSA PRIVATE KEY");
      if (pkcs1 != null) {
        byte[] wrapped = der(SEQUENCE, VERSION_0, der(SEQUENCE, RSA), der(OCTETS, pkcs1));
        return key(List.of("RSA"), wrapped, file);
      }
      byte[] sec1 = pem(text, "EC PRIVATE KEY");
      if (sec1 != null) {
        byte[] algorithm = der(SEQUENCE, EC, curve(sec1));
        return key(List.of("EC"), der(SEQUENCE, VERSION_0, algorithm, der(OCTETS, sec1)), file);
      }
    } catch (IllegalArgumentException | IndexOutOfBoundsException | GeneralSecurityException e) {
      throw FetchException.usage(file + " holds a private key that cannot be read", null);
    }
    throw FetchException.usage(
        file + " holds no private key in PEM that is not encrypted",
        "openssl pkcs8 -topk8 -nocrypt -in OLD -out " + file);
  }

  /** What stands between the marks; null if they are not there, or a header says more about it. */
  private static byte @Nullable [] pem(String text, String what) {
    String begin = "-----BEGIN " + what + "-----";
    int from = text.indexOf(begin);
    int to = text.indexOf("-----END " + what + "-----");
    if (from < 0 || to < from) {
      return null;
    }
    String body = text.substring(from + begin.length(), to);
    return body.contains(":") ? null : Base64.getMimeDecoder().decode(body);
  }

  private static PrivateKey key(List<String> algorithms, byte[] pkcs8, Path file)
      throws GeneralSecurityException, FetchException {
    KeySpec spec = new PKCS8EncodedKeySpec(pkcs8);
    for (String algorithm : algorithms) {
      PrivateKey key = find(algorithm, spec);
      if (key != null) {
        return key;
      }
    }
    throw FetchException.usage(file + " holds a private key of an unknown kind", null);
  }

  /** Null if it is of another kind. */
  private static @Nullable PrivateKey find(String algorithm, KeySpec spec)
      throws GeneralSecurityException {
    try {
      return KeyFactory.getInstance(algorithm).generatePrivate(spec);
    } catch (InvalidKeySpecException e) {
      return null;
    }
  }

  /** The object identifier of the curve, as it stands in a SEC1 key. */
  private static byte[] curve(byte[] sec1) {
    int at = Header.of(sec1, 0, SEQUENCE).content();
    at = Header.of(sec1, at, INTEGER).end();
    at = Header.of(sec1, at, OCTETS).end();
    Header parameters = Header.of(sec1, at, PARAMETERS);
    return Arrays.copyOfRange(sec1, parameters.content(), parameters.end());
  }

  /** Where the content of a value begins, and where it ends. */
  private record Header(int content, int end) {
    static Header of(byte[] der, int at, int tag) {
      if ((der[at] & 0xff) != tag) {
        throw new IllegalArgumentException("another value than the one that belongs there");
      }
      int length = der[at + 1] & 0xff;
      int content = at + 2;
      if (length > 0x82) {
        throw new IllegalArgumentException("longer than any key");
      }
      if (length > 0x80) {
        int bytes = length - 0x80;
        length = 0;
        for (int i = 0; i < bytes; i++) {
          length = (length << 8) | (der[content++] & 0xff);
        }
      }
      if (content + length > der.length) {
        throw new IllegalArgumentException("cut off");
      }
      return new Header(content, content + length);
    }
  }

  private static byte[] der(int tag, byte[]... parts) {
    int length = 0;
    for (byte[] part : parts) {
      length += part.length;
    }
    byte[] head =
        length < 0x80
            ? new byte[] {(byte) tag, (byte) length}
            : length < 0x100
                ? new byte[] {(byte) tag, (byte) 0x81, (byte) length}
                : new byte[] {(byte) tag, (byte) 0x82, (byte) (length >> 8), (byte) length};
    byte[] all = new byte[head.length + length];
    System.arraycopy(head, 0, all, 0, head.length);
    int at = head.length;
    for (byte[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }
}
