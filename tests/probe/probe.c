// Tries one thing from inside a pod and prints what came of it: "ok N", or the name of the errno.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int say(long result) {
  if (result < 0) {
    puts(strerrorname_np(errno));
    return 1;
  }
  printf("ok %ld\n", result);
  return 0;
}

static int limits(void) {
  static const int all[] = {RLIMIT_CORE, RLIMIT_NOFILE, RLIMIT_MEMLOCK, RLIMIT_NPROC, RLIMIT_STACK,
                            RLIMIT_AS};
  for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
    struct rlimit limit;
    getrlimit(all[i], &limit);
    printf("%d %ld %ld\n", all[i], (long)limit.rlim_cur, (long)limit.rlim_max);
  }
  return 0;
}

// Takes memory and touches it, a mebibyte at a time.
static int eat(long mebibytes) {
  for (long i = 0; i < mebibytes; i++) {
    char *p = malloc(1 << 20);
    if (!p) return 2;
    memset(p, (int)i + 1, 1 << 20);
  }
  puts("eaten");
  return 0;
}

// Makes children that sleep until no more can be made; prints how many, and stays.
static int bomb(void) {
  long children = 0;
  for (;;) {
    pid_t pid = fork();
    if (pid == 0) {
      signal(SIGTERM, SIG_IGN);
      for (;;) pause();
    }
    if (pid < 0) break;
    children++;
  }
  printf("%s after %ld\n", strerrorname_np(errno), children);
  fflush(stdout);
  signal(SIGTERM, SIG_IGN);
  for (;;) pause();
}

// Leaves a grandchild without a parent, and says which process became its parent.
static int orphan(void) {
  int fd[2];
  if (pipe(fd)) return 1;
  pid_t child = fork();
  if (child == 0) {
    if (fork() == 0) {
      while (getppid() != 1) usleep(1000);
      char ok = 'y';
      if (write(fd[1], &ok, 1) != 1) _exit(1);
      usleep(20000);
      _exit(7);
    }
    _exit(0);
  }
  waitpid(child, NULL, 0);
  char c;
  if (read(fd[0], &c, 1) != 1) return 1;
  // Reaped when no process but 1, this one and the shell is left.
  usleep(200000);
  puts("adopted");
  return 0;
}

static struct sockaddr_un at(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  return address;
}

// Passes a file, open for reading, to whoever connects to a socket that is made at `path`.
static int pass(const char *path, const char *file) {
  struct sockaddr_un address = at(path);
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || chmod(path, 0777)) return 2;
  if (listen(listener, 1)) return 2;
  puts("listening");
  fflush(stdout);
  int to = accept(listener, NULL, NULL);
  int fd = open(file, O_RDONLY);
  char byte = 'x', control[CMSG_SPACE(sizeof fd)] = {0};
  struct iovec part = {&byte, 1};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  *head = (struct cmsghdr){CMSG_LEN(sizeof fd), SOL_SOCKET, SCM_RIGHTS};
  memcpy(CMSG_DATA(head), &fd, sizeof fd);
  return sendmsg(to, &message, 0) == 1 ? 0 : 2;
}

// Takes a file that was passed so, and opens it again to write to it.
static int take(const char *path) {
  struct sockaddr_un address = at(path);
  int from = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(from, (struct sockaddr *)&address, sizeof address)) return 2;
  char byte, control[CMSG_SPACE(sizeof(int))];
  struct iovec part = {&byte, 1};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  if (recvmsg(from, &message, 0) != 1 || !CMSG_FIRSTHDR(&message)) return 2;
  int fd;
  memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
  char own[64];
  snprintf(own, sizeof own, "/proc/self/fd/%d", fd);
  int again = open(own, O_WRONLY);
  if (again < 0) return say(-1);
  return say(write(again, "changed", 7));
}

static int unix_socket(const char *path, struct sockaddr_un *address) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  strncpy(address->sun_path, path, sizeof address->sun_path - 1);
  return socket(AF_UNIX, SOCK_DGRAM, 0);
}

// Says something as sd_notify(3) does, some times, with a descriptor of its own as FDSTORE=1 would.
static int notify(const char *text, int times) {
  const char *path = getenv("NOTIFY_SOCKET");
  if (!path) {
    puts("no socket");
    return 1;
  }
  struct sockaddr_un to;
  int s = unix_socket(path, &to);
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
  memcpy(CMSG_DATA(&control.header), &s, sizeof s);
  struct iovec part = {(void *)text, strlen(text)};
  struct msghdr message = {&to, sizeof to, &part, 1, &control, sizeof control, 0};
  long sent = 0;
  while (times-- > 0 && sent >= 0) sent = sendmsg(s, &message, MSG_NOSIGNAL);
  return say(sent);
}

// Stands for a service manager: prints what it is told, and by which process.
static int manager(const char *path) {
  struct sockaddr_un here;
  int s = unix_socket(path, &here), on = 1;
  setsockopt(s, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  if (bind(s, (struct sockaddr *)&here, sizeof here)) return say(-1);
  setvbuf(stdout, NULL, _IOLBF, 0);
  puts("listening");
  for (;;) {
    char text[4096], control[CMSG_SPACE(sizeof(struct ucred))];
    struct iovec part = {text, sizeof text - 1};
    struct msghdr message = {NULL, 0, &part, 1, control, sizeof control, 0};
    long size = recvmsg(s, &message, 0);
    if (size < 0) return say(size);
    text[size] = 0;
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    struct ucred sender = {0};
    if (c && c->cmsg_type == SCM_CREDENTIALS) memcpy(&sender, CMSG_DATA(c), sizeof sender);
    printf("told %s by %d\n", text, sender.pid);
  }
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  const char *arg = argc > 2 ? argv[2] : "";
  if (!strcmp(what, "mount")) return say(mount("none", "/tmp", "tmpfs", 0, NULL));
  if (!strcmp(what, "remount")) return say(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL));
  if (!strcmp(what, "umount")) return say(umount2(arg, MNT_DETACH));
  if (!strcmp(what, "unshare-user")) return say(unshare(CLONE_NEWUSER));
  if (!strcmp(what, "unshare-mount")) return say(unshare(CLONE_NEWNS));
  if (!strcmp(what, "clone-user"))
    return say(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
  if (!strcmp(what, "clone3")) return say(syscall(SYS_clone3, NULL, 0));
  if (!strcmp(what, "mknod")) return say(mknod("/tmp/b", S_IFBLK | 0600, makedev(8, 0)));
  if (!strcmp(what, "mknod-char")) return say(mknod("/tmp/c", S_IFCHR | 0600, makedev(1, 3)));
  if (!strcmp(what, "keyctl"))
    return say(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0));
  if (!strcmp(what, "add-key"))
    return say(syscall(SYS_add_key, "user", "k", "v", 1, KEY_SPEC_PROCESS_KEYRING));
  if (!strcmp(what, "ptrace")) return say(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
  if (!strcmp(what, "bpf")) return say(syscall(SYS_bpf, 0, NULL, 0));
  if (!strcmp(what, "perf")) return say(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
  if (!strcmp(what, "userfaultfd")) return say(syscall(SYS_userfaultfd, 0));
  if (!strcmp(what, "io-uring")) return say(syscall(SYS_io_uring_setup, 1, NULL));
  if (!strcmp(what, "open-by-handle"))
    return say(syscall(SYS_open_by_handle_at, AT_FDCWD, NULL, 0));
  if (!strcmp(what, "personality")) return say(syscall(SYS_personality, 0x0040000));
  if (!strcmp(what, "chroot")) return say(chroot("/tmp"));
  if (!strcmp(what, "pivot-root")) return say(syscall(SYS_pivot_root, "/tmp", "/tmp"));
  if (!strcmp(what, "reboot")) return say(syscall(SYS_reboot, 0, 0, 0, 0));
  if (!strcmp(what, "sethostname")) return say(sethostname("x", 1));
  if (!strcmp(what, "setns")) return say(setns(open("/proc/1/ns/mnt", O_RDONLY), 0));
  if (!strcmp(what, "packet")) return say(socket(AF_PACKET, SOCK_RAW, 0));
  if (!strcmp(what, "xdp")) return say(socket(AF_XDP, SOCK_RAW, 0));
  if (!strcmp(what, "raw")) return say(socket(AF_INET, SOCK_RAW, 1));
  if (!strcmp(what, "alg")) return say(socket(AF_ALG, SOCK_SEQPACKET, 0));
  if (!strcmp(what, "vsock")) return say(socket(AF_VSOCK, SOCK_STREAM, 0));
  if (!strcmp(what, "tiocsti")) return say(ioctl(0, TIOCSTI, "x"));
  if (!strcmp(what, "tioclinux")) return say(ioctl(0, TIOCLINUX, "\3"));
  if (!strcmp(what, "open")) return say(open(arg, O_RDONLY));
  if (!strcmp(what, "open-write")) return say(open(arg, O_WRONLY));
  if (!strcmp(what, "unknown-call")) return say(syscall(4000));
  if (!strcmp(what, "limits")) return limits();
  if (!strcmp(what, "eat")) return eat(atol(arg));
  if (!strcmp(what, "bomb")) return bomb();
  if (!strcmp(what, "orphan")) return orphan();
  if (!strcmp(what, "pass") && argc > 3) return pass(arg, argv[3]);
  if (!strcmp(what, "take")) return take(arg);
  if (!strcmp(what, "notify")) return notify(arg, argc > 3 ? atoi(argv[3]) : 1);
  if (!strcmp(what, "manager")) return manager(arg);
  if (!strcmp(what, "signal")) {
    signal(atoi(arg), SIG_DFL);
    kill(getpid(), atoi(arg));
    pause();
  }
  fprintf(stderr, "probe: unknown: %s\n", what);
  return 99;
}
