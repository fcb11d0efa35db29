package rkt.verify.signing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Arrays;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.verify.openpgp.PassphraseSource;
import rkt.verify.openpgp.SecretKey;

/** A secret key in a file. spec/signing.md#openpgp */
public final class OpenPgpKeyFile implements OpenPgpSigner {
  private final SecretKey key;
  private final InstantSource clock;

  private OpenPgpKeyFile(SecretKey key, InstantSource clock) {
    this.key = key;
    this.clock = clock;
  }

  /** Reads and opens the key. */
  public static OpenPgpKeyFile open(Path file, PassphraseSource source, InstantSource clock)
      throws RktException {
    byte[] bytes = SecretFile.key(file);
    try {
      return new OpenPgpKeyFile(
          SecretKey.read(bytes, file.toString(), source, clock.instant()), clock);
    } finally {
      Arrays.fill(bytes, (byte) 0);
    }
  }

  @Override
  public Made detached(Path data) throws RktException {
    try (InputStream in = Files.newInputStream(data)) {
      return new Made(key.sign(in, clock.instant()), key.certificate());
    } catch (IOException e) {
      throw SpecException.system("cannot read " + data + ": " + e.getMessage(), e);
    }
  }

  @Override
  public Made message(byte[] data) {
    return new Made(key.message(data, clock.instant()), key.certificate());
  }
}
