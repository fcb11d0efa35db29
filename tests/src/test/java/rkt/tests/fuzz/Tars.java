package rkt.tests.fuzz;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/** Tars that show each kind of header: another writer's, so that no mistake of ours is in both. */
final class Tars {
  private static final String LONG_NAME = "rootfs/" + "directory/".repeat(30) + "file";

  private Tars() {}

  static List<byte[]> seeds() throws IOException {
    return List.of(
        tar(TarArchiveOutputStream.LONGFILE_GNU, "etc/passwd"),
        tar(TarArchiveOutputStream.LONGFILE_POSIX, "manifest"),
        tar(TarArchiveOutputStream.LONGFILE_GNU, "manifest"),
        sparse());
  }

  private static byte[] tar(int longNames, String first) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
      tar.setLongFileMode(longNames);
      tar.setBigNumberMode(
          longNames == TarArchiveOutputStream.LONGFILE_POSIX
              ? TarArchiveOutputStream.BIGNUMBER_POSIX
              : TarArchiveOutputStream.BIGNUMBER_STAR);
      file(tar, new TarArchiveEntry(first), "{}");
      tar.putArchiveEntry(new TarArchiveEntry("rootfs/"));
      tar.closeArchiveEntry();
      TarArchiveEntry large = new TarArchiveEntry("rootfs/large-numbers");
      large.setUserId(1L << 33);
      large.setModTime(1L << 45);
      large.addPaxHeader("SCHILY.xattr.user.a", "b");
      file(tar, large, "contents");
      link(tar, "rootfs/link", TarArchiveEntry.LF_SYMLINK, "../up");
      link(tar, "rootfs/hard", TarArchiveEntry.LF_LINK, "rootfs/large-numbers");
      file(tar, new TarArchiveEntry(LONG_NAME), "x");
      file(tar, new TarArchiveEntry("rootfs/.wh.gone"), "");
    }
    return bytes.toByteArray();
  }

  private static void file(TarArchiveOutputStream tar, TarArchiveEntry entry, String contents)
      throws IOException {
    byte[] bytes = contents.getBytes(UTF_8);
    entry.setSize(bytes.length);
    tar.putArchiveEntry(entry);
    tar.write(bytes);
    tar.closeArchiveEntry();
  }

  private static void link(TarArchiveOutputStream tar, String name, byte type, String target)
      throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(name, type);
    entry.setLinkName(target);
    tar.putArchiveEntry(entry);
    tar.closeArchiveEntry();
  }

  /** An old GNU sparse file: type S, its map in the header. */
  private static byte[] sparse() {
    byte[] tar = new byte[4 * 512];
    put(tar, 0, "sparse");
    put(tar, 100, "0000644\0" + "0000000\0" + "0000000\0" + "00000000010\0" + "00000000000\0");
    put(tar, 156, "S");
    put(tar, 257, "ustar  \0");
    put(tar, 386, "00000000000\0" + "00000000004\0" + "00000001000\0" + "00000000004\0");
    put(tar, 483, "00000001004\0");
    put(tar, 148, "        ");
    int sum = 0;
    for (int i = 0; i < 512; i++) {
      sum += tar[i];
    }
    put(tar, 148, "%06o\0 ".formatted(sum));
    put(tar, 512, "datadata");
    return tar;
  }

  private static void put(byte[] tar, int at, String text) {
    byte[] bytes = text.getBytes(US_ASCII);
    System.arraycopy(bytes, 0, tar, at, bytes.length);
  }
}
