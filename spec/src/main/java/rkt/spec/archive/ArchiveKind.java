package rkt.spec.archive;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import rkt.spec.SpecException;
import rkt.spec.image.Decompressor;

/**
 * What an image in a file or a directory is kept as, told by what is in it. spec/image.md#import
 */
public enum ArchiveKind {
  ACI(""),
  OCI_LAYOUT("oci:"),
  OCI_ARCHIVE("oci-archive:"),
  DOCKER_ARCHIVE("docker-archive:"),
  DIRECTORY("dir:");

  private static final int MOST_ENTRIES = 100_000;

  private final String prefix;

  ArchiveKind(String prefix) {
    this.prefix = prefix;
  }

  /** How a reference to such a file starts. */
  public String prefix() {
    return prefix;
  }

  /**
   * Looks into {@code path}.
   *
   * @throws SpecException if it is nothing of these
   */
  public static ArchiveKind of(Path path) throws SpecException {
    if (Files.isRegularFile(path.resolve("oci-layout"))) {
      return OCI_LAYOUT;
    }
    if (Files.isRegularFile(path.resolve("manifest.json"))) {
      return DIRECTORY;
    }
    if (!Files.exists(path)) {
      throw SpecException.notFound("no such file: " + path, null);
    }
    if (!Files.isRegularFile(path)) {
      throw unknown(path);
    }
    try (InputStream file = Files.newInputStream(path)) {
      byte[] head = file.readNBytes(Decompressor.MAGIC_BYTES);
      try (InputStream in =
          new Bounded(
              Decompressor.open(Files.newInputStream(path), Decompressor.detect(head, head.length)),
              ArchiveFile.mostExpanded(Files.size(path)))) {
        return ofTar(in, path);
      }
    } catch (IOException e) {
      String why = e instanceof EOFException ? "it ends too early" : String.valueOf(e.getMessage());
      throw SpecException.integrity("cannot read " + path + ": " + why, e);
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      // How some decoders meet bytes that they cannot decode.
      throw SpecException.integrity("cannot read " + path + ": it is damaged", e);
    }
  }

  private static ArchiveKind ofTar(InputStream in, Path path) throws IOException, SpecException {
    TarHeaders tar = new TarHeaders(in, path.toString());
    int entries = 0;
    for (TarHeaders.Entry entry; (entry = tar.next()) != null && ++entries < MOST_ENTRIES; ) {
      switch (entry.top()) {
        case "manifest", "rootfs" -> {
          return ACI;
        }
        case "oci-layout" -> {
          return OCI_ARCHIVE;
        }
        case "manifest.json" -> {
          return DOCKER_ARCHIVE;
        }
        default -> {}
      }
    }
    throw unknown(path);
  }

  private static SpecException unknown(Path path) {
    return SpecException.integrity(
        path + " is neither an ACI nor an OCI layout, an OCI archive or a docker archive");
  }
}
