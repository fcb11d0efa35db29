package rkt.verify.openpgp;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One OpenPGP packet, still closed: its tag and all of its bytes, header included. Walking the
 * frames first bounds what the library's parser is given: whole packets of known length only.
 */
final class Frame {
  static final int SIGNATURE = 2;
  static final int PUBLIC_KEY = 6;
  static final int TRUST = 12;
  static final int USER_ID = 13;
  static final int PUBLIC_SUBKEY = 14;
  static final int USER_ATTRIBUTE = 17;

  private final int tag;
  private final byte[] bytes;
  private final int header;

  private Frame(int tag, int header, byte[] bytes) {
    this.tag = tag;
    this.header = header;
    this.bytes = bytes;
  }

  /** A packet with a header of our own. */
  static Frame of(int tag, byte[] body) {
    int header = 6;
    byte[] bytes = new byte[header + body.length];
    bytes[0] = (byte) (0xc0 | tag);
    bytes[1] = (byte) 0xff;
    for (int i = 0; i < 4; i++) {
      bytes[2 + i] = (byte) (body.length >>> (24 - 8 * i));
    }
    System.arraycopy(body, 0, bytes, header, body.length);
    return new Frame(tag, header, bytes);
  }

  int tag() {
    return tag;
  }

  /** The bytes after the header. */
  byte[] body() {
    return Arrays.copyOfRange(bytes, header, bytes.length);
  }

  /** Header and body; not copied, not to be changed. */
  byte[] bytes() {
    return bytes;
  }

  /**
   * The packets of {@code data}, in order.
   *
   * @param most how many are read before the file is refused
   */
  static List<Frame> split(byte[] data, int most, String what) throws TrustException {
    List<Frame> frames = new ArrayList<>();
    int at = 0;
    while (at < data.length) {
      if (frames.size() == most) {
        throw new TrustException(
            Rule.LIMIT, what + " has more than " + most + " OpenPGP packets", null);
      }
      Frame frame = at(data, at, what);
      frames.add(frame);
      at += frame.bytes.length;
    }
    return frames;
  }

  private static Frame at(byte[] data, int at, String what) throws TrustException {
    int first = data[at] & 0xff;
    if ((first & 0x80) == 0) {
      throw TrustException.malformed(what + " is not a sequence of OpenPGP packets");
    }
    int lengthOctets;
    int lead = at + 1 < data.length ? data[at + 1] & 0xff : 0;
    if ((first & 0x40) == 0) {
      lengthOctets =
          switch (first & 3) {
            case 0 -> 1;
            case 1 -> 2;
            case 2 -> 4;
            default -> throw TrustException.malformed(what + " has a packet without a length");
          };
    } else if (lead < 192) {
      lengthOctets = 1;
    } else if (lead < 224) {
      lengthOctets = 2;
    } else if (lead == 255) {
      lengthOctets = 5;
    } else {
      throw TrustException.malformed(what + " has a packet of partial length");
    }
    int body = at + 1 + lengthOctets;
    if (body > data.length) {
      throw TrustException.malformed(what + " ends inside a packet");
    }
    long length = 0;
    if ((first & 0x40) != 0 && lengthOctets == 2) {
      length = ((lead - 192L) << 8) + (data[at + 2] & 0xff) + 192;
    } else {
      for (int i = lengthOctets == 5 ? at + 2 : at + 1; i < body; i++) {
        length = length << 8 | (data[i] & 0xff);
      }
    }
    if (length > data.length - body) {
      throw TrustException.malformed(what + " ends inside a packet");
    }
    int tag = (first & 0x40) != 0 ? first & 0x3f : (first >> 2) & 0xf;
    return new Frame(tag, body - at, Arrays.copyOfRange(data, at, body + (int) length));
  }
}
