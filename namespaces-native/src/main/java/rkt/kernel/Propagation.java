package rkt.kernel;

/** What mounts made here mean elsewhere, and the other way round. mount_namespaces(7) */
public enum Propagation {
  UNBINDABLE(1L << 17),
  PRIVATE(1L << 18),
  SLAVE(1L << 19),
  SHARED(1L << 20);

  private final long bit;

  Propagation(long bit) {
    this.bit = bit;
  }

  long bit() {
    return bit;
  }
}
