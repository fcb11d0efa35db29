package rkt.kernel;

/** Terminals and their windows. ioctl_tty(2), pts(4) */
public final class Terminal {
  private static final int TCGETS = 0x5401;
  private static final int TIOCGWINSZ = 0x5413;
  private static final int TIOCSWINSZ = 0x5414;
  private static final long TIOCSPTLCK = 0x40045431L;
  private static final int TIOCGPTPEER = 0x5441;

  /** Rows and columns of characters. */
  public record Window(int rows, int columns) {}

  /**
   * A new terminal: who holds {@code master} is the person, who holds {@code peer} the program.
   *
   * @param peer opened through the master, so no name was looked up that another mount could fake
   */
  public record Pair(Fd master, Fd peer) implements AutoCloseable {
    @Override
    public void close() {
      master.close();
      peer.close();
    }
  }

  private Terminal() {}

  /** Whether descriptor {@code number} is open and a terminal. */
  public static boolean isTerminal(int number) {
    try (Scratch scratch = new Scratch()) {
      return LibC.syscall(SystemCall.IOCTL, number, TCGETS, scratch.zeroed(64)) == 0;
    }
  }

  /**
   * Opens a terminal of a devpts filesystem, which lives until both ends are closed. It becomes no
   * one's controlling terminal.
   *
   * @param devpts the root of the filesystem, such as {@link DetachedMount#fd()}
   */
  public static Pair open(Fd devpts) throws KernelException {
    Fd master = openMaster(devpts);
    try (Scratch scratch = new Scratch()) {
      long unlocked = scratch.zeroed(4);
      LibC.checked(
          LibC.syscall(SystemCall.IOCTL, master.number(), TIOCSPTLCK, unlocked),
          "ioctl",
          "TIOCSPTLCK");
      int flags = OpenFlag.bits(OpenFlag.READ_WRITE, OpenFlag.NO_TERMINAL);
      return new Pair(
          master,
          new Fd(
              LibC.checked(
                  LibC.syscall(SystemCall.IOCTL, master.number(), TIOCGPTPEER, flags),
                  "ioctl",
                  "TIOCGPTPEER")));
    } catch (KernelException e) {
      master.close();
      throw e;
    }
  }

  /** The size of its window; 0 by 0 if nobody has set it. */
  public static Window window(Fd terminal) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      long size = scratch.zeroed(8);
      LibC.checked(
          LibC.syscall(SystemCall.IOCTL, terminal.number(), TIOCGWINSZ, size),
          "ioctl",
          "TIOCGWINSZ");
      return new Window(
          Scratch.MEMORY.getShort(size) & 0xffff, Scratch.MEMORY.getShort(size + 2) & 0xffff);
    }
  }

  /** Sets the size of its window, which the programs in it learn by SIGWINCH. */
  public static void setWindow(Fd terminal, Window window) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      long size = scratch.zeroed(8);
      Scratch.MEMORY.putShort(size, (short) window.rows());
      Scratch.MEMORY.putShort(size + 2, (short) window.columns());
      LibC.checked(
          LibC.syscall(SystemCall.IOCTL, terminal.number(), TIOCSWINSZ, size),
          "ioctl",
          "TIOCSWINSZ");
    }
  }

  private static Fd openMaster(Fd devpts) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      return new Fd(
          LibC.checked(
              LibC.syscall(
                  SystemCall.OPENAT,
                  devpts.number(),
                  scratch.cString("ptmx"),
                  OpenFlag.bits(OpenFlag.READ_WRITE, OpenFlag.NO_TERMINAL, OpenFlag.NO_FOLLOW)),
              "open",
              "ptmx of a devpts"));
    }
  }

  /**
   * {@link #open} a pair as large as our own terminal, standard input: what runs in it may look
   * before whoever relays begins to pass sizes on.
   */
  public static Pair openLikeOurs(Fd devpts) throws KernelException {
    Pair pair = open(devpts);
    try {
      setWindow(pair.master(), window(Fd.adopt(0)));
      return pair;
    } catch (KernelException e) {
      pair.close();
      throw e;
    }
  }
}
