/* Linux without a libc: one system call entry per architecture, and the few names built on it. */
#ifndef POD_INIT_SYS_H
#define POD_INIT_SYS_H

#include <asm/errno.h>
#include <asm/ioctls.h>
#include <asm/stat.h>
#include <asm/termbits.h>
#include <asm/unistd.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/fcntl.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/landlock.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/signal.h>
#include <linux/signalfd.h>
#include <linux/stat.h>
#include <linux/wait.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A failed call returns -errno, as the kernel does; nothing here is errno(3). */
#if defined(__x86_64__)
static inline long sys6(long n, long a, long b, long c, long d, long e, long f) {
  long r;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(r)
                   : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return r;
}
#define START                                                                                      \
  ".globl _start\n_start:\n xor %ebp,%ebp\n mov %rsp,%rdi\n and $-16,%rsp\n call start\n hlt\n"
#elif defined(__aarch64__)
static inline long sys6(long n, long a, long b, long c, long d, long e, long f) {
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
}
#define START                                                                                      \
  ".globl _start\n_start:\n mov x29,#0\n mov x30,#0\n mov x0,sp\n and sp,x0,#-16\n bl start\n brk #0\n"
#else
#error "pod-init knows x86_64 and aarch64"
#endif

#define SYS_PICK(_1, _2, _3, _4, _5, _6, _7, name, ...) name
#define S(x) ((long)(x))
#define SYS0(n) sys6(n, 0, 0, 0, 0, 0, 0)
#define SYS1(n, a) sys6(n, S(a), 0, 0, 0, 0, 0)
#define SYS2(n, a, b) sys6(n, S(a), S(b), 0, 0, 0, 0)
#define SYS3(n, a, b, c) sys6(n, S(a), S(b), S(c), 0, 0, 0)
#define SYS4(n, a, b, c, d) sys6(n, S(a), S(b), S(c), S(d), 0, 0)
#define SYS5(n, a, b, c, d, e) sys6(n, S(a), S(b), S(c), S(d), S(e), 0)
#define SYS6(n, a, b, c, d, e, f) sys6(n, S(a), S(b), S(c), S(d), S(e), S(f))
#define sys(...) SYS_PICK(__VA_ARGS__, SYS6, SYS5, SYS4, SYS3, SYS2, SYS1, SYS0)(__VA_ARGS__)

struct instant {
  int64_t seconds, nanos;
};

/* Descriptors of our own stand from here up, out of the way of DUP. */
enum { OWN_FDS = 64 };

/* Status of a failure of ours, as of every failure of rkt itself: spec/exit-status.md */
enum { OWN_FAILURE = 254 };

void *memcpy(void *restrict to, const void *restrict from, size_t size);
__attribute__((noreturn)) void quit(int status);
long sys_open(const char *path, int flags, int mode);
long sys_read(int fd, void *to, size_t size);
bool write_all(int fd, const void *from, size_t size);
long sys_poll(struct pollfd *fds, unsigned count, int64_t timeout_ms);
long sys_fork(void);
long sys_wait(int *status, int options);
int own_fd(int fd);
void block_signals(void);
int signal_fd(void);
int next_signal(int fd);
uint64_t now_nanos(void);
int64_t monotonic_ms(void);
void pause_ms(int ms);
int status_of(int wait_status);
int signal_of(int wait_status);
bool forwarded(int signal);

#endif
