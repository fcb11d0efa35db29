package rkt.stage1.run;

import java.util.List;

/**
 * Something that an app or a pod is given or denied, by its name of the appc spec or ours. Flags
 * are turned into isolators as soon as they are read, so that whoever enforces one finds it in a
 * single form. spec/pod.md#isolators
 *
 * @param name such as {@code resource/memory}
 * @param json its value, as JSON text
 */
public record Isolator(String name, String json, Origin origin) {

  /** Who asked for it. A later one of the same name wins over an earlier one. */
  public enum Origin {
    /** The image: less than what a user asks for is enforced, nothing dangerous is granted. */
    IMAGE,
    /** A pod manifest. */
    MANIFEST,
    /** The command line. */
    FLAG;

    /** Whether the user asked, rather than the image: then it is enforced, or the pod refused. */
    public boolean isExplicit() {
      return this != IMAGE;
    }
  }

  /** How the two of a pair, of which one has what the other lacks, end. */
  private static final String[] OF_PAIRS = {"-retain-set", "-remove-set"};

  /**
   * Whether nobody needs to look at what the image says here, because the user says something else:
   * it may be what this host cannot do, or no sense at all.
   *
   * @param all of an app, those of its image first
   */
  static boolean isReplaced(Isolator isolator, List<Isolator> all) {
    if (isolator.origin.isExplicit()) {
      return false;
    }
    for (Isolator other : all) {
      if (other.origin.isExplicit() && other.kind().equals(isolator.kind())) {
        return true;
      }
    }
    return false;
  }

  private String kind() {
    for (String end : OF_PAIRS) {
      if (name.endsWith(end)) {
        return name.substring(0, name.length() - end.length());
      }
    }
    return name;
  }

  public Isolator {
    if (name.isEmpty() || json.isEmpty()) {
      throw new IllegalArgumentException("an isolator has a name and a value");
    }
  }
}
