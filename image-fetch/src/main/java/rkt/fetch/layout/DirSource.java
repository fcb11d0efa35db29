package rkt.fetch.layout;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import rkt.fetch.oci.BlobSink;
import rkt.fetch.oci.Document;
import rkt.fetch.oci.OciSource;
import rkt.fetch.statement.FoundStatement;
import rkt.fetch.statement.FoundStatements;
import rkt.fetch.statement.SignatureFile;
import rkt.fetch.transport.FetchException;
import rkt.fetch.transport.Meter;
import rkt.fetch.transport.Progress;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciDescriptor;
import rkt.spec.json.JsonObject;
import rkt.spec.json.StrictJson;
import rkt.spec.store.Statements;

/**
 * An image in the files of a {@code dir:} directory: {@code manifest.json}, and each blob under the
 * hex digits of its digest. spec/image.md#references
 */
public final class DirSource implements OciSource {
  private final Path directory;
  private final LayoutFiles files;

  public DirSource(Path directory) {
    this.directory = directory;
    this.files = new LayoutFiles.OfDirectory(directory);
  }

  @Override
  public Document root() throws RktException {
    String name = "manifest.json";
    if (!files.has(name)) {
      throw FetchException.notFound(
          directory + " has no manifest.json, and so is no image of the form dir:", null);
    }
    byte[] bytes = files.small(name, StrictJson.MAX_BYTES);
    JsonObject json = JsonObject.parse(bytes, files.where(name));
    String assumed = json.has("manifests") ? MediaType.OCI_INDEX : MediaType.OCI_MANIFEST;
    return new Document(bytes, json.findString("mediaType").orElse(assumed));
  }

  /** The manifests that an index lists lie in {@code HEX.manifest.json}. */
  @Override
  public byte[] document(OciDescriptor descriptor, int limit) throws RktException {
    return files.small(descriptor.digest().hex() + ".manifest.json", limit);
  }

  @Override
  public void blob(OciDescriptor descriptor, BlobSink sink, Meter meter) throws RktException {
    Digest digest = descriptor.digest();
    boolean usual = digest.algorithm() == Digest.Algorithm.SHA256;
    String name = usual ? digest.hex() : digest.algorithm().label() + "-" + digest.hex();
    FileBlobs.read(files, name, descriptor, sink, meter);
  }

  /** The signatures in {@code signature-1}, {@code signature-2} and so on. */
  public Optional<FoundStatements.Beside> beside() throws RktException {
    List<FoundStatement> found = new ArrayList<>();
    for (int i = 1; i <= Statements.MOST && files.has("signature-" + i); i++) {
      String name = "signature-" + i;
      Optional<FoundStatement> statement =
          SignatureFile.parse(files.small(name, Statements.LARGEST), files.where(name));
      statement.ifPresent(found::add);
    }
    return Optional.of(
        new FoundStatements.Beside(Optional.empty(), FoundStatements.of(found, Progress.NONE)));
  }

  @Override
  public String what() {
    return "dir:" + directory;
  }
}
