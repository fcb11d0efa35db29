package rkt.kernel;

/** The numbers of the system calls in use, for the architectures in use. syscalls(2) */
final class SystemCall {
  static final boolean ARM = isArm();

  static final int BIND = number(49, 200);
  static final int BPF = number(321, 280);
  static final int CAPGET = number(125, 90);
  static final int CAPSET = number(126, 91);
  static final int CHDIR = number(80, 49);
  static final int CHROOT = number(161, 51);
  static final int CLOSE = number(3, 57);
  static final int CLOSE_RANGE = number(436, 436);
  static final int CONNECT = number(42, 203);
  static final int COPY_FILE_RANGE = number(326, 285);
  static final int DUP3 = number(292, 24);
  static final int EVENTFD2 = number(290, 19);
  static final int EXECVE = number(59, 221);
  static final int EXECVEAT = number(322, 281);
  static final int EXIT_GROUP = number(231, 94);
  static final int FALLOCATE = number(285, 47);
  static final int FCHDIR = number(81, 50);
  static final int FCHMOD = number(91, 52);
  static final int FCHMODAT = number(268, 53);
  static final int FCHMODAT2 = number(452, 452);
  static final int FCHOWN = number(93, 55);
  static final int FCHOWNAT = number(260, 54);
  static final int FCNTL = number(72, 25);
  static final int FDATASYNC = number(75, 83);
  static final int FGETXATTR = number(193, 10);
  static final int FLOCK = number(73, 32);
  static final int FSCONFIG = number(431, 431);
  static final int FSETXATTR = number(190, 7);
  static final int FSMOUNT = number(432, 432);
  static final int FSOPEN = number(430, 430);
  static final int FSTATFS = number(138, 44);
  static final int FSYNC = number(74, 82);
  static final int FTRUNCATE = number(77, 46);
  static final int GETDENTS64 = number(217, 61);
  static final int GETEGID = number(108, 177);
  static final int GETEUID = number(107, 175);
  static final int GETGID = number(104, 176);
  static final int GETPID = number(39, 172);
  static final int GETPPID = number(110, 173);
  static final int GETRANDOM = number(318, 278);
  static final int GETTID = number(186, 178);
  static final int GETUID = number(102, 174);
  static final int IOCTL = number(16, 29);
  static final int KEYCTL = number(250, 219);
  static final int KILL = number(62, 129);
  static final int LANDLOCK_CREATE_RULESET = number(444, 444);
  static final int LGETXATTR = number(192, 9);
  static final int LINKAT = number(265, 37);
  static final int LLISTXATTR = number(195, 12);
  static final int LREMOVEXATTR = number(198, 15);
  static final int LSETXATTR = number(189, 6);
  static final int LSEEK = number(8, 62);
  static final int MEMFD_CREATE = number(319, 279);
  static final int MKDIRAT = number(258, 34);
  static final int MKNODAT = number(259, 33);
  static final int MOUNT = number(165, 40);
  static final int MOUNT_SETATTR = number(442, 442);
  static final int MOVE_MOUNT = number(429, 429);
  static final int NEWFSTATAT = number(262, 79);
  static final int OPEN_TREE = number(428, 428);
  static final int OPENAT = number(257, 56);
  static final int OPENAT2 = number(437, 437);
  static final int PIDFD_OPEN = number(434, 434);
  static final int PIDFD_SEND_SIGNAL = number(424, 424);
  static final int PIPE2 = number(293, 59);
  static final int PIVOT_ROOT = number(155, 41);
  static final int PPOLL = number(271, 73);
  static final int PRCTL = number(157, 167);
  static final int PREAD64 = number(17, 67);
  static final int PRLIMIT64 = number(302, 261);
  static final int PWRITE64 = number(18, 68);
  static final int READ = number(0, 63);
  static final int READLINKAT = number(267, 78);
  static final int RENAMEAT2 = number(316, 276);
  static final int RT_SIGACTION = number(13, 134);
  static final int RT_SIGPROCMASK = number(14, 135);
  static final int SECCOMP = number(317, 277);
  static final int SENDFILE = number(40, 71);
  static final int SETDOMAINNAME = number(171, 162);
  static final int SETFSGID = number(123, 152);
  static final int SETFSUID = number(122, 151);
  static final int SETGROUPS = number(116, 159);
  static final int SETHOSTNAME = number(170, 161);
  static final int SETNS = number(308, 268);
  static final int SETRESGID = number(119, 149);
  static final int SETRESUID = number(117, 147);
  static final int SETSID = number(112, 157);
  static final int SETXATTR = number(188, 5);
  static final int SOCKET = number(41, 198);
  static final int STATFS = number(137, 43);
  static final int STATX = number(332, 291);
  static final int SYMLINKAT = number(266, 36);
  static final int SYNC_FILE_RANGE = number(277, 84);
  static final int SYNCFS = number(306, 267);
  static final int SYSINFO = number(99, 179);
  static final int UMASK = number(95, 166);
  static final int UMOUNT2 = number(166, 39);
  static final int UNAME = number(63, 160);
  static final int UNLINKAT = number(263, 35);
  static final int UNSHARE = number(272, 97);
  static final int UTIMENSAT = number(280, 88);
  static final int WAIT4 = number(61, 260);
  static final int WAITID = number(247, 95);
  static final int WRITE = number(1, 64);

  private SystemCall() {}

  /** Whether constants of arm64 apply, for the few flags that differ. */
  static boolean isArmHost() {
    return ARM;
  }

  private static int number(int amd64, int arm64) {
    return ARM ? arm64 : amd64;
  }

  private static boolean isArm() {
    String architecture = System.getProperty("os.arch", "");
    return switch (architecture) {
      case "amd64", "x86_64" -> false;
      case "aarch64" -> true;
      default ->
          throw new IllegalStateException("rkt knows no system call numbers of " + architecture);
    };
  }
}
