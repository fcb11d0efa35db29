package rkt.verify.local;

import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.verify.Candidate;
import rkt.verify.openpgp.Evidence;
import rkt.verify.openpgp.TrustException;

/**
 * An image that is judged where it is and enters no store. Belongs to one thread.
 * spec/trust.md#files-of-images
 */
public interface LocalImage extends AutoCloseable {

  /** The digest of the bytes that a detached signature covers. */
  Digest signed();

  /**
   * What its detached signatures say.
   *
   * @throws TrustException if their file is none
   */
  Evidence evidence() throws TrustException;

  /**
   * What is to be judged. An ACI is not looked into before, so ask after its signature has held.
   */
  Candidate candidate() throws RktException;

  /** Whether its name is in bytes that nobody has verified: it is an ACI. */
  boolean namesItself();

  /** Whether the user says what it is called, and not the image alone. */
  boolean isNameGiven();

  /** Where it is, for the audit log: a path, or {@code oci:} and one. */
  String place();

  @Override
  void close() throws RktException;
}
