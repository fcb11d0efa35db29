/* pod-init userns: an ordinary user becomes root of a user namespace, and then another program. */
#include "modes.h"
#include "text.h"

enum { MAX_WORDS = 3 * 340 };

static const char FIX[] =
    "allow user namespaces to ordinary users (sysctl user.max_user_namespaces,"
    " kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns), or run rkt as root";
static const char FIX_IDS[] =
    "give the user ids of their own that nobody else has: usermod --add-subuids FIRST-LAST"
    " --add-subgids FIRST-LAST USER; or take a wrong line out of /etc/subuid and /etc/subgid";

__attribute__((noreturn)) static void fail(const char *what, long error, const char *fix) {
  struct text line;
  line.size = 0;
  add_failure(&line, what, (int)-error, "", fix);
  write_all(2, line.bytes, line.size);
  quit(OWN_FAILURE);
}

static long write_file(const char *path, const char *text) {
  long fd = sys_open(path, O_WRONLY, 0);
  if (fd < 0) return fd;
  size_t size = length(text);
  long r = sys(__NR_write, fd, text, size);
  sys(__NR_close, fd);
  return r == (long)size ? 0 : r < 0 ? r : -EIO;
}

/* Calls the privileged helper that knows which ids are whose: HELPER PID INSIDE OUTSIDE COUNT ... */
static int map(const char *helper, const char *pid, char *words, char **envp) {
  static char *argv[MAX_WORDS + 3];
  int count = 0;
  argv[count++] = (char *)helper;
  argv[count++] = (char *)pid;
  for (char *at = words; *at && count < MAX_WORDS + 2;) {
    argv[count++] = at;
    while (*at && *at != ' ') at++;
    if (*at) *at++ = 0;
  }
  argv[count] = NULL;
  long child = sys_fork();
  if (child == 0) {
    sys(__NR_execve, helper, argv, envp);
    quit(127);
  }
  int status = 127 << 8;
  if (child > 0) sys_wait(&status, 0);
  return status;
}

/* In the namespaces of the user, since the helpers look at who calls them. */
__attribute__((noreturn)) static void helper(int ready, const char *pid, char **maps, char **envp) {
  char byte;
  if (sys_read(ready, &byte, 1) != 1) quit(1);
  int users = map("/usr/bin/newuidmap", pid, maps[0], envp);
  quit(users ? 1 : map("/usr/bin/newgidmap", pid, maps[1], envp) ? 1 : 0);
}

static bool has_one_extent(const char *map) {
  int spaces = 0;
  while (*map) spaces += *map++ == ' ';
  return spaces == 2;
}

void run_userns(char **words, char **envp) {
  if (sys(__NR_geteuid) != 0) {
    bool alone = has_one_extent(words[0]) && has_one_extent(words[1]);
    struct text pid;
    pid.size = 0;
    add_number(&pid, (uint64_t)sys(__NR_getpid));
    pid.bytes[pid.size] = 0;
    int pipe[2];
    long child = 0;
    if (!alone) {
      long r = sys(__NR_pipe2, pipe, O_CLOEXEC);
      if (r == 0) child = sys_fork();
      if (r < 0 || child < 0) fail("start newuidmap", r < 0 ? r : child, "");
      if (child == 0) {
        sys(__NR_close, pipe[1]);
        helper(pipe[0], pid.bytes, words, envp);
      }
      sys(__NR_close, pipe[0]);
    }
    long r = sys(__NR_unshare, CLONE_NEWUSER | CLONE_NEWNS);
    if (r < 0) fail("make a user namespace", r, FIX);
    if (alone) {
      r = write_file("/proc/self/setgroups", "deny");
      if (r == 0) r = write_file("/proc/self/uid_map", words[0]);
      if (r == 0) r = write_file("/proc/self/gid_map", words[1]);
      if (r < 0) fail("give the user namespace its ids", r, FIX);
    } else {
      int status = 1;
      write_all(pipe[1], "!", 1);
      sys(__NR_close, pipe[1]);
      long got; /* others may be children of whoever became this program */
      while ((got = sys_wait(&status, 0)) > 0 && got != child) {
      }
      if (got != child) status = 1;
      if (status != 0) fail("give the user namespace its ids (newuidmap, newgidmap)", -EPERM, FIX_IDS);
    }
    r = sys(__NR_setresgid, 0, 0, 0);
    if (r == 0) r = sys(__NR_setresuid, 0, 0, 0);
    if (r < 0) fail("become root of the user namespace", r, "");
  }
  long r = sys(__NR_execve, words[2], words + 2, envp);
  fail("start Java", r, "install rkt again: its runtime directory is damaged");
}
