package rkt.fetch.layout;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import rkt.fetch.transport.FetchException;
import rkt.spec.RktException;
import rkt.spec.archive.TarFile;

/** The files of an image by their names: those of a directory, or the members of a tar. */
sealed interface LayoutFiles {
  boolean has(String name) throws RktException;

  long size(String name) throws RktException, IOException;

  /** The bytes of a file; the caller closes them. */
  InputStream open(String name) throws RktException, IOException;

  /** Names a file in errors. */
  String where(String name);

  /** The whole of a file of at most {@code limit} bytes. */
  default byte[] small(String name, int limit) throws RktException {
    try (InputStream in = open(name)) {
      byte[] bytes = in.readNBytes(limit + 1);
      if (bytes.length > limit) {
        throw FetchException.integrity(where(name) + " is longer than " + limit + " bytes", null);
      }
      return bytes;
    } catch (IOException e) {
      throw FetchException.system("cannot read " + where(name) + ": " + e.getMessage(), e);
    }
  }

  /** Plain files only: a FIFO would never answer, and a link could lead anywhere. */
  record OfDirectory(Path directory) implements LayoutFiles {
    @Override
    public boolean has(String name) {
      return Files.isRegularFile(directory.resolve(name), LinkOption.NOFOLLOW_LINKS);
    }

    @Override
    public long size(String name) throws IOException {
      return Files.size(directory.resolve(name));
    }

    @Override
    public InputStream open(String name) throws IOException, FetchException {
      Path file = directory.resolve(name);
      if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
        throw FetchException.integrity(
            file + " is missing", new NoSuchFileException(file.toString()));
      }
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        throw FetchException.integrity(file + " is not a regular file", null);
      }
      return Channels.newInputStream(
          FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
    }

    @Override
    public String where(String name) {
      return directory.resolve(name).toString();
    }
  }

  /**
   * Members of a tar.
   *
   * @param what names the archive in errors
   */
  record OfArchive(TarFile tar, String what) implements LayoutFiles {
    @Override
    public boolean has(String name) throws RktException {
      return tar.size(name).isPresent();
    }

    @Override
    public long size(String name) throws RktException {
      return tar.size(name)
          .orElseThrow(() -> FetchException.integrity(where(name) + " is missing", null));
    }

    @Override
    public InputStream open(String name) throws RktException, IOException {
      return tar.read(name);
    }

    @Override
    public String where(String name) {
      return what + ": " + name;
    }
  }
}
