package rkt.verify.trust;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.verify.openpgp.KeyFacts;
import rkt.verify.trust.TrustedKey.Layer;

/**
 * The trusted keys: a layer of the distribution and one of the administrator, which can add keys
 * and mask the distribution's. Read anew at each question, so a removed key is gone at once.
 * spec/trust.md#store
 *
 * <p>Every reader refuses, with class {@code trust}, files that others may have written.
 */
public final class TrustStore {
  /** How deep and how wide a listing goes before something is wrong. */
  private static final int MAX_KEYS = 10_000;

  private final Path system;
  private final Path local;
  private final GuardedFiles files;
  private final FactsCache cache;

  private TrustStore(Path system, Path local, GuardedFiles files, FactsCache cache) {
    this.system = system;
    this.local = local;
    this.files = files;
    this.cache = cache;
  }

  /**
   * The trust store of this host. Nothing needs to exist yet.
   *
   * @param system the {@code trustedkeys} directory of the distribution
   * @param local the {@code trustedkeys} directory of the administrator
   * @param cache where parsed keys are kept between starts: {@code trust-cache} of the data
   *     directory; null for nowhere
   */
  public static TrustStore open(Path system, Path local, @Nullable Path cache) throws RktException {
    GuardedFiles files = new GuardedFiles(GuardedFiles.Kind.TRUST_STORE);
    return new TrustStore(system, local, files, new FactsCache(files, cache));
  }

  /** Removes what writers that were killed have left in the local layer and in the cache. */
  public void sweep() throws RktException {
    GuardedFiles.sweep(local);
    cache.sweep();
  }

  /** The keys that may sign an image called {@code name}. */
  public List<TrustedKey> keysFor(ImageName name) throws RktException {
    List<TrustedKey> result = new ArrayList<>();
    for (Scope scope : Scope.covering(name)) {
      addKeys(scope, result);
    }
    return result;
  }

  /** All keys that are trusted for anything. */
  public List<TrustedKey> list() throws RktException {
    List<TrustedKey> result = new ArrayList<>();
    addKeys(Scope.ROOT, result);
    List<String> prefixes = new ArrayList<>();
    findPrefixes(system, "", prefixes);
    findPrefixes(local, "", prefixes);
    prefixes.sort(null);
    String last = "";
    for (String prefix : prefixes) {
      if (!prefix.equals(last)) {
        addKeys(Scope.of(new ImageName(prefix)), result);
      }
      last = prefix;
    }
    return result;
  }

  /**
   * Trusts the certificate in {@code keyFile} for {@code scope}: writes what is needed of it into
   * the local layer.
   *
   * @param what names the file in errors
   * @return the key as it is now trusted
   */
  public TrustedKey add(Scope scope, byte[] keyFile, String what) throws RktException {
    TrustedKey key = preview(scope, keyFile, what);
    String relative = scope.directory() + "/" + key.facts().fingerprint();
    files.write(local, relative, KeyFacts.minimal(keyFile, what), GuardedFiles.Access.EVERYONE);
    return key;
  }

  /** What {@link #add} would trust, for a person to look at; nothing is written. */
  public TrustedKey preview(Scope scope, byte[] keyFile, String what) throws RktException {
    KeyFacts facts = KeyFacts.parse(KeyFacts.minimal(keyFile, what), what);
    Path file = local.resolve(scope.directory()).resolve(facts.fingerprint());
    return new TrustedKey(scope, Layer.LOCAL, file, facts);
  }

  /**
   * Ends the trust in a key for {@code scope}: removes it from the local layer, and masks it there
   * if the distribution trusts it.
   *
   * @param fingerprint of the primary key, lowercase hex
   */
  public void remove(Scope scope, String fingerprint) throws RktException {
    String relative = place(scope, fingerprint);
    byte[] own = files.read(local.resolve(relative));
    byte[] distributed = files.read(system.resolve(relative));
    boolean isOwn = own != null && own.length > 0;
    boolean isDistributed = distributed != null && distributed.length > 0;
    if (isDistributed && (own == null || isOwn)) {
      files.write(local, relative, new byte[0], GuardedFiles.Access.EVERYONE);
    } else if (isOwn) {
      files.delete(local.resolve(relative));
    } else {
      throw SpecException.notFound(
          "the key " + fingerprint + " is not trusted for " + scope, "rkt trust list");
    }
  }

  /**
   * Keeps a key from being trusted for {@code scope}, whether or not the distribution trusts it: an
   * empty file in the local layer, in the place of a key that is there.
   *
   * @param fingerprint of the primary key, lowercase hex
   */
  public void mask(Scope scope, String fingerprint) throws RktException {
    files.write(local, place(scope, fingerprint), new byte[0], GuardedFiles.Access.EVERYONE);
  }

  /** Refuses, unless the key is masked for {@code scope}. */
  public void requireMask(Scope scope, String fingerprint) throws RktException {
    byte[] own = files.read(local.resolve(place(scope, fingerprint)));
    if (own == null || own.length > 0) {
      throw SpecException.notFound(
          "the key " + fingerprint + " is not masked for " + scope, "rkt trust list --masked");
    }
  }

  /** Takes away the mask of a key: the distribution's counts again. */
  public void unmask(Scope scope, String fingerprint) throws RktException {
    requireMask(scope, fingerprint);
    files.delete(local.resolve(place(scope, fingerprint)));
  }

  private static String place(Scope scope, String fingerprint) throws SpecException {
    if (!GuardedFiles.isFingerprint(fingerprint)) {
      throw SpecException.usage(
          "a key is named by its whole fingerprint, 40 or 64 lowercase hex digits, got \""
              + fingerprint
              + "\"");
    }
    return scope.directory() + "/" + fingerprint;
  }

  /**
   * A key that an empty local file keeps from being trusted.
   *
   * @param hides whether the distribution trusts it there
   */
  public record Mask(Scope scope, String fingerprint, Path file, boolean hides) {}

  /**
   * The scope for which a key is masked, of those that cover {@code scope}; null if it is not.
   *
   * @param fingerprint of the primary key, lowercase hex
   */
  public @Nullable Scope maskCovering(Scope scope, String fingerprint) throws RktException {
    List<Scope> covering =
        scope.prefix() == null ? List.of(Scope.ROOT) : Scope.covering(scope.prefix());
    for (Scope one : covering) {
      byte[] own = files.read(local.resolve(place(one, fingerprint)));
      if (own != null && own.length == 0) {
        return one;
      }
    }
    return null;
  }

  /** Every mask of the local layer. */
  public List<Mask> masks() throws RktException {
    List<Mask> result = new ArrayList<>();
    addMasks(Scope.ROOT, result);
    List<String> prefixes = new ArrayList<>();
    findPrefixes(local, "", prefixes);
    for (String prefix : prefixes) {
      addMasks(Scope.of(new ImageName(prefix)), result);
    }
    return result;
  }

  private void addMasks(Scope scope, List<Mask> result) throws RktException {
    String[] names = files.list(local, scope.directory());
    if (names == null) {
      return;
    }
    for (String name : names) {
      Path file = local.resolve(scope.directory()).resolve(name);
      if (!GuardedFiles.isFingerprint(name) || GuardedFiles.isDirectory(file)) {
        continue;
      }
      byte[] own = files.read(file);
      byte[] distributed = files.read(system.resolve(scope.directory()).resolve(name));
      if (own != null && own.length == 0) {
        result.add(new Mask(scope, name, file, distributed != null && distributed.length > 0));
      }
    }
  }

  private void addKeys(Scope scope, List<TrustedKey> result) throws RktException {
    int before = result.size();
    String[] own = files.list(local, scope.directory());
    addLayer(scope, Layer.LOCAL, local, own, new String[0], result);
    String[] distributed = files.list(system, scope.directory());
    addLayer(scope, Layer.SYSTEM, system, distributed, own == null ? new String[0] : own, result);
    if (result.size() - before > MAX_KEYS) {
      throw files.refuse(
          "more than " + MAX_KEYS + " keys are trusted for " + scope, "rkt trust list");
    }
  }

  /** Adds the keys called {@code names}, but none of {@code hidden}: those of the layer above. */
  private void addLayer(
      Scope scope,
      Layer layer,
      Path base,
      String @Nullable [] names,
      String[] hidden,
      List<TrustedKey> result)
      throws RktException {
    if (names == null) {
      return;
    }
    for (String name : names) {
      Path file = base.resolve(scope.directory()).resolve(name);
      if (scope.prefix() != null && GuardedFiles.isDirectory(file)) {
        continue; // A longer prefix.
      }
      if (!GuardedFiles.isFingerprint(name)) {
        throw files.refuse(
            file + " in the trust store is not named by the fingerprint of a key", "rm " + file);
      }
      if (contains(hidden, name)) {
        continue;
      }
      byte[] bytes = files.read(file);
      if (bytes == null || bytes.length == 0) {
        continue; // A mask.
      }
      KeyFacts facts = cache.facts(bytes, "the key file " + file);
      if (!facts.fingerprint().equals(name)) {
        throw files.refuse(
            "the key file " + file + " holds another key, " + facts.fingerprint(), "rm " + file);
      }
      result.add(new TrustedKey(scope, layer, file, facts));
    }
  }

  private static boolean contains(String[] names, String wanted) {
    for (String name : names) {
      if (name.equals(wanted)) {
        return true;
      }
    }
    return false;
  }

  /** Collects the prefixes that have a directory below {@code prefix.d/above}. */
  private void findPrefixes(Path base, String above, List<String> result) throws RktException {
    String relative = above.isEmpty() ? "prefix.d" : "prefix.d/" + above;
    String[] names = files.list(base, relative);
    if (names == null) {
      return;
    }
    for (String name : names) {
      Path path = base.resolve(relative).resolve(name);
      if (!GuardedFiles.isDirectory(path)) {
        if (above.isEmpty()) {
          throw files.refuse(path + " in the trust store is not a directory", "rm " + path);
        }
        continue;
      }
      String prefix = above.isEmpty() ? name : above + "/" + name;
      try {
        result.add(new ImageName(prefix).text());
      } catch (IllegalArgumentException e) {
        throw files.refuse(
            path + " in the trust store is not named like an image prefix", "rmdir " + path);
      }
      if (result.size() > MAX_KEYS) {
        throw files.refuse("the trust store has too many prefixes", "rkt trust list");
      }
      findPrefixes(base, prefix, result);
    }
  }
}
