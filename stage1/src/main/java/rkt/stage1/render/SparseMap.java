package rkt.stage1.render;

import java.io.IOException;
import java.util.Arrays;

/**
 * The map of a sparse file: which parts of it the tar stores. All four forms in use: the GNU header
 * and the pax forms 0.0, 0.1 and 1.0. Each is checked to be ascending, without overlap, within the
 * file, and to add up to what is stored.
 */
final class SparseMap {
  private static final int IN_HEADER = 4;
  private static final int IN_EXTENSION = 21;
  private static final int SEGMENT_BYTES = 24;
  private static final int NUMBER_BYTES = 12;

  private long[] segments = new long[16];
  private int length;

  /** The old GNU form: four segments in the header, more in blocks that follow it. */
  static void gnu(TarEntry entry, byte[] header, LayerStream in)
      throws IOException, LayerFormatException {
    SparseMap map = new SparseMap();
    map.addBinary(header, 386, IN_HEADER);
    boolean more = header[482] != 0;
    byte[] block = new byte[TarReader.BLOCK];
    while (more) {
      if (!in.readFully(block)) {
        throw new LayerFormatException("it ends within a sparse map");
      }
      map.addBinary(block, 0, IN_EXTENSION);
      more = block[504] != 0;
    }
    map.applyTo(entry, TarNumber.field(header, 483, NUMBER_BYTES, false));
  }

  /** The pax forms 0.0 and 0.1, whose map is in the records. */
  static void pax0(TarEntry entry, PaxRecords pax) throws LayerFormatException {
    SparseMap map = new SparseMap();
    byte[] list = pax.get("GNU.sparse.map");
    if (list != null) {
      int from = 0;
      for (int i = 0; i <= list.length; i++) {
        if (i == list.length || list[i] == ',') {
          map.add(TarNumber.decimal(list, from, i));
          from = i + 1;
        }
      }
    } else {
      for (byte[] number : pax.sparseMap()) {
        map.add(TarNumber.decimal(number, 0, number.length));
      }
    }
    map.applyTo(entry, pax.number("GNU.sparse.size", entry.size));
  }

  /** The pax form 1.0, whose map stands in whole blocks before the contents. */
  static void pax1(TarEntry entry, PaxRecords pax, LayerStream in)
      throws IOException, LayerFormatException {
    SparseMap map = new SparseMap();
    byte[] block = new byte[TarReader.BLOCK];
    long wanted = -1;
    long read = 0;
    byte[] digits = new byte[20];
    int count = 0;
    while (wanted < 0 || map.length < 2 * wanted) {
      read += block.length;
      if (read > entry.stored || !in.readFully(block)) {
        throw new LayerFormatException("it ends within a sparse map");
      }
      for (int i = 0; i < block.length && (wanted < 0 || map.length < 2 * wanted); i++) {
        if (block[i] != '\n') {
          if (count == digits.length) {
            throw new LayerFormatException("a sparse map has a number that is too long");
          }
          digits[count++] = block[i];
          continue;
        }
        long number = TarNumber.decimal(digits, 0, count);
        count = 0;
        if (wanted >= 0) {
          map.add(number);
        } else if (number > Limits.SPARSE_SEGMENTS) {
          throw tooLong();
        } else {
          wanted = number;
        }
      }
    }
    entry.stored -= read;
    map.applyTo(entry, pax.number("GNU.sparse.realsize", entry.size));
  }

  private void addBinary(byte[] block, int at, int count) throws LayerFormatException {
    for (int i = 0; i < count; i++) {
      int segment = at + i * SEGMENT_BYTES;
      // An unused place is empty.
      if (block[segment] == 0 && block[segment + NUMBER_BYTES] == 0) {
        continue;
      }
      add(TarNumber.field(block, segment, NUMBER_BYTES, false));
      add(TarNumber.field(block, segment + NUMBER_BYTES, NUMBER_BYTES, false));
    }
  }

  private void add(long number) throws LayerFormatException {
    if (length >= 2 * Limits.SPARSE_SEGMENTS) {
      throw tooLong();
    }
    if (length == segments.length) {
      segments = Arrays.copyOf(segments, length * 2);
    }
    segments[length++] = number;
  }

  private void applyTo(TarEntry entry, long realSize) throws LayerFormatException {
    if (length % 2 != 0) {
      throw new LayerFormatException("a sparse map has an offset without a length");
    }
    long end = 0;
    long sum = 0;
    for (int i = 0; i < length; i += 2) {
      long offset = segments[i];
      long bytes = segments[i + 1];
      // No sum can overflow: every number is below 2^63, and compared before it is added.
      if (offset < end || offset > realSize || bytes > realSize - offset) {
        throw new LayerFormatException("a sparse map overlaps or leaves its file");
      }
      end = offset + bytes;
      sum += bytes;
    }
    if (sum != entry.stored) {
      throw new LayerFormatException("a sparse map does not add up to what is stored");
    }
    entry.size = realSize;
    entry.segments = Arrays.copyOf(segments, length);
  }

  private static LayerFormatException tooLong() {
    return new LayerFormatException(
        "a sparse map has more than " + Limits.SPARSE_SEGMENTS + " segments");
  }
}
