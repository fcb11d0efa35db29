package rkt.verify.trust;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rkt.spec.ImageName;

/**
 * What a key is trusted for: every image, or those under a prefix. spec/trust.md#prefixes
 *
 * @param prefix null for every image
 */
public record Scope(@Nullable ImageName prefix) {
  /** Every image. */
  public static final Scope ROOT = new Scope(null);

  /** The image called {@code name} and those below it. */
  public static Scope of(ImageName name) {
    return new Scope(name);
  }

  /** Whether an image called {@code name} is among them. */
  public boolean covers(ImageName name) {
    return prefix == null || prefix.covers(name);
  }

  /** The scopes that cover {@code name}: root, then its prefixes, the shortest first. */
  static List<Scope> covering(ImageName name) {
    List<Scope> result = new ArrayList<>();
    result.add(ROOT);
    String text = name.text();
    for (int slash = text.indexOf('/'); slash >= 0; slash = text.indexOf('/', slash + 1)) {
      result.add(of(new ImageName(text.substring(0, slash))));
    }
    result.add(of(name));
    return result;
  }

  /** The directory of this scope below {@code trustedkeys}. */
  String directory() {
    return prefix == null ? "root.d" : "prefix.d/" + prefix.text();
  }

  /** {@code root}, or the prefix. */
  @Override
  public String toString() {
    return prefix == null ? "root" : prefix.text();
  }
}
