package rkt.stage1.render;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The name of an entry as components. A leading slash anchors at the root of the tree, as if it
 * were not there; {@code .} and empty components vanish; {@code ..} is refused wherever it stands,
 * not resolved. spec/rendering.md#names
 */
final class EntryPath {
  static final byte[] WHITEOUT = {'.', 'w', 'h', '.'};
  static final byte[] OPAQUE = {'.', 'w', 'h', '.', '.', 'w', 'h', '.', '.', 'o', 'p', 'q'};
  private static final byte[] ROOTFS = {'r', 'o', 'o', 't', 'f', 's'};

  private EntryPath() {}

  /** The components of {@code name}; none for the root itself. */
  static List<byte[]> components(byte[] name) throws LayerFormatException {
    return components(name, name);
  }

  /** The components of {@code path}, which belongs to the entry called {@code name}. */
  static List<byte[]> components(byte[] name, byte[] path) throws LayerFormatException {
    if (path.length == 0) {
      throw new LayerFormatException(name, "has an empty name");
    }
    if (path.length >= Limits.PATH_BYTES) {
      throw new LayerFormatException(name, "has a name of more than 4095 bytes");
    }
    List<byte[]> components = new ArrayList<>();
    int start = 0;
    for (int i = 0; i <= path.length; i++) {
      if (i < path.length && path[i] == 0) {
        throw new LayerFormatException(name, "has a NUL in its name");
      }
      if (i == path.length || path[i] == '/') {
        add(components, name, path, start, i);
        start = i + 1;
      }
    }
    return components;
  }

  /** Whether {@code component} has the prefix of whiteouts. */
  static boolean isWhiteout(byte[] component) {
    return startsWith(component, WHITEOUT);
  }

  /** What the whiteout {@code component} of the entry {@code name} hides; null for "everything". */
  static byte @Nullable [] hiddenBy(byte[] name, byte[] component) throws LayerFormatException {
    if (Arrays.equals(component, OPAQUE)) {
      return null;
    }
    byte[] hidden = Arrays.copyOfRange(component, WHITEOUT.length, component.length);
    boolean dots =
        hidden.length <= 2
            && (hidden.length < 1 || hidden[0] == '.')
            && (hidden.length < 2 || hidden[1] == '.');
    if (dots || isWhiteout(hidden)) {
      throw new LayerFormatException(name, "is a whiteout of no proper name");
    }
    return hidden;
  }

  static boolean isRootfs(byte[] component) {
    return Arrays.equals(component, ROOTFS);
  }

  private static void add(List<byte[]> to, byte[] name, byte[] path, int start, int end)
      throws LayerFormatException {
    int length = end - start;
    if (length == 0 || (length == 1 && path[start] == '.')) {
      return;
    }
    if (length == 2 && path[start] == '.' && path[start + 1] == '.') {
      throw new LayerFormatException(name, "has \"..\" in its name");
    }
    if (length > Limits.NAME_BYTES) {
      throw new LayerFormatException(name, "has a component of more than 255 bytes");
    }
    to.add(Arrays.copyOfRange(path, start, end));
  }

  private static boolean startsWith(byte[] text, byte[] prefix) {
    return text.length >= prefix.length
        && Arrays.equals(text, 0, prefix.length, prefix, 0, prefix.length);
  }
}
