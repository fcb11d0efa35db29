package rkt.stage1.pack;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Writes a tar: ustar headers, and a pax header before an entry that does not fit into one. Names
 * are bytes. Equal entries give equal bytes. spec/packing.md#tar
 */
final class TarWriter {
  static final byte REGULAR = '0';
  static final byte HARD_LINK = '1';
  static final byte SYMLINK = '2';
  static final byte DIRECTORY = '5';
  static final byte FIFO = '6';
  private static final byte PAX = 'x';

  private static final int BLOCK = 512;
  private static final int NAME_BYTES = 100;
  private static final long MOST_OCTAL_7 = 07777777;
  private static final long MOST_OCTAL_11 = 077777777777L;

  private final OutputStream out;
  private long missing;
  private int padding;

  TarWriter(OutputStream out) {
    this.out = out;
  }

  /** What the headers of one entry say. */
  static final class Entry {
    final byte[] name;
    final byte type;
    byte[] link = {};
    int mode;
    long uid;
    long gid;
    long size;
    long mtimeSeconds;
    int mtimeNanos;
    private final ByteArrayOutputStream attributes = new ByteArrayOutputStream();

    /**
     * @param name with a slash at its end for a directory
     */
    Entry(byte[] name, byte type) {
      this.name = name;
      this.type = type;
    }

    /** An extended attribute. */
    void attribute(byte[] attribute, byte[] value) {
      byte[] prefix = "SCHILY.xattr.".getBytes(StandardCharsets.US_ASCII);
      byte[] key = new byte[prefix.length + attribute.length];
      System.arraycopy(prefix, 0, key, 0, prefix.length);
      System.arraycopy(attribute, 0, key, prefix.length, attribute.length);
      record(attributes, key, value);
    }
  }

  /** Begins an entry; {@code size} bytes of {@link #write} follow. */
  void begin(Entry entry) throws IOException {
    requireComplete();
    byte[] pax = pax(entry);
    if (pax.length > 0) {
      Entry header = new Entry(shortened(entry.name, "PaxHeaders/"), PAX);
      header.mode = 0644;
      header.size = pax.length;
      out.write(header(header));
      out.write(pax);
      out.write(new byte[(BLOCK - pax.length % BLOCK) % BLOCK]);
    }
    out.write(header(entry));
    missing = entry.size;
    padding = (int) ((BLOCK - entry.size % BLOCK) % BLOCK);
    if (missing == 0) {
      padding = 0;
    }
  }

  /** Contents of the entry that was begun. */
  void write(byte[] bytes, int offset, int length) throws IOException {
    if (length > missing) {
      throw new IllegalStateException("more contents than the header says");
    }
    out.write(bytes, offset, length);
    missing -= length;
    if (missing == 0 && length > 0) {
      out.write(new byte[padding]);
    }
  }

  /** Writes the end mark; the stream stays open. */
  void finish() throws IOException {
    requireComplete();
    out.write(new byte[2 * BLOCK]);
  }

  private void requireComplete() {
    if (missing > 0) {
      throw new IllegalStateException("an entry lacks " + missing + " bytes");
    }
  }

  /** What does not fit into the fixed fields; empty if all does. */
  private static byte[] pax(Entry entry) {
    ByteArrayOutputStream records = new ByteArrayOutputStream();
    if (entry.name.length > NAME_BYTES) {
      record(records, ascii("path"), entry.name);
    }
    if (entry.link.length > NAME_BYTES) {
      record(records, ascii("linkpath"), entry.link);
    }
    if (entry.size > MOST_OCTAL_11) {
      record(records, ascii("size"), ascii(Long.toString(entry.size)));
    }
    if (entry.uid > MOST_OCTAL_7) {
      record(records, ascii("uid"), ascii(Long.toString(entry.uid)));
    }
    if (entry.gid > MOST_OCTAL_7) {
      record(records, ascii("gid"), ascii(Long.toString(entry.gid)));
    }
    boolean wide = entry.mtimeSeconds < 0 || entry.mtimeSeconds > MOST_OCTAL_11;
    if (wide || entry.mtimeNanos != 0) {
      record(records, ascii("mtime"), ascii(time(entry.mtimeSeconds, entry.mtimeNanos)));
    }
    records.writeBytes(entry.attributes.toByteArray());
    return records.toByteArray();
  }

  /** Seconds with a fraction, which pax counts away from zero. */
  private static String time(long seconds, int nanos) {
    if (nanos == 0) {
      return Long.toString(seconds);
    }
    boolean negative = seconds < 0;
    long whole = negative ? -(seconds + 1) : seconds;
    int part = negative ? 1_000_000_000 - nanos : nanos;
    String fraction = Integer.toString(1_000_000_000 + part).substring(1);
    return (negative ? "-" : "") + whole + "." + fraction;
  }

  /** {@code LENGTH KEY=VALUE\n}, where the length counts itself. */
  private static void record(ByteArrayOutputStream out, byte[] key, byte[] value) {
    int rest = key.length + value.length + 3;
    int length = rest + Integer.toString(rest).length();
    length = rest + Integer.toString(length).length();
    out.writeBytes(ascii(Integer.toString(length)));
    out.write(' ');
    out.writeBytes(key);
    out.write('=');
    out.writeBytes(value);
    out.write('\n');
  }

  private static byte[] header(Entry entry) {
    byte[] header = new byte[BLOCK];
    put(header, 0, NAME_BYTES, shortened(entry.name, ""));
    octal(header, 100, 8, entry.mode & 07777);
    octal(header, 108, 8, entry.uid > MOST_OCTAL_7 ? 0 : entry.uid);
    octal(header, 116, 8, entry.gid > MOST_OCTAL_7 ? 0 : entry.gid);
    octal(header, 124, 12, entry.size > MOST_OCTAL_11 ? 0 : entry.size);
    boolean narrow = entry.mtimeSeconds >= 0 && entry.mtimeSeconds <= MOST_OCTAL_11;
    octal(header, 136, 12, narrow ? entry.mtimeSeconds : 0);
    header[156] = entry.type;
    put(header, 157, NAME_BYTES, shortened(entry.link, ""));
    put(header, 257, 8, new byte[] {'u', 's', 't', 'a', 'r', 0, '0', '0'});
    octal(header, 329, 8, 0);
    octal(header, 337, 8, 0);
    checksum(header);
    return header;
  }

  private static void checksum(byte[] header) {
    for (int i = 148; i < 156; i++) {
      header[i] = ' ';
    }
    int sum = 0;
    for (byte b : header) {
      sum += b & 0xff;
    }
    octal(header, 148, 7, sum);
    header[155] = ' ';
  }

  private static void put(byte[] header, int at, int most, byte[] bytes) {
    System.arraycopy(bytes, 0, header, at, Math.min(most, bytes.length));
  }

  /** Digits that fill the field but for a NUL at its end. */
  private static void octal(byte[] header, int at, int length, long value) {
    long left = value;
    for (int i = at + length - 2; i >= at; i--) {
      header[i] = (byte) ('0' + (left & 7));
      left >>= 3;
    }
    header[at + length - 1] = 0;
  }

  private static byte[] shortened(byte[] name, String prefix) {
    byte[] start = ascii(prefix);
    byte[] result = new byte[Math.min(NAME_BYTES, start.length + name.length)];
    System.arraycopy(start, 0, result, 0, start.length);
    System.arraycopy(name, 0, result, start.length, result.length - start.length);
    return result;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
