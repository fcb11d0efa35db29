package rkt.verify.signing;

import java.nio.file.Path;
import rkt.spec.RktException;
import rkt.verify.openpgp.KeyFacts;

/** Whoever makes OpenPGP signatures with one key. spec/signing.md#openpgp */
public interface OpenPgpSigner {
  /** A detached signature over the bytes of a file; armored. */
  Made detached(Path data) throws RktException;

  /** An OpenPGP message that holds {@code data} and a signature over it; binary. */
  Made message(byte[] data) throws RktException;

  /** What was made, and who made it. */
  final class Made {
    private final byte[] bytes;
    private final KeyFacts certificate;

    Made(byte[] bytes, KeyFacts certificate) {
      this.bytes = bytes;
      this.certificate = certificate;
    }

    /** Not copied, not to be changed. */
    public byte[] bytes() {
      return bytes;
    }

    /** The certificate of the key that signed. */
    public KeyFacts certificate() {
      return certificate;
    }
  }
}
