package rkt.fetch.aci;

import java.util.Optional;
import rkt.fetch.http.Freshness;
import rkt.fetch.transport.Progress;
import rkt.spec.RktException;
import rkt.spec.archive.AciReader;
import rkt.spec.store.Blob;
import rkt.spec.store.Transaction;

/** Where an ACI file and its detached signature come from. */
public interface AciSource {
  /** The longest file that is taken. */
  long MAX_BYTES = AciReader.LARGEST;

  /** The longest signature that is taken. */
  int MAX_SIGNATURE_BYTES = 4 << 20;

  /**
   * Stages the file as it is; {@code progress} is told how far it is, not that it is done.
   *
   * @param limit the most bytes that it may have; what is longer is not taken to its end
   */
  Blob file(Transaction transaction, Progress progress, long limit) throws RktException;

  /**
   * The signature that lies beside the file, {@code .asc} added to its name; empty if none does.
   */
  Optional<byte[]> signature() throws RktException;

  /**
   * The signature, if the source said that it would have it once the file was fetched; empty if it
   * said no such thing.
   */
  default Optional<byte[]> lateSignature() throws RktException {
    return Optional.empty();
  }

  /** What the source said about later versions when it gave the file; empty if nothing. */
  Optional<Freshness> freshness();

  /** Whether the file that {@link #file} gave was here already. */
  default boolean isHere() {
    return false;
  }

  /** What {@link #freshness} is remembered for. */
  default String remembered() {
    return what();
  }

  /** Names the source in errors and records. */
  String what();
}
