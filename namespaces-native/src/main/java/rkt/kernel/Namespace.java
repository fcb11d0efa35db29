package rkt.kernel;

/** The kinds of namespace. namespaces(7) */
public enum Namespace {
  MOUNT("mnt", 0x00020000),
  CGROUP("cgroup", 0x02000000),
  UTS("uts", 0x04000000),
  IPC("ipc", 0x08000000),
  USER("user", 0x10000000),
  PID("pid", 0x20000000),
  NETWORK("net", 0x40000000),
  TIME("time", 0x00000080);

  private final String file;
  private final int flag;

  Namespace(String file, int flag) {
    this.file = file;
    this.flag = flag;
  }

  /** Its name under {@code /proc/PID/ns}. */
  public String file() {
    return file;
  }

  /** Its {@code CLONE_NEW*} bit. */
  public int flag() {
    return flag;
  }
}
