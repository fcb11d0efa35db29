package rkt.verify.signing;

import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import org.bouncycastle.crypto.engines.XSalsa20Engine;
import org.bouncycastle.crypto.generators.SCrypt;
import org.bouncycastle.crypto.macs.Poly1305;
import org.bouncycastle.crypto.params.KeyParameter;
import org.bouncycastle.crypto.params.ParametersWithIV;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.spec.json.JsonWriter;

/**
 * The encryption of cosign's private keys: scrypt makes a key of the passphrase, NaCl's secretbox
 * (XSalsa20 and Poly1305) locks with it, JSON holds the numbers. spec/signing.md#key-files
 */
final class SecretBox {
  private static final int COST = 1 << 16;
  private static final int LOW_COST = 1 << 15;
  private static final int HIGH_COST = 1 << 17;
  private static final int BLOCK_SIZE = 8;
  private static final int SALT = 32;
  private static final int NONCE = 24;
  private static final int KEY = 32;
  private static final int TAG = 16;

  private SecretBox() {}

  /** Locks {@code secret}; gives the JSON. */
  static byte[] seal(byte[] secret, byte[] passphrase) {
    SecureRandom random = new SecureRandom();
    byte[] salt = new byte[SALT];
    byte[] nonce = new byte[NONCE];
    random.nextBytes(salt);
    random.nextBytes(nonce);
    byte[] key = SCrypt.generate(passphrase, salt, COST, BLOCK_SIZE, 1, KEY);
    byte[] box = new byte[TAG + secret.length];
    Poly1305 mac = xor(key, nonce, secret, 0, box, TAG, secret.length);
    mac.update(box, TAG, secret.length);
    mac.doFinal(box, 0);
    Base64.Encoder base64 = Base64.getEncoder();
    return new JsonWriter()
        .object()
        .object("kdf")
        .put("name", "scrypt")
        .object("params")
        .put("N", COST)
        .put("r", BLOCK_SIZE)
        .put("p", 1)
        .end()
        .put("salt", base64.encodeToString(salt))
        .end()
        .object("cipher")
        .put("name", "nacl/secretbox")
        .put("nonce", base64.encodeToString(nonce))
        .end()
        .put("ciphertext", base64.encodeToString(box))
        .end()
        .bytes();
  }

  /**
   * Opens what {@link #seal}, or cosign, has locked; the caller clears it.
   *
   * @throws SpecException of class usage if the passphrase is another
   */
  static byte[] open(byte[] json, byte[] passphrase, String what) throws RktException {
    JsonObject root = JsonObject.parse(json, what);
    JsonObject kdf = root.object("kdf");
    JsonObject cipher = root.object("cipher");
    JsonObject params = kdf.object("params");
    long cost = params.integer("N");
    // Others would let a file choose how much memory and time is spent on it.
    if (!kdf.string("name").equals("scrypt")
        || !cipher.string("name").equals("nacl/secretbox")
        || (cost != COST && cost != LOW_COST && cost != HIGH_COST)
        || params.integer("r") != BLOCK_SIZE
        || params.integer("p") != 1) {
      throw SpecException.integrity(what + " is locked in a way that cosign does not use");
    }
    byte[] salt = bytes(kdf, "salt", what);
    byte[] nonce = bytes(cipher, "nonce", what);
    byte[] box = bytes(root, "ciphertext", what);
    if (salt.length != SALT || nonce.length != NONCE || box.length < TAG) {
      throw SpecException.integrity(what + " has numbers of the wrong length");
    }
    byte[] key = SCrypt.generate(passphrase, salt, (int) cost, BLOCK_SIZE, 1, KEY);
    byte[] secret = new byte[box.length - TAG];
    Poly1305 mac = xor(key, nonce, box, TAG, secret, 0, secret.length);
    mac.update(box, TAG, secret.length);
    byte[] tag = new byte[TAG];
    mac.doFinal(tag, 0);
    if (!MessageDigest.isEqual(tag, Arrays.copyOf(box, TAG))) {
      Arrays.fill(secret, (byte) 0);
      throw SpecException.usage(
          "the passphrase does not open " + what, "give it with --passphrase-file=FILE");
    }
    return secret;
  }

  /** Runs the cipher over {@code length} bytes; gives the authenticator, ready for the box. */
  private static Poly1305 xor(
      byte[] key, byte[] nonce, byte[] in, int from, byte[] out, int to, int length) {
    XSalsa20Engine cipher = new XSalsa20Engine();
    cipher.init(true, new ParametersWithIV(new KeyParameter(key), nonce));
    Arrays.fill(key, (byte) 0);
    // The first 32 bytes of the stream are the key of the authenticator.
    byte[] first = new byte[KEY];
    cipher.processBytes(first, 0, KEY, first, 0);
    Poly1305 mac = new Poly1305();
    mac.init(new KeyParameter(first));
    Arrays.fill(first, (byte) 0);
    cipher.processBytes(in, from, length, out, to);
    return mac;
  }

  private static byte[] bytes(JsonObject object, String name, String what) throws RktException {
    try {
      return Base64.getDecoder().decode(object.string(name));
    } catch (IllegalArgumentException e) {
      throw SpecException.integrity(what + ": " + name + " is not base64");
    }
  }
}
