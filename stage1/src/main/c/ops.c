#include "ops.h"

#include "text.h"

/* Removing a cgroup is EBUSY until the kernel has finished with its last process. */
enum { RMDIR_TRIES = 100, RMDIR_PAUSE_MS = 5 };

enum { DETACH = 2 /* MNT_DETACH */, MAX_CAPS = 64 };

static const char *or_null(const char *s) { return *s ? s : NULL; }

static long pivot(const char *path) {
  long r = sys(__NR_chdir, path);
  if (r == 0) r = sys(__NR_pivot_root, ".", ".");
  if (r == 0) r = sys(__NR_umount2, ".", DETACH); /* the old root, stacked on the new one */
  if (r == 0) r = sys(__NR_chdir, "/");
  return r;
}

/* After chdir the directory must be inside our root, or the kernel says "(unreachable)". */
static long check_cwd(void) {
  char path[4097];
  long r = sys(__NR_getcwd, path, sizeof path);
  if (r < 0) return r;
  return path[0] == '/' ? 0 : -ENOENT;
}

static long write_path(const char *path, const char *bytes, uint32_t size) {
  long fd = sys_open(path, O_WRONLY | O_NOFOLLOW, 0);
  if (fd < 0) return fd;
  long r;
  do {
    r = sys(__NR_write, fd, bytes, size); /* one write: files of the kernel take no second one */
  } while (r == -EINTR);
  sys(__NR_close, fd);
  return r < 0 ? r : r == (long)size ? 0 : -EIO;
}

/* Of struct statfs only its first word, the type, is of interest. */
static long is_procfs(long fd) {
  long facts[32] = {0}; /* 120 bytes, and then some */
  long r = sys(__NR_fstatfs, fd, facts);
  return r < 0 ? r : facts[0] == PROC_SUPER_MAGIC ? 0 : -EOPNOTSUPP;
}

/* Opens a file that is the kernel's own: in a real procfs, and nothing is mounted over it. */
static long open_proc(const char *path) {
  long proc = sys_open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
  if (proc < 0) return proc;
  long fd = is_procfs(proc);
  if (fd == 0) {
    struct open_how how = {
        .flags = O_WRONLY | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS,
    };
    fd = sys(__NR_openat2, proc, path, &how, sizeof how);
  }
  sys(__NR_close, proc);
  return fd;
}

static long write_descriptor(int fd, const char *bytes, uint32_t size) {
  long r;
  do {
    r = sys(__NR_write, fd, bytes, size);
  } while (r == -EINTR);
  return r < 0 ? r : r == (long)size ? 0 : -EIO;
}

/*
 * A process that is not dumpable, as we are not, has files of its own in /proc that belong to the
 * host's root. In a user namespace nobody is that: for the moment of the open we are dumpable. Who
 * could use it to trace us has all capabilities in the pod, or CAP_SYS_PTRACE.
 */
static long write_proc(const char *path, const char *bytes, uint32_t size) {
  long fd = open_proc(path);
  if (fd == -EACCES) {
    sys(__NR_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
    fd = open_proc(path);
    sys(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
  }
  if (fd < 0) return fd;
  long r = write_descriptor((int)fd, bytes, size);
  sys(__NR_close, fd);
  return r;
}

static long remove_directory(const char *path) {
  long r = 0;
  for (int i = 0; i < RMDIR_TRIES; i++) {
    r = sys(__NR_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
    if (r != -EBUSY) break;
    pause_ms(RMDIR_PAUSE_MS);
  }
  return r == -ENOENT ? 0 : r;
}

static long duplicate(int from, int to) {
  if (from == to) return sys(__NR_fcntl, from, F_SETFD, 0); /* only make it survive exec */
  long r;
  do {
    r = sys(__NR_dup3, from, to, 0);
  } while (r == -EINTR || r == -EBUSY);
  return r < 0 ? r : 0;
}

/* Gives what was opened its number; it does not survive an exec. */
static long put(long fd, int to) {
  if (fd < 0 || fd == to) return fd < 0 ? fd : 0;
  long r = sys(__NR_dup3, fd, to, O_CLOEXEC);
  sys(__NR_close, fd);
  return r < 0 ? r : 0;
}

/* A copy of the mount at a path and of all below it, which is mounted nowhere. */
static long open_tree(const char *path) {
  return sys(__NR_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
}

int taken_roots[MAX_APPS];

static long take_root(uint64_t app, long tree) {
  int root = own_fd((int)tree);
  if (tree >= 0) sys(__NR_close, tree);
  if (root < 0) return tree < 0 ? tree : root;
  taken_roots[app] = root;
  return 0;
}

static long move_mount(int fd, const char *path) {
  return sys(__NR_move_mount, fd, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH);
}

/* Every identity of a kind, and proof that all of them changed. */
static long set_ids(long set, long get, const uint64_t *w) {
  uint32_t real = 0, effective = 0, saved = 0;
  long r = sys(set, (uint32_t)w[0], (uint32_t)w[1], (uint32_t)w[2]);
  if (r == 0) r = sys(get, &real, &effective, &saved);
  if (r < 0) return r;
  return real == w[0] && effective == w[1] && saved == w[2] ? 0 : -EPERM;
}

static long set_bounding(uint64_t keep) {
  for (int cap = 0; cap < MAX_CAPS; cap++) {
    if (keep >> cap & 1) continue;
    long has = sys(__NR_prctl, PR_CAPBSET_READ, cap, 0, 0, 0);
    if (has < 0) break; /* past the last capability of this kernel */
    if (has == 0) continue;
    long r = sys(__NR_prctl, PR_CAPBSET_DROP, cap, 0, 0, 0);
    if (r < 0) return r;
    if (sys(__NR_prctl, PR_CAPBSET_READ, cap, 0, 0, 0) != 0) return -EPERM;
  }
  return 0;
}

static long set_caps(const uint64_t *w) {
  struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2], got[2];
  for (int i = 0; i < 2; i++) {
    data[i].effective = (uint32_t)(w[0] >> 32 * i);
    data[i].permitted = (uint32_t)(w[1] >> 32 * i);
    data[i].inheritable = (uint32_t)(w[2] >> 32 * i);
  }
  long r = sys(__NR_capset, &head, data);
  head.version = _LINUX_CAPABILITY_VERSION_3;
  if (r == 0) r = sys(__NR_capget, &head, got);
  if (r < 0) return r;
  for (int i = 0; i < 2; i++) {
    if (got[i].effective != data[i].effective || got[i].permitted != data[i].permitted ||
        got[i].inheritable != data[i].inheritable) {
      return -EPERM;
    }
  }
  return 0;
}

static long set_ambient(uint64_t mask) {
  long r = sys(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  for (int cap = 0; r == 0 && cap < MAX_CAPS; cap++) {
    if (mask >> cap & 1) r = sys(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
  }
  return r;
}

static long control(const uint64_t *w) {
  long r = sys(__NR_prctl, w[0], w[1], w[2], w[3], w[4]);
  if (r < 0) return r;
  if (w[0] == PR_SET_NO_NEW_PRIVS && sys(__NR_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) {
    return -EPERM;
  }
  return 0;
}

static long filter(uint64_t flags, const char *bytes, uint32_t size) {
  struct sock_fprog program = {(unsigned short)(size / 8), (struct sock_filter *)(uintptr_t)bytes};
  long r = sys(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  return r > 0 ? -ESRCH : r; /* with TSYNC: a thread that could not follow; we have none */
}

static long permit(long rules, int fd, uint64_t access) {
  struct landlock_path_beneath_attr beneath = {access, fd};
  return sys(__NR_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
}

/* These accesses only below the root that we have now, and to the files that are open as 0, 1, 2. */
static long restrict_to_root(uint64_t handled) {
  static const uint64_t OF_FILES = LANDLOCK_ACCESS_FS_WRITE_FILE | 1 << 14 /* truncate */;
  struct landlock_ruleset_attr attr = {.handled_access_fs = handled};
  long rules = sys(__NR_landlock_create_ruleset, &attr, sizeof attr.handled_access_fs, 0);
  if (rules < 0) return rules;
  long root = sys_open("/", O_PATH | O_DIRECTORY, 0);
  long r = root < 0 ? root : permit(rules, (int)root, handled);
  if (root >= 0) sys(__NR_close, root);
  for (int fd = 0; r == 0 && fd <= 2; fd++) {
    struct stat facts;
    if (sys(__NR_fstat, fd, &facts) < 0) continue;
    if ((facts.st_mode & S_IFMT) == S_IFDIR) continue; /* it would stand for all that is below */
    r = permit(rules, fd, handled & OF_FILES);
    if (r == -EBADFD) r = 0; /* a pipe or a socket: it has no path, and needs no rule */
  }
  if (r == 0) r = sys(__NR_landlock_restrict_self, rules, 0);
  sys(__NR_close, rules);
  return r;
}

/* Returns once somebody wrote a byte; the end without one means that the start was called off. */
static long wait_fifo(int fd, const char *path) {
  long from = fd;
  if (*path) from = sys_open(path, O_RDONLY, 0);
  if (from < 0) return from;
  char byte;
  long got = sys_read((int)from, &byte, 1);
  if (*path) sys(__NR_close, from);
  return got < 0 ? got : got == 0 ? -ECANCELED : 0;
}

static long new_keyring(void) {
  long r = sys(__NR_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
  return r == -ENOSYS || r > 0 ? 0 : r; /* a kernel without keys has no session keyring to leak */
}

/* Where the words of a program and of its environment begin. The filter is in force by now, and it
   may know no mmap: so few enough of them have their place without. */
static const char *few_words[4096];

static long execute(const struct record *r) {
  uint64_t argc = r->words[1], envc = r->words[2];
  const char **argv = few_words;
  if (argc + envc + 2 > sizeof few_words / sizeof *few_words) {
    size_t size = (argc + envc + 2) * sizeof(char *);
    long got = sys(__NR_mmap, 0, size, 3 /* read, write */, 0x22 /* private, anonymous */, -1, 0);
    if (got < 0 && got > -4096) return got;
    argv = (const char **)got;
  } else {
    argv[argc] = NULL;
    argv[argc + 1 + envc] = NULL;
  }
  const char **envp = argv + argc + 1;
  const char *candidate = skip(r->text, 2);
  const char *at = skip(candidate, r->words[0]);
  for (uint64_t i = 0; i < argc; i++, at = skip(at, 1)) argv[i] = at;
  for (uint64_t i = 0; i < envc; i++, at = skip(at, 1)) envp[i] = at;

  long error = -ENOENT;
  for (uint64_t i = 0; i < r->words[0]; i++, candidate = skip(candidate, 1)) {
    long e = sys(__NR_execve, candidate, argv, envp);
    if (e == -EACCES) {
      error = e; /* worth more to the reader than a later "not there" */
    } else if (e != -ENOENT && e != -ENOTDIR) {
      return e;
    }
  }
  return error;
}

long op_apply(const struct record *r) {
  const uint64_t *w = r->words;
  const char *path = skip(r->text, 2);
  switch (r->op) {
    case OP_MOUNT: {
      const char *target = skip(path, 1);
      const char *type = skip(target, 1);
      const char *data = skip(type, 1);
      return sys(__NR_mount, or_null(path), target, or_null(type), w[0], or_null(data));
    }
    case OP_UMOUNT: return sys(__NR_umount2, path, w[0]);
    case OP_MKDIR: return sys(__NR_mkdirat, AT_FDCWD, path, w[0]);
    case OP_RMDIR: return remove_directory(path);
    case OP_UNLINK: {
      long gone = sys(__NR_unlinkat, AT_FDCWD, path, 0);
      return gone == -ENOENT ? 0 : gone;
    }
    case OP_PIVOT: return pivot(path);
    case OP_CHROOT: {
      long in = sys(__NR_chroot, path);
      return in ? in : sys(__NR_chdir, "/");
    }
    case OP_CHDIR: {
      long there = sys(__NR_chdir, path);
      return there ? there : check_cwd();
    }
    case OP_FCHDIR: return sys(__NR_fchdir, w[0]);
    case OP_UNSHARE: return sys(__NR_unshare, w[0]);
    case OP_SETNS: return sys(__NR_setns, w[0], w[1]);
    case OP_WRITE_FD: return write_descriptor((int)w[0], r->blob, r->blob_size);
    case OP_WRITE_FILE: return write_path(path, r->blob, r->blob_size);
    case OP_SETSID: {
      long session = sys(__NR_setsid);
      return session < 0 ? session : 0;
    }
    case OP_CTTY: return sys(__NR_ioctl, w[0], TIOCSCTTY, 0);
    case OP_DUP: return duplicate((int)w[0], (int)w[1]);
    case OP_CLOSE_RANGE: return sys(__NR_close_range, (uint32_t)w[0], (uint32_t)w[1], w[2]);
    case OP_UMASK: sys(__NR_umask, w[0]); return 0;
    case OP_RLIMIT: return sys(__NR_prlimit64, 0, w[0], w + 1, NULL);
    case OP_SETGROUPS: return sys(__NR_setgroups, r->blob_size / 4, r->blob);
    case OP_SETRESGID: return set_ids(__NR_setresgid, __NR_getresgid, w);
    case OP_SETRESUID: return set_ids(__NR_setresuid, __NR_getresuid, w);
    case OP_BOUNDING: return set_bounding(w[0]);
    case OP_CAPSET: return set_caps(w);
    case OP_AMBIENT: return set_ambient(w[0]);
    case OP_PRCTL: return control(w);
    case OP_NEW_KEYRING: return new_keyring();
    case OP_SECCOMP: return filter(w[0], r->blob, r->blob_size);
    case OP_WAIT_FIFO: return wait_fifo((int)w[0], path);
    case OP_EXEC: return execute(r);
    case OP_LANDLOCK: return restrict_to_root(w[0]);
    case OP_OPEN: return put(sys_open(path, O_RDONLY, 0), (int)w[0]);
    case OP_OPEN_TREE: return put(open_tree(path), (int)w[0]);
    case OP_TAKE_ROOT: return take_root(w[0], open_tree(path));
    case OP_MOVE_MOUNT: return move_mount((int)w[0], path);
    case OP_WRITE_PROC: return write_proc(path, r->blob, r->blob_size);
    default: return -ENOSYS;
  }
}

/* Runs one op to its end. */
static long run_op(const struct record *r) {
  long done;
  do {
    done = op_apply(r);
  } while (done == -EINTR);
  return done;
}

uint32_t ops_run(const struct plan *plan, uint32_t at, struct record *failed, int *error) {
  *error = 0;
  while (plan_next(plan, at, failed) && failed->op >= OP_MOUNT && failed->op != OP_FORK) {
    long r = run_op(failed);
    if (r < 0) {
      *error = (int)-r;
      return at;
    }
    at = failed->next;
  }
  return at;
}

/* No input for a handler, and no output of a check, by the /dev of the app's own root. */
static long leave_stdio(enum role role) {
  long null = sys_open("/dev/null", O_RDWR, 0);
  long r = null;
  for (int i = 0; r >= 0 && i <= (role == CHECK ? 2 : 0); i++) r = sys(__NR_dup3, null, i, 0);
  return r < 0 ? r : 0;
}

/* Who is called off does not return: it is killed. */
static void await_turn(int *turn) {
  uint64_t events;
  if (*turn >= 0) sys_read(*turn, &events, sizeof events);
  *turn = -1;
}

void ops_run_process(const struct plan *plan, uint32_t at, struct process process, int root,
                     struct record *failed, int *error) {
  for (*error = 0; *error == 0 && plan_next(plan, at, failed) && failed->op >= OP_MOUNT;) {
    at = failed->next;
    if (failed->op == OP_WAIT_FIFO && !process.waits) continue;
    if (failed->op == OP_WAIT_FIFO) await_turn(&process.turn);
    long r = 0;
    if (process.role != APP) {
      /* The terminal is the app's: taken here, it would hang up when this process ends. */
      if (failed->op == OP_CTTY) continue;
      if (failed->op == OP_CLOSE_RANGE) r = leave_stdio(process.role);
      if (failed->op == OP_EXEC) plan_next(plan, process.exec, failed);
    }
    bool taken = failed->op == OP_MOVE_MOUNT && (int)failed->words[0] == -1;
    if (r == 0) r = taken ? move_mount(root, skip(failed->text, 2)) : run_op(failed);
    if (r < 0) *error = (int)-r;
  }
  await_turn(&process.turn);
}

uint32_t ops_skip(const struct plan *plan, uint32_t at) {
  struct record r;
  while (plan_next(plan, at, &r) && r.op >= OP_MOUNT) at = r.next;
  return at;
}
