package rkt.verify.policy;

import java.util.Optional;
import rkt.spec.Digest;
import rkt.spec.ImageName;

/**
 * An image as docker and its kin write it, in full: {@code docker.io/library/busybox:1.36}.
 *
 * @param name without tag and digest, {@code docker.io/library/busybox}
 * @param tag empty if it has none
 * @param digest empty if it has none
 */
public record DockerReference(String name, String tag, String digest) {
  private static final int LONGEST_TAG = 128;

  /** Reads a reference, short forms of docker.io too; empty if it is none. */
  public static Optional<DockerReference> find(String text) {
    int at = text.indexOf('@');
    String digest = at < 0 ? "" : text.substring(at + 1);
    String rest = at < 0 ? text : text.substring(0, at);
    int colon = rest.lastIndexOf(':');
    boolean tagged = colon > rest.lastIndexOf('/');
    String tag = tagged ? rest.substring(colon + 1) : "";
    String name = expanded(tagged ? rest.substring(0, colon) : rest);
    if ((tagged && !isTag(tag)) || (at >= 0 && !isDigest(digest))) {
      return Optional.empty();
    }
    try {
      return Optional.of(new DockerReference(new ImageName(name).text(), tag, digest));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** The first component is a host only if it looks like one. */
  private static String expanded(String name) {
    int slash = name.indexOf('/');
    String first = slash < 0 ? "" : name.substring(0, slash);
    if (first.indexOf('.') >= 0 || first.indexOf(':') >= 0 || first.equals("localhost")) {
      return first.equals("index.docker.io") ? "docker.io" + name.substring(slash) : name;
    }
    return "docker.io/" + (slash < 0 ? "library/" : "") + name;
  }

  private static boolean isTag(String tag) {
    if (tag.isEmpty() || tag.length() > LONGEST_TAG) {
      return false;
    }
    for (int i = 0; i < tag.length(); i++) {
      char c = tag.charAt(i);
      boolean word =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
      if (!word && (i == 0 || (c != '.' && c != '-'))) {
        return false;
      }
    }
    return true;
  }

  private static boolean isDigest(String text) {
    try {
      Digest.parse(text);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** Whether it names a repository and nothing in it. */
  boolean isNameOnly() {
    return tag.isEmpty() && digest.isEmpty();
  }

  @Override
  public String toString() {
    return name + (tag.isEmpty() ? "" : ":" + tag) + (digest.isEmpty() ? "" : "@" + digest);
  }
}
