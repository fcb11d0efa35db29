package rkt.stage1.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import rkt.kernel.Descriptors;
import rkt.kernel.Fd;
import rkt.kernel.FdMapping;
import rkt.kernel.KernelException;
import rkt.kernel.Terminal;
import rkt.stage1.launch.Label;
import rkt.stage1.launch.Op;

/**
 * The pipes and terminals of a pod's apps: the apps' ends, which process 1 inherits, and ours,
 * which the supervisor keeps. A terminal is a fresh one of the app's own /dev/pts, so that no app
 * ever holds the caller's. spec/pod.md#streams
 */
final class StreamEnds {
  private static final int KIND_TERMINAL = 3;
  private static final Terminal.Window USUAL = new Terminal.Window(24, 80);

  /**
   * An end that the supervisor keeps for attachers.
   *
   * @param kind as Op.Stream has it
   */
  record Kept(String app, int kind, Fd end) {}

  private final StandardStreams callers;
  private final int firstNumber;
  private final List<Fd> inner = new ArrayList<>();
  private final List<Kept> kept = new ArrayList<>();
  private @Nullable Fd relayed;

  /**
   * @param callers what process 1 has as its standard streams
   * @param firstNumber the first of the descriptors that process 1 is to inherit from here
   */
  StreamEnds(StandardStreams callers, int firstNumber) {
    this.callers = callers;
    this.firstNumber = firstNumber;
  }

  /** Whether the app gets a terminal, and so wants TERM to be set. */
  static boolean hasTerminal(AppStreams streams) {
    return streams.has(StreamMode.TTY) || (streams.isInteractive() && Terminal.isTerminal(0));
  }

  /**
   * Makes the ends for one app, once its /dev is mounted, and gives the steps that join it to them
   * when it has a session of its own.
   *
   * @param devpts the root of the file system of the app's terminals
   * @param user the app's, by its number here: what it is joined to is its own, so that it can open
   *     /dev/stdout and the terminal again
   */
  List<Op> join(String app, AppStreams streams, Fd devpts, int user) throws KernelException {
    List<Op> steps = new ArrayList<>();
    int terminal = -1;
    for (int stream = 0; stream <= 2; stream++) {
      StreamMode mode = streams.mode(stream);
      boolean onTerminal =
          mode == StreamMode.TTY || (mode == StreamMode.INTERACTIVE && Terminal.isTerminal(0));
      if (onTerminal) {
        if (terminal < 0) {
          terminal = terminal(app, mode, devpts, user);
          steps.add(new Op.ControllingTerminal(Label.of("take the terminal"), terminal));
        }
        steps.add(new Op.Dup(Label.of("open the terminal"), terminal, stream));
      } else if (mode == StreamMode.STREAM) {
        steps.add(new Op.Dup(Label.of("open a stream"), pipe(app, stream, user), stream));
      } else if (mode == StreamMode.NULL && stream > 0) {
        steps.add(new Op.Dup(Label.of("open nothing"), number(callers.nothing()), stream));
      }
    }
    return steps;
  }

  private int terminal(String app, StreamMode mode, Fd devpts, int user) throws KernelException {
    boolean isCallers = mode == StreamMode.INTERACTIVE;
    Terminal.Pair pair = isCallers ? Terminal.openLikeOurs(devpts) : Terminal.open(devpts);
    if (isCallers) {
      relayed = pair.master();
    } else {
      Terminal.setWindow(pair.master(), USUAL);
      kept.add(new Kept(app, KIND_TERMINAL, pair.master()));
    }
    Descriptors.chown(pair.peer(), user);
    return number(pair.peer());
  }

  private int pipe(String app, int stream, int user) throws KernelException {
    Descriptors.Pipe pipe = Descriptors.pipe();
    boolean isInput = stream == 0;
    Fd inner = isInput ? pipe.reader() : pipe.writer();
    kept.add(new Kept(app, stream, isInput ? pipe.writer() : pipe.reader()));
    Descriptors.chown(inner, user);
    return number(inner);
  }

  private int number(Fd fd) {
    inner.add(fd);
    return firstNumber + inner.size() - 1;
  }

  /** The apps' ends, for process 1. */
  List<FdMapping> mappings() {
    List<FdMapping> mappings = new ArrayList<>();
    for (int i = 0; i < inner.size(); i++) {
      mappings.add(FdMapping.of(inner.get(i), firstNumber + i));
    }
    return mappings;
  }

  /** Our ends for attachers. */
  List<Kept> kept() {
    return kept;
  }

  /** Our end of the terminal that the supervisor joins to the caller's. */
  Optional<Fd> relayed() {
    return Optional.ofNullable(relayed);
  }
}
