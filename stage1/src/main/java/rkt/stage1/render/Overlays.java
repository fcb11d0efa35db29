package rkt.stage1.render;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What kind of overlay this process would mount. */
final class Overlays {
  private static final Path SELF = Path.of("/proc/self");
  private static final Path UID_MAP = Path.of("/proc/self/uid_map");

  private Overlays() {}

  /** Found once: a process of many threads cannot enter another user namespace. */
  private static final class Own {
    private static final OverlayForm FORM = find();
  }

  /**
   * The form of opaque directories: trusted attributes need the initial user namespace, whose map
   * is the identity of all numbers, and its root.
   */
  static OverlayForm form() {
    return Own.FORM;
  }

  private static OverlayForm find() {
    try {
      String map = Files.readString(UID_MAP, StandardCharsets.US_ASCII).trim();
      boolean initial = map.startsWith("0 ") && map.endsWith(" 4294967295") && map.contains(" 0 ");
      // Not by the user's name: there may be no passwd to ask.
      boolean root = Integer.valueOf(0).equals(Files.getAttribute(SELF, "unix:uid"));
      return initial && root ? OverlayForm.TRUSTED : OverlayForm.USER;
    } catch (IOException e) {
      return OverlayForm.USER;
    }
  }
}
