// Prints as one JSON object what a process of a pod sees of its own confinement.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CALLS = 512, PATIENCE_MS = 300 };

static int first = 1;

static void separate(void) {
  if (!first) putchar(',');
  first = 0;
}

static void text(const char *s) {
  putchar('"');
  for (; *s; s++) {
    unsigned char c = (unsigned char)*s;
    if (c == '"' || c == '\\') printf("\\%c", c);
    else if (c < 0x20 || c > 0x7e) printf("\\u%04x", c);
    else putchar(c);
  }
  putchar('"');
}

static void member(const char *name) {
  separate();
  text(name);
  putchar(':');
}

static void begin(const char *name, char bracket) {
  member(name);
  putchar(bracket);
  first = 1;
}

static void end(char bracket) {
  putchar(bracket);
  first = 0;
}

static void number(const char *name, long value) {
  member(name);
  printf("%ld", value);
}

static void string(const char *name, const char *value) {
  member(name);
  text(value);
}

static void item(const char *value) {
  separate();
  text(value);
}

// The call as it is: glibc's syscall() would return twice on one stack for vfork.
static inline __attribute__((always_inline)) long raw(long n, long a, long b, long c, long d, long e,
                                                      long f) {
#if defined(__x86_64__)
  long r;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(r)
                   : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return r;
#else
  register long x8 __asm__("x8") = n;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc 0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory");
  return x0;
#endif
}

// Makes one call in a child, and says what came of it: "ok", an error, a signal, or "waits".
static void call(char *answer, size_t size, long n, const long *a) {
  int fd[2];
  if (pipe2(fd, O_CLOEXEC)) abort();
  pid_t child = fork();
  if (child == 0) {
    pid_t self = getpid();
    long r = raw(n, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (getpid() != self) raw(SYS_exit_group, 0, 0, 0, 0, 0, 0); // its own child
    raw(SYS_write, fd[1], (long)&r, sizeof r, 0, 0, 0);
    raw(SYS_exit_group, 0, 0, 0, 0, 0, 0);
  }
  close(fd[1]);
  int status = 0;
  struct timespec pause = {0, 200000};
  long waited = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (waited++ > PATIENCE_MS * 5) {
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
      snprintf(answer, size, "waits");
      close(fd[0]);
      return;
    }
    nanosleep(&pause, NULL);
  }
  long r = 0;
  if (read(fd[0], &r, sizeof r) == sizeof r) {
    if (r < 0 && r > -4096) {
      const char *name = strerrorname_np((int)-r);
      snprintf(answer, size, "%s", name ? name : "E?");
    } else {
      snprintf(answer, size, "ok");
    }
  } else if (WIFSIGNALED(status)) {
    snprintf(answer, size, "SIG%s", sigabbrev_np(WTERMSIG(status)));
  } else {
    snprintf(answer, size, "ended");
  }
  close(fd[0]);
}

static void calls(void) {
  char answer[32];
  static const long SILLY[6] = {-1, -1, -1, -1, -1, -1};
  begin("calls", '[');
  for (long n = 0; n < CALLS; n++) {
    call(answer, sizeof answer, n, SILLY);
    item(answer);
  }
  end(']');
  // Calls whose answer depends on arguments, with those that are refused and one that is not.
  static const struct {
    const char *name;
    long number, arguments[6];
  } CASES[] = {
      {"clone NEWNS", SYS_clone, {CLONE_NEWNS | CLONE_FS}},
      {"clone NEWCGROUP", SYS_clone, {CLONE_NEWCGROUP | CLONE_SIGHAND}},
      {"clone NEWUTS", SYS_clone, {CLONE_NEWUTS | CLONE_SIGHAND}},
      {"clone NEWIPC", SYS_clone, {CLONE_NEWIPC | CLONE_SIGHAND}},
      {"clone NEWUSER", SYS_clone, {CLONE_NEWUSER | CLONE_SIGHAND}},
      {"clone NEWPID", SYS_clone, {CLONE_NEWPID | CLONE_SIGHAND}},
      {"clone NEWNET", SYS_clone, {CLONE_NEWNET | CLONE_SIGHAND}},
      {"clone SIGHAND", SYS_clone, {CLONE_SIGHAND}},
      {"ioctl TIOCSTI", SYS_ioctl, {-1, TIOCSTI}},
      {"ioctl TIOCLINUX", SYS_ioctl, {-1, TIOCLINUX}},
      {"ioctl FIONREAD", SYS_ioctl, {-1, FIONREAD}},
      {"personality 8", SYS_personality, {PER_LINUX32}},
      {"personality 0", SYS_personality, {PER_LINUX}},
      {"socket ALG", SYS_socket, {AF_ALG, SOCK_SEQPACKET}},
      {"socket VSOCK", SYS_socket, {AF_VSOCK, SOCK_STREAM}},
      {"socket PACKET", SYS_socket, {AF_PACKET, SOCK_RAW}},
      {"socket XDP", SYS_socket, {AF_XDP, SOCK_RAW}},
      {"socket UNIX", SYS_socket, {AF_UNIX, SOCK_STREAM}},
  };
  begin("cases", '{');
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    call(answer, sizeof answer, CASES[i].number, CASES[i].arguments);
    string(CASES[i].name, answer);
  }
  end('}');
}

// The lines of /proc/self/status that matter, by their names.
static void status(void) {
  static const char *const NAMES[] = {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb",
                                      "NoNewPrivs", "Seccomp", "Umask"};
  char line[4096];
  FILE *f = fopen("/proc/self/status", "re");
  begin("status", '{');
  while (f && fgets(line, sizeof line, f)) {
    char *colon = strchr(line, ':');
    if (!colon) continue;
    *colon = 0;
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
      if (strcmp(line, NAMES[i])) continue;
      char *value = colon + 1 + strspn(colon + 1, " \t");
      value[strcspn(value, "\n")] = 0;
      string(line, value);
    }
  }
  end('}');
  if (f) fclose(f);
}

static void lines(const char *name, const char *path) {
  static char line[65536];
  FILE *f = fopen(path, "re");
  begin(name, '[');
  while (f && fgets(line, sizeof line, f)) {
    line[strcspn(line, "\n")] = 0;
    item(line);
  }
  end(']');
  if (f) fclose(f);
}

static void namespaces(void) {
  static const char *const NAMES[] = {"cgroup", "ipc", "mnt", "net", "pid", "user", "uts"};
  begin("namespaces", '{');
  for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
    char path[64], target[64];
    snprintf(path, sizeof path, "/proc/self/ns/%s", NAMES[i]);
    ssize_t size = readlink(path, target, sizeof target - 1);
    target[size < 0 ? 0 : size] = 0;
    string(NAMES[i], target);
  }
  end('}');
}

static void identity(void) {
  uid_t uid[3];
  gid_t gid[3], groups[128];
  getresuid(uid, uid + 1, uid + 2);
  getresgid(gid, gid + 1, gid + 2);
  begin("uid", '[');
  for (int i = 0; i < 3; i++) separate(), printf("%u", uid[i]);
  end(']');
  begin("gid", '[');
  for (int i = 0; i < 3; i++) separate(), printf("%u", gid[i]);
  end(']');
  int count = getgroups(128, groups);
  begin("groups", '[');
  for (int i = 0; i < count; i++) separate(), printf("%u", groups[i]);
  end(']');
}

static void limits(void) {
  begin("limits", '[');
  for (int i = 0; i < RLIM_NLIMITS; i++) {
    struct rlimit limit;
    getrlimit(i, &limit);
    separate();
    printf("[%ld,%ld]", (long)limit.rlim_cur, (long)limit.rlim_max);
  }
  end(']');
}

static void descriptors(void) {
  begin("descriptors", '[');
  for (int fd = 0; fd < 1024; fd++) {
    if (fcntl(fd, F_GETFD) >= 0) separate(), printf("%d", fd);
  }
  end(']');
}

static void devices(const char *directory) {
  DIR *d = opendir(directory);
  begin("devices", '{');
  for (struct dirent *e; d && (e = readdir(d));) {
    struct stat s;
    if (*e->d_name == '.' || fstatat(dirfd(d), e->d_name, &s, AT_SYMLINK_NOFOLLOW)) continue;
    char facts[64];
    const char *type = S_ISCHR(s.st_mode)   ? "c"
                       : S_ISBLK(s.st_mode) ? "b"
                       : S_ISDIR(s.st_mode) ? "directory"
                       : S_ISLNK(s.st_mode) ? "link"
                                            : "file";
    if (S_ISCHR(s.st_mode) || S_ISBLK(s.st_mode)) {
      snprintf(facts, sizeof facts, "%s %u:%u", type, major(s.st_rdev), minor(s.st_rdev));
    } else {
      snprintf(facts, sizeof facts, "%s", type);
    }
    string(e->d_name, facts);
  }
  end('}');
  if (d) closedir(d);
}

// Whether a file gives at least a byte, or takes to be opened for writing.
static void reach(const char *path) {
  char byte;
  char facts[8] = "";
  int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd >= 0) {
    if (read(fd, &byte, 1) == 1) strcat(facts, "r");
    close(fd);
  }
  fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd >= 0) {
    strcat(facts, "w");
    close(fd);
  }
  string(path, facts);
}

static void host(void) {
  static const char *const PATHS[] = {
      "/proc/kcore", "/proc/keys", "/proc/key-users", "/proc/kallsyms", "/proc/kmsg",
      "/proc/sysrq-trigger", "/proc/timer_list", "/proc/sched_debug", "/proc/interrupts",
      "/proc/config.gz", "/proc/slabinfo", "/proc/vmallocinfo", "/proc/kpagecount",
      "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/vm/panic_on_oom",
      "/proc/sys/kernel/hostname", "/proc/sys/net/ipv4/ip_forward", "/proc/irq/default_smp_affinity",
      "/sys/kernel/uevent_helper", "/sys/kernel/profiling", "/sys/module/kernel/parameters/panic",
      "/sys/firmware/memmap/0/start", "/sys/power/state", "/dev/mem", "/dev/kmem", "/dev/kmsg",
      "/dev/port"};
  begin("reach", '{');
  for (size_t i = 0; i < sizeof PATHS / sizeof *PATHS; i++) reach(PATHS[i]);
  end('}');
  number("cgroupWritable", mkdir("/sys/fs/cgroup/probe", 0755) == 0);
  DIR *d = opendir("/proc");
  begin("processes", '[');
  for (struct dirent *e; d && (e = readdir(d));) {
    if (*e->d_name >= '1' && *e->d_name <= '9') separate(), printf("%s", e->d_name);
  }
  end(']');
  if (d) closedir(d);
}

static void words(const char *name, char **from) {
  begin(name, '[');
  for (; *from; from++) item(*from);
  end(']');
}

int main(int argc, char **argv, char **envp) {
  (void)argc;
  putchar('{');
  descriptors(); // before anything is opened here
  status();
  identity();
  namespaces();
  lines("uidMap", "/proc/self/uid_map");
  lines("gidMap", "/proc/self/gid_map");
  lines("mounts", "/proc/self/mountinfo");
  lines("cgroup", "/proc/self/cgroup");
  lines("label", "/proc/self/attr/current");
  lines("oomScoreAdj", "/proc/self/oom_score_adj");
  lines("hostname", "/proc/sys/kernel/hostname");
  limits();
  devices("/dev");
  host();
  words("argv", argv);
  words("env", envp);
  char cwd[4096];
  string("cwd", getcwd(cwd, sizeof cwd) ? cwd : "");
  number("dumpable", prctl(PR_GET_DUMPABLE));
  number("session", getsid(0));
  number("group", getpgrp());
  number("pid", getpid());
  begin("terminals", '[');
  for (int fd = 0; fd < 3; fd++) separate(), printf("%d", isatty(fd));
  end(']');
  number("keyring", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0));
  fflush(stdout); // or every child would print it again
  calls();
  puts("}");
  return 0;
}
