package rkt.fetch.transport;

/** Is told what a fetch does. Called from several threads, one call at a time for each blob. */
public interface Progress {
  /** Says nothing. */
  Progress NONE = (what, bytes, reused) -> {};

  /**
   * A blob is complete.
   *
   * @param what such as {@code layer 2/6 sha256:0123456789ab}
   * @param reused whether the store had it already
   */
  void finished(String what, long bytes, boolean reused);
}
