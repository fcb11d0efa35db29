package rkt.verify.trust;

import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.verify.openpgp.KeyFacts;
import rkt.verify.openpgp.TrustException;

/**
 * Certificates in their parsed form, by the digest of the key file. A start reads a small document
 * here instead of loading an OpenPGP parser. Anything wrong with an entry means that the
 * certificate is read again; an entry that cannot be written is not missed. spec/trust.md#cache
 */
final class FactsCache {
  private final GuardedFiles files;
  private final @Nullable Path directory;

  FactsCache(GuardedFiles files, @Nullable Path directory) {
    this.files = files;
    this.directory = directory;
  }

  /** The facts of {@code keyFile}, from the cache if it has them. */
  KeyFacts facts(byte[] keyFile, String what) throws TrustException {
    if (directory == null) {
      return KeyFacts.parse(keyFile, what);
    }
    Digest source = KeyFacts.source(keyFile);
    String name = source.hex() + ".json";
    Optional<KeyFacts> cached = find(directory.resolve(name));
    if (cached.isPresent() && cached.get().source().equals(source)) {
      return cached.get();
    }
    KeyFacts facts = KeyFacts.parse(keyFile, what);
    try {
      files.write(directory, name, facts.toJson(), GuardedFiles.Access.OWNER);
    } catch (RktException e) {
      // A data directory that is full or not ours: the next reader parses again.
    }
    return facts;
  }

  /** Removes what writers that were killed have left. */
  void sweep() throws RktException {
    if (directory != null) {
      GuardedFiles.sweep(directory);
    }
  }

  private Optional<KeyFacts> find(Path entry) {
    try {
      byte[] bytes = files.read(entry);
      return bytes == null ? Optional.empty() : KeyFacts.fromJson(bytes);
    } catch (RktException e) {
      return Optional.empty(); // Somebody else may have written it.
    }
  }
}
