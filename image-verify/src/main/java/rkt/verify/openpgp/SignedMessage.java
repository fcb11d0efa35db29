package rkt.verify.openpgp;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * An OpenPGP message that one key signed, taken apart: the signature packet, and the bytes that it
 * is over. What it may be made of is in spec/trust.md#simple-signing; nothing else is read.
 */
final class SignedMessage {
  private static final String WHAT = "the signed message";
  private static final int ONE_PASS = 4;
  private static final int COMPRESSED = 8;
  private static final int LITERAL = 11;
  private static final int DEFLATE = 1;
  private static final int ZLIB = 2;

  /** The most bytes of a message, and of what one expands to. */
  private static final int LARGEST = 4 << 20;

  /** One-pass signature, literal data, signature: a fourth is one too many. */
  private static final int MOST_PACKETS = 3;

  private final Frame signature;
  private final byte[] data;

  private SignedMessage(Frame signature, byte[] data) {
    this.signature = signature;
    this.data = data;
  }

  Frame signature() {
    return signature;
  }

  /** What was signed; nobody has verified it. */
  byte[] data() {
    return data;
  }

  /** Takes {@code message} apart. */
  static SignedMessage read(byte[] message) throws TrustException {
    if (message.length > LARGEST) {
      throw new TrustException(Rule.LIMIT, WHAT + " is larger than " + LARGEST + " bytes", null);
    }
    List<Frame> packets = packets(message);
    if (packets.size() == 1 && packets.getFirst().tag() == COMPRESSED) {
      packets = packets(expanded(packets.getFirst().body()));
    }
    if (packets.size() == 3
        && packets.get(0).tag() == ONE_PASS
        && packets.get(1).tag() == LITERAL
        && packets.get(2).tag() == Frame.SIGNATURE) {
      requireSame(packets.get(0).body(), packets.get(2).body());
      return new SignedMessage(packets.get(2), literal(packets.get(1).body()));
    }
    if (packets.size() == 2
        && packets.get(0).tag() == Frame.SIGNATURE
        && packets.get(1).tag() == LITERAL) {
      return new SignedMessage(packets.get(0), literal(packets.get(1).body()));
    }
    throw TrustException.malformed(WHAT + " is not one signature over one literal");
  }

  /** What was announced before the data must be what comes behind it. */
  private static void requireSame(byte[] onePass, byte[] signature) throws TrustException {
    // Version, type, hash, algorithm, and at the end whether it is the last one: for both versions.
    boolean same =
        onePass.length >= 13
            && signature.length >= 4
            && (onePass[0] == 3 || onePass[0] == 6)
            && onePass[1] == signature[1]
            && onePass[2] == signature[3]
            && onePass[3] == signature[2]
            && onePass[onePass.length - 1] == 1;
    if (!same) {
      throw TrustException.malformed(WHAT + " announces another signature than it has");
    }
  }

  /**
   * The data of a literal packet: format, name and date come before it and are signed by nobody.
   */
  private static byte[] literal(byte[] body) throws TrustException {
    int name = body.length < 2 ? 0 : body[1] & 0xff;
    int start = 2 + name + 4;
    if (body.length < start || body[0] != 'b') {
      throw TrustException.malformed(WHAT + " does not hold binary data");
    }
    return Arrays.copyOfRange(body, start, body.length);
  }

  private static byte[] expanded(byte[] body) throws TrustException {
    int algorithm = body.length == 0 ? 0 : body[0];
    if (algorithm != DEFLATE && algorithm != ZLIB) {
      throw TrustException.malformed(WHAT + " is compressed in a way that is not read");
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] buffer = new byte[8 << 10];
    try (Inflater inflater = new Inflater(algorithm == DEFLATE)) {
      inflater.setInput(body, 1, body.length - 1);
      while (!inflater.finished()) {
        int read = inflater.inflate(buffer);
        if (read == 0 && (inflater.needsInput() || inflater.needsDictionary())) {
          throw TrustException.malformed(WHAT + " ends inside its compressed data");
        }
        out.write(buffer, 0, read);
        if (out.size() > LARGEST) {
          throw new TrustException(
              Rule.LIMIT, WHAT + " expands to more than " + LARGEST + " bytes", null);
        }
      }
      if (inflater.getRemaining() > 0) {
        throw TrustException.malformed(WHAT + " goes on behind its compressed data");
      }
    } catch (DataFormatException e) {
      throw TrustException.malformed(WHAT + " cannot be expanded");
    }
    return out.toByteArray();
  }

  /** The packets, each put together from its parts. */
  private static List<Frame> packets(byte[] message) throws TrustException {
    List<Frame> packets = new ArrayList<>();
    Parts parts = new Parts(message);
    while (parts.at < message.length) {
      if (packets.size() == MOST_PACKETS) {
        throw TrustException.malformed(WHAT + " is not one signature over one literal");
      }
      packets.add(parts.next());
    }
    return packets;
  }

  /**
   * A message as a row of packets. Unlike files of signatures and keys it may have packets of
   * partial and of unknown length, which programs write that sign what they have not seen whole.
   */
  private static final class Parts {
    private final byte[] message;
    private int at;

    Parts(byte[] message) {
      this.message = message;
    }

    Frame next() throws TrustException {
      int first = octet();
      if ((first & 0x80) == 0) {
        throw TrustException.malformed(WHAT + " is not a sequence of OpenPGP packets");
      }
      if ((first & 0x40) == 0) {
        int tag = first >> 2 & 0xf;
        return (first & 3) == 3
            ? data(tag, take(message.length - at))
            : Frame.of(tag, take(number(1 << (first & 3))));
      }
      int tag = first & 0x3f;
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      boolean partial = true;
      while (partial) {
        int lead = octet();
        partial = lead >= 224 && lead < 255;
        long length =
            lead < 192
                ? lead
                : lead < 224
                    ? ((lead - 192L) << 8) + octet() + 192
                    : partial ? 1L << (lead & 0x1f) : number(4);
        byte[] part = take(length);
        body.write(part, 0, part.length);
        if (partial) {
          data(tag, part);
        }
      }
      return Frame.of(tag, body.toByteArray());
    }

    /** Only packets of data may have no length of their own. */
    private static Frame data(int tag, byte[] body) throws TrustException {
      if (tag != COMPRESSED && tag != LITERAL) {
        throw TrustException.malformed(WHAT + " has a packet without a length");
      }
      return Frame.of(tag, body);
    }

    private int octet() throws TrustException {
      return take(1)[0] & 0xff;
    }

    private long number(int octets) throws TrustException {
      long number = 0;
      for (byte octet : take(octets)) {
        number = number << 8 | (octet & 0xff);
      }
      return number;
    }

    private byte[] take(long length) throws TrustException {
      if (length > message.length - at) {
        throw TrustException.malformed(WHAT + " ends inside a packet");
      }
      byte[] taken = Arrays.copyOfRange(message, at, at + (int) length);
      at += (int) length;
      return taken;
    }
  }
}
