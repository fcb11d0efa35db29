package rkt.kernel;

/**
 * An open descriptor of this process, closed once. Every method of this package that makes one sets
 * close-on-exec; what must survive an exec is listed where the exec is made. Confined to one
 * thread.
 */
public final class Fd implements AutoCloseable {
  private static final long CLOSE = LibC.address("close");
  private int number;

  Fd(int number) {
    this.number = number;
  }

  /**
   * The number, valid until {@link #close()}.
   *
   * @throws IllegalStateException if this was closed, rather than naming somebody else's descriptor
   */
  public int number() {
    if (number < 0) {
      throw new IllegalStateException("the descriptor is closed");
    }
    return number;
  }

  /** Adopts a descriptor that something else opened, such as one inherited from the parent. */
  public static Fd adopt(int number) {
    return new Fd(number);
  }

  /** close(2). Its errors say nothing that a caller could act on: data is synced explicitly. */
  @Override
  public void close() {
    if (number >= 0) {
      LibC.call(CLOSE, number);
      number = -1;
    }
  }

  @Override
  public String toString() {
    return "fd " + number;
  }
}
