package rkt.stage1.run;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import rkt.kernel.Descriptors;
import rkt.kernel.Fd;
import rkt.kernel.KernelException;
import rkt.kernel.Terminal;

/**
 * The terminal of an interactive pod: a fresh one, made in the app's own /dev/pts, so that the app
 * never holds the caller's. If standard input is no terminal, the app gets that itself and none of
 * this. spec/pod.md#terminal
 */
final class Terminals {
  private Terminal.@Nullable Pair pair;

  /** What TERM should say in the app; empty if it gets no terminal. */
  String name(PodRequest request) {
    return wanted(request) ? request.environment().getOrDefault("TERM", "xterm") : "";
  }

  /**
   * Makes the terminal, if there is to be one, once /dev of the app at {@code root} is mounted.
   *
   * @param user the app's, by its number here, whose terminal it is
   */
  void open(PodRequest request, AppRoot root, int user) throws KernelException {
    if (wanted(request)) {
      Terminal.Pair made = Terminal.openLikeOurs(root.terminals());
      pair = made;
      Descriptors.chown(made.peer(), user);
    }
  }

  boolean isOpen() {
    return pair != null;
  }

  /** The app's end. */
  Fd inner() {
    if (pair == null) {
      throw new IllegalStateException("there is no terminal");
    }
    return pair.peer();
  }

  /** Our end. */
  Optional<Fd> outer() {
    return pair == null ? Optional.empty() : Optional.of(pair.master());
  }

  private static boolean wanted(PodRequest request) {
    return request.interactive() && Terminal.isTerminal(0);
  }
}
