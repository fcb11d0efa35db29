package rkt.stage1.run;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rkt.kernel.Descriptors;
import rkt.kernel.Errno;
import rkt.kernel.Fd;
import rkt.kernel.FdMapping;
import rkt.kernel.KernelException;
import rkt.kernel.Namespace;
import rkt.kernel.Namespaces;
import rkt.kernel.Processes;
import rkt.kernel.Program;
import rkt.stage1.StageException;
import rkt.stage1.launch.Label;
import rkt.stage1.launch.LaunchPlan;
import rkt.stage1.launch.Op;

/**
 * The namespaces that a pod has from its first moment on: a user namespace, and those of host name,
 * System V objects and network, which it owns. A process of one thread makes them, because a JVM
 * has too many to make a user namespace, and keeps them until the pod thread has joined; it works
 * while this process prepares the pod. spec/pod.md#start
 */
final class PodNamespaces implements AutoCloseable {
  private static final int PLAN = 3;
  private static final int REPORT = 4;
  private static final int RELEASE = 5;
  private static final int PROGRAM = 6;
  private static final String FIX =
      "allow user namespaces (sysctl user.max_user_namespaces, and no chroot around rkt), or run"
          + " the pod's root as the host's with --insecure-options=userns";

  private final PodUsers users;
  private final boolean ownNetwork;
  private int maker;
  private Descriptors.@Nullable Pipe report;
  private Descriptors.@Nullable Pipe release;
  private @Nullable Fd user;

  private PodNamespaces(PodUsers users, boolean ownNetwork) {
    this.users = users;
    this.ownNetwork = ownNetwork;
  }

  /**
   * Has them made; returns at once.
   *
   * @param program pod-init
   * @param ownNetwork whether a network namespace is among them
   */
  static PodNamespaces begin(PodUsers users, boolean ownNetwork, Fd program) throws StageException {
    PodNamespaces namespaces = new PodNamespaces(users, ownNetwork);
    if (users.inNamespace()) {
      try {
        namespaces.startMaker(program);
      } catch (KernelException e) {
        namespaces.close();
        throw StageException.run("cannot make the namespaces of the pod", FIX, e);
      }
    }
    return namespaces;
  }

  private void startMaker(Fd program) throws KernelException {
    Descriptors.Pipe toUs = Descriptors.pipe();
    report = toUs;
    Descriptors.Pipe fromUs = Descriptors.pipe();
    release = fromUs;
    long flags = Namespace.USER.flag() | Namespace.UTS.flag() | Namespace.IPC.flag();
    if (ownNetwork) {
      flags |= Namespace.NETWORK.flag();
    }
    List<Op> steps =
        List.of(new Op.Unshare(new Label("make the namespaces of the pod", FIX), flags));
    LaunchPlan plan = LaunchPlan.hold(new LaunchPlan.Hold(REPORT, RELEASE), steps);
    try (Fd memory = Descriptors.sealedMemory("launch-plan", plan.encode())) {
      List<FdMapping> descriptors = new ArrayList<>(FdMapping.STANDARD);
      descriptors.add(FdMapping.of(memory, PLAN));
      descriptors.add(FdMapping.of(toUs.writer(), REPORT));
      descriptors.add(FdMapping.of(fromUs.reader(), RELEASE));
      descriptors.add(FdMapping.of(program, PROGRAM));
      maker =
          new Program(
                  "/proc/self/fd/" + PROGRAM,
                  List.of("pod-init", "hold", Integer.toString(PLAN)),
                  List.of(),
                  descriptors)
              .spawn();
    }
    toUs.writer().close();
    fromUs.reader().close();
  }

  /**
   * Moves the calling thread into them, except the user namespace, which gets its ids. Without one,
   * it makes them here.
   */
  void join() throws StageException, KernelException {
    Descriptors.Pipe toUs = report;
    if (toUs == null) {
      if (ownNetwork) {
        Namespaces.unshare(Namespace.UTS, Namespace.IPC, Namespace.NETWORK);
      } else {
        Namespaces.unshare(Namespace.UTS, Namespace.IPC);
      }
      return;
    }
    number(toUs.reader());
    users.map(maker);
    user = Namespaces.open(maker, Namespace.USER);
    joinOne(Namespace.UTS);
    joinOne(Namespace.IPC);
    if (ownNetwork) {
      joinOne(Namespace.NETWORK);
    }
  }

  private void joinOne(Namespace kind) throws KernelException {
    try (Fd namespace = Namespaces.open(maker, kind)) {
      Namespaces.join(namespace, kind);
    }
  }

  /** The user namespace, once {@link #join}ed; null if the pod has none of its own. */
  @Nullable Fd user() {
    return user;
  }

  /**
   * What pod-init says to its maker through a pipe: a number, or the step that failed.
   *
   * @throws StageException for a step that failed, in its words
   */
  static int number(Fd report) throws StageException, KernelException {
    byte[] said = new byte[0];
    while (true) {
      byte[] more = Descriptors.read(report, 4096);
      byte[] all = java.util.Arrays.copyOf(said, said.length + more.length);
      System.arraycopy(more, 0, all, said.length, more.length);
      said = all;
      if (more.length == 0 || (said.length == 4 && said[3] >= 0)) {
        break; // its end, or a number that no text follows
      }
    }
    if (said.length < 4) {
      throw StageException.run("cannot start the pod: pod-init has ended", null);
    }
    int number = ByteBuffer.wrap(said).order(ByteOrder.LITTLE_ENDIAN).getInt();
    if (number >= 0) {
      return number;
    }
    String text = new String(said, 4, said.length - 4, StandardCharsets.UTF_8);
    int end = text.indexOf('\0');
    String what = end < 0 ? text : text.substring(0, end);
    String fix = end < 0 ? "" : text.substring(end + 1, text.length() - 1);
    throw StageException.run(
        "cannot " + what + ": " + Errno.of(-number), fix.isEmpty() ? null : fix);
  }

  /** Ends the process that made them; they live on in whoever has joined. */
  @Override
  public void close() {
    if (user != null) {
      user.close();
    }
    if (report != null) {
      report.close();
    }
    if (release != null) {
      release.close();
    }
    if (maker > 0) {
      try {
        Processes.await(maker);
      } catch (KernelException e) {
        // Somebody else has waited for it: it has ended, which was wanted.
      }
      maker = 0;
    }
  }
}
