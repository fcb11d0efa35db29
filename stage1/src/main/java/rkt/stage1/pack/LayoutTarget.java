package rkt.stage1.pack;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import rkt.kernel.Names;

/** Where the files of an exported image go: into a directory, or a tar. */
interface LayoutTarget {
  /**
   * Adds a file of {@code size} bytes.
   *
   * @param path its parts divided by slashes
   */
  void file(String path, long size, InputStream in) throws IOException;

  /** Files below {@code root}, an existing directory. */
  static LayoutTarget in(Path root) {
    return (path, size, in) -> {
      Path file = root.resolve(path);
      Files.createDirectories(file.getParent() == null ? root : file.getParent());
      try (OutputStream out = Files.newOutputStream(file)) {
        if (in.transferTo(out) != size) {
          throw new IOException("the length of " + path + " changed meanwhile");
        }
      }
    };
  }

  /** Entries of a tar: 0644, root, time 0. */
  static LayoutTarget in(TarWriter tar) {
    return (path, size, in) -> {
      TarWriter.Entry entry = new TarWriter.Entry(Names.of(path), TarWriter.REGULAR);
      entry.mode = 0644;
      entry.size = size;
      tar.begin(entry);
      byte[] buffer = new byte[64 << 10];
      long left = size;
      while (left > 0) {
        int read = in.read(buffer, 0, (int) Math.min(left, buffer.length));
        if (read < 0) {
          throw new IOException("the length of " + path + " changed meanwhile");
        }
        tar.write(buffer, 0, read);
        left -= read;
      }
    };
  }
}
