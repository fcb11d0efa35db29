package rkt.stage1.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import rkt.kernel.Descriptors;
import rkt.kernel.Fd;
import rkt.kernel.FdMapping;
import rkt.kernel.KernelException;
import rkt.kernel.OpenFlag;
import rkt.kernel.Program;
import rkt.kernel.Terminal;
import rkt.stage1.StageException;
import rkt.stage1.launch.LaunchPlan;
import rkt.stage1.pod.PodRecord;
import rkt.stage1.pod.PodView;

/** Joins this process to the streams or the terminal of an app. spec/attach.md */
public final class PodAttach {
  private static final int PLAN = 3;
  private static final int DIRECTORY = 4;
  private static final int TO_TERMINAL = 8;
  private static final int FROM_TERMINAL = 16;

  /** By the bit that asks for it. */
  private static final List<String> STREAMS = List.of("stdin", "stdout", "stderr");

  private final PodView pod;
  private final PodRecord record;
  private final Path podInit;

  /**
   * @param podInit the program that this process becomes
   * @throws StageException if the pod does not run
   */
  public PodAttach(PodView pod, Path podInit) throws StageException {
    if (!pod.isRunning()) {
      throw StageException.usage("pod " + pod.id() + " does not run: it is " + pod.state(), null);
    }
    this.pod = pod;
    this.podInit = podInit;
    this.record =
        pod.record()
            .orElseThrow(() ->
                StageException.run(
                    "cannot attach to pod " + pod.id() + ": it has no record", null));
  }

  /** The apps of the pod, with what may be attached to. */
  public List<PodRecord.App> apps() {
    return record.apps();
  }

  /**
   * Becomes what relays between the app and this process; does not return.
   *
   * @param app empty for the only one
   * @param modes {@code auto}, or what to attach to
   */
  public void attach(Optional<String> app, List<String> modes) throws StageException {
    PodRecord.App chosen = app(app);
    int wants = wants(chosen, modes);
    boolean onTerminal = (wants & (TO_TERMINAL | FROM_TERMINAL)) != 0;
    boolean passesEnd = modes.contains(STREAMS.get(0));
    LaunchPlan plan =
        LaunchPlan.attach(
            new LaunchPlan.Attach(
                DIRECTORY,
                onTerminal && Terminal.isTerminal(0) ? 0 : -1,
                wants,
                passesEnd ? 1 : 0,
                chosen.name()));
    try (Fd memory = Descriptors.sealedMemory("launch-plan", plan.encode());
        Fd program = Descriptors.sealedMemory("pod-init", Files.readAllBytes(podInit));
        Fd directory =
            Descriptors.open(pod.directory().toString(), OpenFlag.PATH, OpenFlag.DIRECTORY)) {
      List<FdMapping> descriptors = new ArrayList<>(FdMapping.STANDARD);
      descriptors.add(FdMapping.of(memory, PLAN));
      descriptors.add(FdMapping.of(directory, DIRECTORY));
      new Program(
              "/proc/self/fd/" + program.number(),
              List.of("pod-init", "attach", Integer.toString(PLAN)),
              List.of(),
              descriptors)
          .execHoldingSignals();
    } catch (KernelException | IOException e) {
      throw StageException.run("cannot attach to pod " + pod.id(), null, e);
    }
  }

  private PodRecord.App app(Optional<String> name) throws StageException {
    if (name.isEmpty() && record.apps().size() > 1) {
      throw StageException.usage("pod " + pod.id() + " has several apps", "name one with --app=");
    }
    for (PodRecord.App app : record.apps()) {
      if (name.isEmpty() || name.get().equals(app.name())) {
        return app;
      }
    }
    throw StageException.notFound(
        "pod " + pod.id() + " has no app \"" + name.orElse("") + "\"",
        "rkt status " + pod.id() + " shows its apps");
  }

  private int wants(PodRecord.App app, List<String> modes) throws StageException {
    int wants = 0;
    if (modes.equals(List.of("auto"))) {
      for (String endpoint : app.endpoints()) {
        wants |= bits(endpoint);
      }
      // A terminal has all of it in one.
      boolean hasTerminal = (wants & TO_TERMINAL) != 0;
      if (wants == 0) {
        throw StageException.usage(
            "app \"" + app.name() + "\" of pod " + pod.id() + " has nothing to attach to",
            "start it with --stdin=stream --stdout=stream --stderr=stream, or with tty");
      }
      return hasTerminal ? TO_TERMINAL | FROM_TERMINAL : wants;
    }
    for (String mode : modes) {
      String endpoint = mode.startsWith("tty") ? "tty" : mode;
      int bits = bits(mode);
      if (bits == 0) {
        throw StageException.usage(
            "--mode does not know \"" + mode + "\"",
            "auto, list, tty, tty-in, tty-out, or stdin, stdout and stderr with commas");
      }
      if (!app.endpoints().contains(endpoint)) {
        throw StageException.usage(
            "app \""
                + app.name()
                + "\" of pod "
                + pod.id()
                + " has no "
                + endpoint
                + " to attach to",
            "rkt attach --mode=list " + pod.id() + " shows what it has");
      }
      wants |= bits;
    }
    boolean onStreams = (wants & (TO_TERMINAL - 1)) != 0;
    if (onStreams && wants >= TO_TERMINAL) {
      throw StageException.usage("--mode mixes the terminal with streams", "choose one of the two");
    }
    return wants;
  }

  /** What asks for it; 0 for a word that is not known. */
  private static int bits(String mode) {
    return switch (mode) {
      case "stdin" -> 1;
      case "stdout" -> 2;
      case "stderr" -> 4;
      case "tty-in" -> TO_TERMINAL;
      case "tty-out" -> FROM_TERMINAL;
      case "tty" -> TO_TERMINAL | FROM_TERMINAL;
      default -> 0;
    };
  }
}
