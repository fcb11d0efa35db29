package rkt.stage1.render;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One entry of a tar: what its headers say, long names and pax records applied, unjudged. */
final class TarEntry {
  /** An extended attribute. */
  static final class Xattr {
    final byte[] name;
    final byte[] value;

    Xattr(byte[] name, byte[] value) {
      this.name = name;
      this.value = value;
    }
  }

  static final byte REGULAR = '0';
  static final byte HARD_LINK = '1';
  static final byte SYMLINK = '2';
  static final byte CHARACTER = '3';
  static final byte BLOCK = '4';
  static final byte DIRECTORY = '5';
  static final byte FIFO = '6';

  byte[] name = {};
  byte[] link = {};

  /** One of the constants: variants of a regular file are all {@link #REGULAR}. */
  byte type;

  int mode;
  int uid;
  int gid;

  /** The length of the file, holes included. */
  long size;

  /** The bytes of it that the tar holds. */
  long stored;

  long mtimeSeconds;
  int mtimeNanos;

  /** Offsets and lengths of what is stored, alternating; null for a file without holes. */
  long @Nullable [] segments;

  final List<Xattr> xattrs = new ArrayList<>(0);
}
