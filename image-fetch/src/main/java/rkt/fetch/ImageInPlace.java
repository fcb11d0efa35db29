package rkt.fetch;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import rkt.fetch.layout.DirSource;
import rkt.fetch.layout.DockerArchiveSource;
import rkt.fetch.layout.LayoutSource;
import rkt.fetch.oci.Document;
import rkt.fetch.oci.OciFetch;
import rkt.fetch.oci.OciSource;
import rkt.fetch.statement.FoundStatement;
import rkt.fetch.statement.FoundStatements;
import rkt.fetch.transport.FetchException;
import rkt.fetch.transport.Progress;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.archive.ArchiveFile;
import rkt.spec.archive.TarFile;
import rkt.spec.image.Image;
import rkt.spec.image.OciDescriptor;

/**
 * An OCI image in files that was read where it is: each blob is what the manifest says, the
 * signatures that lie beside it are here, and nothing was kept of the rest. docs/fetching.md
 */
public final class ImageInPlace {
  private final Image image;
  private final byte[] manifest;
  private final Optional<byte[]> signature;
  private final List<OciDescriptor> statements;
  private final Map<Digest, byte[]> bytes;
  private final String source;

  private ImageInPlace(
      OciFetch.InPlaceResult read,
      Optional<byte[]> signature,
      Map<OciDescriptor, byte[]> statements,
      String source) {
    this.image = read.result().image();
    this.manifest = read.manifest().bytes();
    this.signature = signature;
    this.statements = List.copyOf(statements.keySet());
    this.bytes = new HashMap<>();
    statements.forEach((layer, content) -> bytes.put(layer.digest(), content));
    this.source = source;
  }

  /** Looks for what is signed about an image beside it. */
  private interface Neighbours {
    Optional<FoundStatements.Beside> of(List<Digest> subjects) throws RktException;
  }

  /**
   * Reads all of an image.
   *
   * @param scratch where a compressed archive is expanded, in a file without a name
   * @throws RktException if it is not there or not whole; of class usage if {@code reference} means
   *     nothing of which parts can be read where they are
   */
  public static ImageInPlace read(ImageRef reference, FetchOptions options, Path scratch)
      throws RktException {
    return switch (reference) {
      case ImageRef.OciLayout(Path directory, String tag, Optional<Digest> digest) -> {
        LayoutSource layout = LayoutSource.directory(directory, tag, digest);
        yield read(layout, layout::beside, options);
      }
      case ImageRef.OciArchive(Path file, String tag, Optional<Digest> digest) ->
          archive(
              file,
              scratch,
              tar -> {
                LayoutSource layout = LayoutSource.archive(tar, file, tag, digest);
                return read(layout, layout::beside, options);
              });
      case ImageRef.DockerArchive(Path file, String wanted) ->
          archive(
              file,
              scratch,
              tar ->
                  read(new DockerArchiveSource(tar, file, wanted), _ -> Optional.empty(), options));
      case ImageRef.DirectoryImage(Path directory) -> {
        DirSource source = new DirSource(directory);
        yield read(source, _ -> source.beside(), options);
      }
      case ImageRef.StoreId _,
          ImageRef.AciFile _,
          ImageRef.AciUrl _,
          ImageRef.Transported _,
          ImageRef.Registry _,
          ImageRef.AppcName _ ->
          throw FetchException.usage("this is no OCI image in files: " + reference.lookup(), null);
    };
  }

  /** Reads all that is wanted of an archive. */
  private interface Reading {
    ImageInPlace of(TarFile tar) throws RktException;
  }

  private static ImageInPlace archive(Path file, Path scratch, Reading reading)
      throws RktException {
    try (FileChannel channel = new ArchiveFile(file).open(scratch)) {
      return reading.of(TarFile.open(channel, file.toString()));
    } catch (IOException e) {
      throw FetchException.system("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  private static ImageInPlace read(OciSource source, Neighbours neighbours, FetchOptions options)
      throws RktException {
    OciFetch.InPlaceResult read =
        OciFetch.inPlace(source, options.imageName().orElse(Fetcher.NAMELESS), options.platform());
    List<Digest> subjects = new ArrayList<>(List.of(read.result().manifest().digest()));
    List<FoundStatement> indexes = new ArrayList<>();
    for (Document index : read.result().indexes()) {
      subjects.add(index.descriptor().digest());
      indexes.add(new FoundStatement(index.descriptor(), index::bytes));
    }
    Optional<byte[]> signature = Fetcher.namedSignature(options);
    Optional<FoundStatements.Beside> beside = neighbours.of(subjects);
    if (beside.isEmpty()) {
      return new ImageInPlace(read, signature, Map.of(), source.what());
    }
    if (signature.isEmpty() && beside.get().signature().isPresent()) {
      signature = Optional.of(beside.get().signature().get().bytes());
    }
    FoundStatements statements = beside.get().statements().within(indexes, Progress.NONE);
    return new ImageInPlace(read, signature, statements.read(), source.what());
  }

  public Image image() {
    return image;
  }

  /** The bytes of the manifest, which signatures cover and nobody changes. */
  public byte[] manifest() {
    return manifest;
  }

  /** A detached signature over the manifest; empty if none lies beside it. */
  public Optional<byte[]> signature() {
    return signature;
  }

  /** The statements about the image, and the indexes that some are about. */
  public List<OciDescriptor> statements() {
    return statements;
  }

  /** The bytes of one of them. */
  public byte[] statement(Digest digest) throws RktException {
    byte[] found = bytes.get(digest);
    if (found == null) {
      throw FetchException.integrity(source + " has no " + digest + " beside the image", null);
    }
    return found;
  }

  /** Where it is, with the path absolute. */
  public String source() {
    return source;
  }
}
