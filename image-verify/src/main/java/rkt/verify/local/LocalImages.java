package rkt.verify.local;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rkt.spec.ImageName;
import rkt.spec.RktException;

/**
 * Reads OCI images in files: a service, since that is fetching, of which this module knows nothing.
 * The distribution has one. spec/trust.md#files-of-images
 */
public interface LocalImages {
  /** How references to such images begin. */
  List<String> PREFIXES = List.of("oci:", "oci-archive:", "docker-archive:", "dir:");

  /**
   * What the user says about images besides where they are.
   *
   * @param signature a file with the detached signature, instead of the one beside the image
   * @param name to judge it under; of an ACI, the name that it must have
   * @param os for which system to choose from an index; empty for this one, like the next two
   */
  record How(
      @Nullable Path signature, @Nullable ImageName name, String os, String arch, String variant) {}

  /** Whether {@code text} means such an image. */
  static boolean areMeant(String text) {
    for (String prefix : PREFIXES) {
      if (text.startsWith(prefix)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Opens and reads the image that {@code text} means.
   *
   * @param cwd what a relative path is relative to
   */
  LocalImage open(String text, Path cwd, How how) throws RktException;
}
