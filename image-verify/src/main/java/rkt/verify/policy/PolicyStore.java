package rkt.verify.policy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.verify.trust.GuardedFiles;
import rkt.verify.trust.Scope;
import rkt.verify.trust.TrustedKey.Layer;

/**
 * The policies of this host: a layer of the distribution and one of the administrator, which can
 * replace the distribution's. Read anew at each question. spec/policy.md#store
 */
public final class PolicyStore {
  /** The directory of a layer. */
  private static final String DIRECTORY = "policy.d";

  /** The file of a name; no component of a name that has a policy is called like it. */
  private static final String FILE = "policy.json";

  private static final int MOST = 10_000;

  private final Path system;
  private final Path local;
  private final GuardedFiles files;

  private PolicyStore(Path system, Path local, GuardedFiles files) {
    this.system = system;
    this.local = local;
    this.files = files;
  }

  /**
   * The policies below two directories. Nothing needs to exist yet.
   *
   * @param system the configuration of the distribution, {@code /usr/lib/rkt}
   * @param local that of the administrator, {@code /etc/rkt}
   */
  public static PolicyStore open(Path system, Path local) throws RktException {
    return new PolicyStore(system, local, new GuardedFiles(GuardedFiles.Kind.POLICY));
  }

  /** Whether there may be policies at all: two look-ups, for a host that has none. */
  public boolean isEmpty() throws RktException {
    return !files.checkDirectory(local.resolve(DIRECTORY))
        && !files.checkDirectory(system.resolve(DIRECTORY));
  }

  /** The policy for an image called {@code name}: that of the longest prefix; null for none. */
  public @Nullable Policy find(ImageName name) throws RktException {
    boolean inLocal = files.checkDirectory(local.resolve(DIRECTORY));
    boolean inSystem = files.checkDirectory(system.resolve(DIRECTORY));
    String text = name.text();
    Source best = null;
    for (int end = 0; inLocal || inSystem; end = next(text, end)) {
      String prefix = text.substring(0, end);
      Source found = source(prefix, inLocal, inSystem);
      if (found != null) {
        best = found;
      }
      if (end == text.length()) {
        break;
      }
      String below = DIRECTORY + "/" + text.substring(0, next(text, end));
      inLocal = inLocal && isPrefix(local.resolve(below));
      inSystem = inSystem && isPrefix(system.resolve(below));
    }
    return best == null ? null : read(best);
  }

  /** Every policy, the shortest prefixes first. */
  public List<Policy> list() throws RktException {
    List<String> prefixes = new ArrayList<>();
    findPrefixes(local, "", prefixes);
    findPrefixes(system, "", prefixes);
    prefixes.sort(null);
    List<Policy> result = new ArrayList<>();
    String last = null;
    for (String prefix : prefixes) {
      if (!prefix.equals(last)) {
        Source source = source(prefix, true, true);
        if (source != null) {
          result.add(read(source));
        }
      }
      last = prefix;
    }
    return result;
  }

  /** The end of the next component of a name. */
  private static int next(String name, int end) {
    int slash = name.indexOf('/', end + 1);
    return slash < 0 ? name.length() : slash;
  }

  /** The file that speaks for a prefix. */
  private record Source(Scope scope, Layer layer, Path file) {}

  private @Nullable Source source(String prefix, boolean inLocal, boolean inSystem)
      throws RktException {
    String relative = DIRECTORY + "/" + (prefix.isEmpty() ? "" : prefix + "/") + FILE;
    Scope scope = prefix.isEmpty() ? Scope.ROOT : Scope.of(new ImageName(prefix));
    if (inLocal) {
      Path file = local.resolve(relative);
      byte[] bytes = files.read(file);
      if (bytes != null) {
        return bytes.length == 0 ? null : new Source(scope, Layer.LOCAL, file);
      }
    }
    if (inSystem) {
      Path file = system.resolve(relative);
      byte[] bytes = files.read(file);
      if (bytes != null && bytes.length > 0) {
        return new Source(scope, Layer.SYSTEM, file);
      }
    }
    return null;
  }

  private Policy read(Source source) throws RktException {
    byte[] bytes = files.read(source.file());
    if (bytes == null) {
      throw files.refuse(source.file() + " has just gone", "try again");
    }
    Path base = source.layer() == Layer.LOCAL ? local : system;
    return new Policy(
        source.scope(),
        source.layer(),
        source.file(),
        new PolicyReader(files, base).read(bytes, source.file()));
  }

  /** Whether there may be policies below {@code directory}; a policy file is none. */
  private boolean isPrefix(Path directory) throws RktException {
    return !directory.endsWith(FILE) && files.checkDirectory(directory);
  }

  private void findPrefixes(Path base, String above, List<String> result) throws RktException {
    String relative = above.isEmpty() ? DIRECTORY : DIRECTORY + "/" + above;
    String[] names = files.list(base, relative);
    if (names == null) {
      return;
    }
    result.add(above);
    if (result.size() > MOST) {
      throw files.refuse("there are too many policies", "look into " + base.resolve(relative));
    }
    for (String name : names) {
      Path path = base.resolve(relative).resolve(name);
      if (name.equals(FILE)) {
        continue;
      }
      String prefix = above.isEmpty() ? name : above + "/" + name;
      if (!GuardedFiles.isDirectory(path) || !isName(prefix)) {
        throw files.refuse(
            path
                + " in the trust policy is neither "
                + FILE
                + " nor named like a component of an"
                + " image name",
            "rename or remove " + path);
      }
      findPrefixes(base, prefix, result);
    }
  }

  private static boolean isName(String prefix) {
    try {
      new ImageName(prefix);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
