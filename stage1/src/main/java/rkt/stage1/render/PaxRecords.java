package rkt.stage1.render;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The records of one pax header: {@code LENGTH KEY=VALUE\n}. Values are bytes. pax(1) */
final class PaxRecords {
  private static final String SPARSE_OFFSET = "GNU.sparse.offset";
  private static final String SPARSE_BYTES = "GNU.sparse.numbytes";
  private static final String XATTR = "SCHILY.xattr.";

  private final Map<String, byte[]> values = new HashMap<>();
  private final List<TarEntry.Xattr> xattrs = new ArrayList<>(0);
  private final List<byte[]> sparseMap = new ArrayList<>(0);

  /** Reads the records of {@code body}. */
  static PaxRecords parse(byte[] body) throws LayerFormatException {
    PaxRecords records = new PaxRecords();
    int at = 0;
    while (at < body.length) {
      int blank = indexOf(body, (byte) ' ', at, Math.min(body.length, at + 8));
      if (blank < 0) {
        throw malformed();
      }
      long length = TarNumber.decimal(body, at, blank);
      if (length > body.length - at
          || length < blank - at + 3
          || body[at + (int) length - 1] != '\n') {
        throw malformed();
      }
      int end = at + (int) length - 1;
      int equals = indexOf(body, (byte) '=', blank + 1, end);
      if (equals <= blank + 1) {
        throw malformed();
      }
      records.add(
          Arrays.copyOfRange(body, blank + 1, equals), Arrays.copyOfRange(body, equals + 1, end));
      at = end + 1;
    }
    return records;
  }

  /** The value of {@code key}; null if there is none, or an empty one, which means the same. */
  byte @Nullable [] get(String key) {
    byte[] value = values.get(key);
    return value == null || value.length == 0 ? null : value;
  }

  /** The number that {@code key} has, or {@code otherwise}. */
  long number(String key, long otherwise) throws LayerFormatException {
    byte[] value = get(key);
    return value == null ? otherwise : TarNumber.decimal(value, 0, value.length);
  }

  boolean has(String key) {
    return get(key) != null;
  }

  List<TarEntry.Xattr> xattrs() {
    return xattrs;
  }

  /** Offsets and lengths of the sparse format 0.0, as they came. */
  List<byte[]> sparseMap() {
    return sparseMap;
  }

  /**
   * Checks the records of a global header, which would change every later entry: a comment is
   * harmless, whatever names or sizes files is not, since readers differ in how they apply it.
   */
  void checkGlobal() throws LayerFormatException {
    if (!xattrs.isEmpty() || !sparseMap.isEmpty()) {
      throw new LayerFormatException("a global pax header changes files");
    }
    for (String key : values.keySet()) {
      switch (key) {
        case "path", "linkpath", "size", "uid", "gid", "mtime" ->
            throw new LayerFormatException("a global pax header sets \"" + key + "\"");
        default -> {
          if (key.startsWith("GNU.sparse.")) {
            throw new LayerFormatException("a global pax header changes files");
          }
        }
      }
    }
  }

  private void add(byte[] keyBytes, byte[] value) throws LayerFormatException {
    // One char a byte: keys are compared with ASCII, and attribute names keep their bytes.
    String key = new String(keyBytes, StandardCharsets.ISO_8859_1);
    if (key.startsWith(XATTR)) {
      byte[] name = Arrays.copyOfRange(keyBytes, XATTR.length(), keyBytes.length);
      xattrs.add(new TarEntry.Xattr(name, value));
    } else if (key.equals(SPARSE_OFFSET) || key.equals(SPARSE_BYTES)) {
      boolean offsetIsNext = sparseMap.size() % 2 == 0;
      if (offsetIsNext != key.equals(SPARSE_OFFSET)
          || sparseMap.size() >= 2 * Limits.SPARSE_SEGMENTS) {
        throw new LayerFormatException("a sparse map is out of order or too long");
      }
      sparseMap.add(value);
    } else if (values.put(key, value) != null) {
      // Readers differ on which of the two wins.
      throw new LayerFormatException("a pax header has a record twice");
    }
  }

  private static int indexOf(byte[] bytes, byte wanted, int from, int to) {
    for (int i = from; i < to; i++) {
      if (bytes[i] == wanted) {
        return i;
      }
    }
    return -1;
  }

  private static LayerFormatException malformed() {
    return new LayerFormatException("a pax header is malformed");
  }
}
