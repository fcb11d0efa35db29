package rkt.kernel;

import java.util.Locale;

/** The privileges that root is made of, in the order of their numbers. capabilities(7) */
public enum Capability {
  CHOWN,
  DAC_OVERRIDE,
  DAC_READ_SEARCH,
  FOWNER,
  FSETID,
  KILL,
  SETGID,
  SETUID,
  SETPCAP,
  LINUX_IMMUTABLE,
  NET_BIND_SERVICE,
  NET_BROADCAST,
  NET_ADMIN,
  NET_RAW,
  IPC_LOCK,
  IPC_OWNER,
  SYS_MODULE,
  SYS_RAWIO,
  SYS_CHROOT,
  SYS_PTRACE,
  SYS_PACCT,
  SYS_ADMIN,
  SYS_BOOT,
  SYS_NICE,
  SYS_RESOURCE,
  SYS_TIME,
  SYS_TTY_CONFIG,
  MKNOD,
  LEASE,
  AUDIT_WRITE,
  AUDIT_CONTROL,
  SETFCAP,
  MAC_OVERRIDE,
  MAC_ADMIN,
  SYSLOG,
  WAKE_ALARM,
  BLOCK_SUSPEND,
  AUDIT_READ,
  PERFMON,
  BPF,
  CHECKPOINT_RESTORE;

  /**
   * The capability of a name in any case, with or without {@code CAP_}.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Capability parse(String text) {
    String name = text.toUpperCase(Locale.ROOT);
    name = name.startsWith("CAP_") ? name.substring(4) : name;
    for (Capability capability : values()) {
      if (capability.name().equals(name)) {
        return capability;
      }
    }
    throw new IllegalArgumentException("no such capability: " + text);
  }

  /** Its number in the kernel. */
  @SuppressWarnings("EnumOrdinal") // the order is the kernel's and can never change
  public int number() {
    return ordinal();
  }

  /** With its prefix: {@code CAP_CHOWN}. */
  @Override
  public String toString() {
    return "CAP_" + name();
  }
}
