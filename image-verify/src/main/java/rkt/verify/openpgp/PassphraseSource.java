package rkt.verify.openpgp;

import rkt.spec.RktException;

/** Where the passphrase of a secret key comes from, if it is locked. */
@FunctionalInterface
public interface PassphraseSource {
  /** Its bytes, usually UTF-8; whoever asked clears them. */
  byte[] passphrase() throws RktException;
}
