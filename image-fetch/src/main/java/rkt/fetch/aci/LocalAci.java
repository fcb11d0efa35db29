package rkt.fetch.aci;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import rkt.fetch.http.Freshness;
import rkt.fetch.transport.FetchException;
import rkt.fetch.transport.Metered;
import rkt.fetch.transport.Progress;
import rkt.spec.RktException;
import rkt.spec.store.Blob;
import rkt.spec.store.Transaction;

/** An ACI in a file. */
public final class LocalAci implements AciSource {
  private final Path file;

  public LocalAci(Path file) {
    this.file = file;
  }

  @Override
  public Blob file(Transaction transaction, Progress progress, long limit) throws RktException {
    requireFile(file);
    try (InputStream in =
        new Metered(
            Files.newInputStream(file), progress.started(file.toString(), Files.size(file)))) {
      return transaction.add(in, limit);
    } catch (IOException e) {
      throw FetchException.system("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  @Override
  public Optional<byte[]> signature() throws RktException {
    Path beside = file.resolveSibling(file.getFileName() + ".asc");
    return Files.exists(beside) ? Optional.of(signature(beside)) : Optional.empty();
  }

  @Override
  public Optional<Freshness> freshness() {
    return Optional.empty();
  }

  /** The signature in a file that the user named. */
  public static byte[] signature(Path file) throws RktException {
    requireFile(file);
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_SIGNATURE_BYTES + 1);
      if (bytes.length > MAX_SIGNATURE_BYTES) {
        throw FetchException.integrity(file + " is too long for a signature", null);
      }
      return bytes;
    } catch (IOException e) {
      throw FetchException.system("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  private static void requireFile(Path file) throws FetchException {
    if (!Files.exists(file)) {
      throw FetchException.notFound("no such file: " + file, null);
    }
    if (!Files.isRegularFile(file)) {
      throw FetchException.usage(file + " is not a regular file", null);
    }
  }

  @Override
  public String what() {
    return file.toString();
  }
}
