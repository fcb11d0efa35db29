package rkt.fetch.transport;

/** Is told how far a download has come. Called by the thread that downloads. */
public interface Meter {
  /** Counts nothing. */
  Meter NONE = bytes -> {};

  /** So many more bytes have come. */
  void advanced(long bytes);
}
