package rkt.fetch.discovery;

import java.util.List;
import java.util.Map;
import rkt.spec.ImageName;

/** Reads a page of discovery as a fetch does, for those outside of the package who break it. */
public final class PageProbe {
  private static final ImageName NAME = new ImageName("example.com/app");
  private static final Map<String, String> LABELS =
      Map.of("version", "1.0.0", "os", "linux", "arch", "amd64");

  private PageProbe() {}

  /** How many templates of a page give a URL for one certain image. */
  public static int templates(byte[] page) {
    int found = 0;
    for (String tag : List.of("ac-discovery", "ac-discovery-pubkeys")) {
      for (MetaTag meta : MetaTag.read(page, tag)) {
        if (meta.prefix().covers(NAME)) {
          found += new Template(meta.value()).render(NAME, LABELS, "aci").isPresent() ? 1 : 0;
        }
      }
    }
    return found;
  }
}
