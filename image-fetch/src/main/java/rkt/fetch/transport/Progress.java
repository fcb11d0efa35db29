package rkt.fetch.transport;

/** Is told what a fetch does. Called from several threads, one call at a time for each blob. */
public interface Progress {
  /** Says nothing. */
  Progress NONE = new Unseen();

  /** Nobody looks. */
  final class Unseen implements Progress {
    private Unseen() {}

    @Override
    public void finished(String what, long bytes, boolean reused) {}
  }

  /** So many bytes are to come in all, those that are here already among them. */
  default void expected(long bytes) {}

  /**
   * A blob begins to come.
   *
   * @param what such as {@code layer 2/6 sha256:0123456789ab}
   * @param bytes how long it is; -1 if nobody knows
   * @return what is told of each byte
   */
  default Meter started(String what, long bytes) {
    return Meter.NONE;
  }

  /**
   * A blob is complete.
   *
   * @param what as it was called when it started
   * @param reused whether the store had it already, and nothing started
   */
  void finished(String what, long bytes, boolean reused);

  /** Something happened that does not end the fetch: a mirror failed, say. */
  default void note(String message) {}
}
