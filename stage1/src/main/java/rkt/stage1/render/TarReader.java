package rkt.stage1.render;

import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads a tar strictly: where two readers in use would see different files in the same bytes, this
 * one refuses. Names are bytes from end to end. POSIX (ustar, pax) and GNU (long names, binary
 * numbers, sparse files) are read. docs/adr/0004-rendering.md says why it is not the library's.
 *
 * <p>After {@link #next}, the caller takes exactly {@code entry.stored} bytes from the stream.
 */
final class TarReader {
  static final int BLOCK = 512;

  private static final byte GNU_SPARSE = 'S';
  private static final byte GNU_LONG_NAME = 'L';
  private static final byte GNU_LONG_LINK = 'K';
  private static final byte PAX = 'x';
  private static final byte PAX_GLOBAL = 'g';
  private static final byte CONTIGUOUS = '7';
  private static final byte[] MAGIC = {'u', 's', 't', 'a', 'r'};

  private final LayerStream in;
  private final byte[] header = new byte[BLOCK];
  private long entryStored;

  TarReader(LayerStream in) {
    this.in = in;
  }

  /** The next entry; null at the end of the archive. */
  @Nullable TarEntry next() throws IOException, LayerFormatException {
    skipPadding(entryStored);
    entryStored = 0;
    byte @Nullable [] longName = null;
    byte @Nullable [] longLink = null;
    PaxRecords pax = null;
    while (true) {
      if (!readHeader()) {
        if (longName != null || longLink != null || pax != null) {
          throw new LayerFormatException("it ends after an extended header");
        }
        return null;
      }
      switch (header[156]) {
        case GNU_LONG_NAME -> longName = untilNul(body(longName != null));
        case GNU_LONG_LINK -> longLink = untilNul(body(longLink != null));
        case PAX -> pax = PaxRecords.parse(body(pax != null));
        case PAX_GLOBAL -> PaxRecords.parse(body(pax != null)).checkGlobal();
        default -> {
          TarEntry entry = entry(longName, longLink, pax);
          entryStored = entry.stored;
          return entry;
        }
      }
    }
  }

  private TarEntry entry(
      byte @Nullable [] longName, byte @Nullable [] longLink, @Nullable PaxRecords pax)
      throws IOException, LayerFormatException {
    TarEntry entry = new TarEntry();
    entry.name = longName != null ? longName : headerName();
    entry.link = longLink != null ? longLink : text(157, 100);
    entry.mode = (int) TarNumber.field(header, 100, 8, false) & 07777;
    entry.mtimeSeconds = TarNumber.field(header, 136, 12, true);
    long uid = TarNumber.field(header, 108, 8, false);
    long gid = TarNumber.field(header, 116, 8, false);
    entry.size = TarNumber.field(header, 124, 12, false);
    byte type = header[156];
    if (pax != null) {
      uid = pax.number("uid", uid);
      gid = pax.number("gid", gid);
      entry.size = pax.number("size", entry.size);
      applyText(entry, pax);
    }
    entry.uid = id(entry, uid);
    entry.gid = id(entry, gid);
    entry.stored = entry.size;
    entry.type = plainType(entry, type);
    boolean hasContents = entry.type == TarEntry.REGULAR;
    if (!hasContents && entry.size != 0) {
      throw new LayerFormatException(entry.name, "has contents, which its type cannot have");
    }
    applySparse(entry, type, pax);
    return entry;
  }

  /** Regular files have several types, and in old tars a directory is a file ending in a slash. */
  private static byte plainType(TarEntry entry, byte type) {
    return switch (type) {
      case 0, TarEntry.REGULAR, CONTIGUOUS -> {
        int length = entry.name.length;
        boolean directory = length > 0 && entry.name[length - 1] == '/';
        yield directory ? TarEntry.DIRECTORY : TarEntry.REGULAR;
      }
      case GNU_SPARSE -> TarEntry.REGULAR;
      default -> type;
    };
  }

  private static void applyText(TarEntry entry, PaxRecords pax) throws LayerFormatException {
    byte[] name = pax.get("path");
    byte[] link = pax.get("linkpath");
    byte[] time = pax.get("mtime");
    if (name != null) {
      entry.name = name;
    }
    if (link != null) {
      entry.link = link;
    }
    if (time != null) {
      PaxTime.apply(entry, time);
    }
    entry.xattrs.addAll(pax.xattrs());
  }

  private void applySparse(TarEntry entry, byte type, @Nullable PaxRecords pax)
      throws IOException, LayerFormatException {
    if (type == GNU_SPARSE) {
      SparseMap.gnu(entry, header, in);
      return;
    }
    if (pax == null) {
      return;
    }
    boolean version1 = pax.has("GNU.sparse.major");
    boolean version0 = pax.has("GNU.sparse.map") || !pax.sparseMap().isEmpty();
    if (!version0 && !version1) {
      return;
    }
    if (entry.type != TarEntry.REGULAR || (version0 && version1)) {
      throw new LayerFormatException(entry.name, "has a sparse map that does not belong to it");
    }
    byte[] name = pax.get("GNU.sparse.name");
    if (name != null) {
      entry.name = name;
    }
    if (version0) {
      SparseMap.pax0(entry, pax);
    } else if (pax.number("GNU.sparse.major", 0) == 1 && pax.number("GNU.sparse.minor", 0) == 0) {
      SparseMap.pax1(entry, pax, in);
    } else {
      throw new LayerFormatException(entry.name, "has a sparse map of an unknown version");
    }
  }

  /** Reads and checks one header block; false at the end of the archive. */
  private boolean readHeader() throws IOException, LayerFormatException {
    if (!in.readFully(header)) {
      return false;
    }
    if (isZero()) {
      // One zero block alone ends the archive for some readers and not for others.
      if (in.readFully(header) && !isZero()) {
        throw new LayerFormatException("it goes on after an end mark");
      }
      return false;
    }
    checkSum();
    return true;
  }

  private boolean isZero() {
    for (byte b : header) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }

  private void checkSum() throws LayerFormatException {
    int sum = 0;
    for (int i = 0; i < BLOCK; i++) {
      sum += i >= 148 && i < 156 ? ' ' : header[i] & 0xff;
    }
    if (sum != TarNumber.field(header, 148, 8, false)) {
      throw new LayerFormatException("a header does not match its checksum");
    }
  }

  private byte[] headerName() {
    byte[] name = text(0, 100);
    // Only POSIX has a prefix; in GNU's format those bytes are times. The magic tells them apart.
    boolean posix = Arrays.equals(header, 257, 262, MAGIC, 0, MAGIC.length) && header[262] == 0;
    if (!posix || header[345] == 0) {
      return name;
    }
    byte[] prefix = text(345, 155);
    byte[] joined = Arrays.copyOf(prefix, prefix.length + 1 + name.length);
    joined[prefix.length] = '/';
    System.arraycopy(name, 0, joined, prefix.length + 1, name.length);
    return joined;
  }

  private byte[] text(int at, int length) {
    int end = at;
    while (end < at + length && header[end] != 0) {
      end++;
    }
    return Arrays.copyOfRange(header, at, end);
  }

  /** The contents of an extended header, whose size is the header's own. */
  private byte[] body(boolean again) throws IOException, LayerFormatException {
    long size = TarNumber.field(header, 124, 12, false);
    if (again) {
      throw new LayerFormatException("an entry has two extended headers of one kind");
    }
    if (size > Limits.HEADER_BYTES) {
      throw new LayerFormatException(
          "an extended header is longer than " + Limits.HEADER_BYTES + " bytes");
    }
    byte[] body = new byte[(int) size];
    if (size > 0 && !in.readFully(body)) {
      throw new LayerFormatException("it ends within an extended header");
    }
    skipPadding(size);
    return body;
  }

  private static byte[] untilNul(byte[] text) throws LayerFormatException {
    int end = 0;
    while (end < text.length && text[end] != 0) {
      end++;
    }
    for (int i = end; i < text.length; i++) {
      // What follows a NUL is part of the name for some readers and not for others.
      if (text[i] != 0) {
        throw new LayerFormatException(text, "has a NUL in its name");
      }
    }
    return Arrays.copyOf(text, end);
  }

  /** Passes over the rest of the last block of {@code size} bytes. */
  private void skipPadding(long size) throws IOException, LayerFormatException {
    int left = (int) (-size & (BLOCK - 1));
    while (left > 0) {
      if (!in.fill()) {
        throw new LayerFormatException("it ends within a block");
      }
      int part = Math.min(left, in.available());
      in.advance(part);
      left -= part;
    }
  }

  private static int id(TarEntry entry, long id) throws LayerFormatException {
    // The last number means "no change" to chown(2).
    if (id > 0xffff_fffeL) {
      throw new LayerFormatException(entry.name, "has an owner that is no 32-bit number");
    }
    return (int) id;
  }
}
