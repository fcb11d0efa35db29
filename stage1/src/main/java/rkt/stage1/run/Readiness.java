package rkt.stage1.run;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import rkt.kernel.Fd;
import rkt.kernel.KernelException;
import rkt.kernel.Names;
import rkt.kernel.NotifySocket;
import rkt.spec.image.Image;

/**
 * When an app is ready, and who is told that the pod is. An app never reaches the caller's own
 * socket: what it says goes to the supervisor, which passes on one thing only.
 * spec/pod.md#readiness
 */
final class Readiness {
  /** Where sd_notify(3) looks for its socket. */
  static final String VARIABLE = "NOTIFY_SOCKET";

  /** Where an app finds that of its own. */
  static final String SOCKET = "/dev/notify";

  static final byte[] NAME = Names.of("notify");

  private Readiness() {}

  /**
   * An app that says when it is ready.
   *
   * @param socket our end of the one that it is given
   */
  record Asked(String app, Fd socket) {}

  /** Whether the app says so itself: by its annotation, or else by that of its image. */
  static boolean isAsked(AppRequest app) {
    String said = app.metadata().annotations().get(Image.NOTIFIES);
    return said == null ? app.image().notifies() : said.equals("true");
  }

  /**
   * Connects to the caller's socket, if there is one.
   *
   * @param hooks is warned if nobody listens there, which may be no harm: the variable is inherited
   */
  static @Nullable Fd callers(Map<String, String> environment, PodRunner.Hooks hooks) {
    String address = environment.getOrDefault(VARIABLE, "");
    if (address.isEmpty()) {
      return null;
    }
    try {
      return NotifySocket.connect(address);
    } catch (KernelException e) {
      hooks
          .warned()
          .accept("nobody is told when the pod is ready: " + VARIABLE + ": " + e.getMessage());
      return null;
    }
  }
}
