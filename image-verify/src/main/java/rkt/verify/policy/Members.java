package rkt.verify.policy;

import java.util.List;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

/** Strictness about the members of objects: in a policy, nothing is skipped. */
final class Members {
  /** The most elements of an array of requirements, keys or rules. */
  static final int MOST = 256;

  private Members() {}

  /** Refuses every member that is not among {@code known}, and every null. */
  static void only(JsonObject json, String... known) throws SpecException {
    for (String name : json.names()) {
      boolean found = false;
      for (String one : known) {
        found |= one.equals(name);
      }
      if (!found) {
        throw wrong(json, "nothing is called \"" + name + "\" here");
      }
      isThere(json, name);
    }
  }

  /** Whether the member is there; one that is null is refused, not taken for absent. */
  static boolean isThere(JsonObject json, String member) throws SpecException {
    if (json.names().contains(member) && !json.has(member)) {
      throw wrong(json, "\"" + member + "\" is null");
    }
    return json.has(member);
  }

  /** The objects of an array that is not empty. */
  static List<JsonObject> some(JsonObject json, String member) throws SpecException {
    List<JsonObject> objects = json.objects(member);
    if (objects.isEmpty() || objects.size() > MOST) {
      throw wrong(json, "\"" + member + "\" is an array of 1 to " + MOST + " objects");
    }
    return objects;
  }

  static SpecException wrong(JsonObject json, String what) {
    return SpecException.integrity(json.where() + ": " + what);
  }
}
