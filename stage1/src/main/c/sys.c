#include "sys.h"

/* gcc may call these even in freestanding code. */
void *memset(void *to, int byte, size_t size) {
  char *t = to;
  while (size--) {
    *t++ = (char)byte;
    __asm__ volatile("" ::: "memory"); /* or gcc turns this loop into a call of itself */
  }
  return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size) {
  char *t = to;
  const char *f = from;
  while (size--) {
    *t++ = *f++;
    __asm__ volatile("" ::: "memory");
  }
  return to;
}

void quit(int status) {
  for (;;) sys(__NR_exit_group, status);
}

long sys_open(const char *path, int flags, int mode) {
  long fd;
  do {
    fd = sys(__NR_openat, AT_FDCWD, path, flags | O_CLOEXEC, mode);
  } while (fd == -EINTR);
  return fd;
}

long sys_read(int fd, void *to, size_t size) {
  long got;
  do {
    got = sys(__NR_read, fd, to, size);
  } while (got == -EINTR);
  return got;
}

bool write_all(int fd, const void *from, size_t size) {
  const char *at = from;
  while (size > 0) {
    long wrote = sys(__NR_write, fd, at, size);
    if (wrote == -EINTR) continue;
    if (wrote <= 0) return false;
    at += wrote;
    size -= (size_t)wrote;
  }
  return true;
}

/* ppoll(2); a negative timeout waits for ever. */
long sys_poll(struct pollfd *fds, unsigned count, int64_t timeout_ms) {
  struct instant timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000000};
  return sys(__NR_ppoll, fds, count, timeout_ms < 0 ? NULL : &timeout, NULL, 8);
}

long sys_fork(void) { return sys(__NR_clone, SIGCHLD, 0, 0, 0, 0); }

long sys_wait(int *status, int options) {
  long pid;
  do {
    pid = sys(__NR_wait4, -1, status, options | __WALL, NULL);
  } while (pid == -EINTR);
  return pid;
}

/* The same file under a number of our own range, closed by exec. The old number stays open. */
int own_fd(int fd) {
  if (fd < 0) return -1;
  return (int)sys(__NR_fcntl, fd, F_DUPFD_CLOEXEC, OWN_FDS);
}

void block_signals(void) {
  uint64_t all = ~0ULL;
  uint64_t fresh[4] = {0}; /* struct sigaction of the kernel: SIG_DFL, no flags, empty mask */
  /* An ignored SIGCHLD, inherited over exec, would lose every exit status. */
  sys(__NR_rt_sigaction, SIGCHLD, fresh, NULL, 8);
  sys(__NR_rt_sigprocmask, SIG_SETMASK, &all, NULL, 8);
}

int signal_fd(void) {
  uint64_t all = ~0ULL;
  int fd = (int)sys(__NR_signalfd4, -1, &all, 8, SFD_CLOEXEC | SFD_NONBLOCK);
  int own = own_fd(fd);
  if (fd >= 0) sys(__NR_close, fd);
  return own;
}

/* The next pending signal, or 0. */
int next_signal(int fd) {
  struct signalfd_siginfo info;
  return sys_read(fd, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

uint64_t now_nanos(void) {
  struct instant t = {0, 0};
  sys(__NR_clock_gettime, 0 /* CLOCK_REALTIME */, &t);
  return (uint64_t)t.seconds * 1000000000u + (uint64_t)t.nanos;
}

int64_t monotonic_ms(void) {
  struct instant t = {0, 0};
  sys(__NR_clock_gettime, 1 /* CLOCK_MONOTONIC */, &t);
  return t.seconds * 1000 + t.nanos / 1000000;
}

void pause_ms(int ms) {
  struct instant t = {ms / 1000, (int64_t)(ms % 1000) * 1000000};
  sys(__NR_nanosleep, &t, NULL);
}

int signal_of(int wait_status) { return wait_status & 0x7f; }

int status_of(int wait_status) {
  return signal_of(wait_status) ? 128 + signal_of(wait_status) : wait_status >> 8 & 0xff;
}

/* The signals that travel from the supervisor to PID 1 and from there to the apps. */
bool forwarded(int signal) {
  switch (signal) {
    case SIGHUP:
    case SIGINT:
    case SIGQUIT:
    case SIGUSR1:
    case SIGUSR2:
    case SIGTERM:
    case SIGCONT:
    case SIGTSTP:
    case SIGWINCH:
      return true;
    default:
      return false;
  }
}
