/* The launch plan, version 1: spec/launch-plan.md */
#ifndef POD_INIT_PLAN_H
#define POD_INIT_PLAN_H

#include "sys.h"

enum op {
  OP_INIT = 1,
  OP_APP = 2,
  OP_SUPERVISE = 3,
  OP_ENTER = 4,
  OP_CLEANUP = 5,
  OP_HOST = 6,
  OP_ATTACH = 7,
  OP_PRE_START = 8,
  OP_POST_STOP = 9,
  OP_HEALTH = 10,
  OP_HOLD = 11,
  OP_MOUNT = 16,
  OP_UMOUNT = 17,
  OP_MKDIR = 18,
  OP_RMDIR = 19,
  OP_UNLINK = 20,
  OP_PIVOT = 21,
  OP_CHROOT = 22,
  OP_CHDIR = 23,
  OP_FCHDIR = 24,
  OP_UNSHARE = 25,
  OP_SETNS = 26,
  OP_WRITE_FD = 27,
  OP_WRITE_FILE = 28,
  OP_SETSID = 29,
  OP_CTTY = 30,
  OP_DUP = 31,
  OP_CLOSE_RANGE = 32,
  OP_UMASK = 33,
  OP_RLIMIT = 34,
  OP_SETGROUPS = 35,
  OP_SETRESGID = 36,
  OP_SETRESUID = 37,
  OP_BOUNDING = 38,
  OP_CAPSET = 39,
  OP_AMBIENT = 40,
  OP_PRCTL = 41,
  OP_NEW_KEYRING = 42,
  OP_SECCOMP = 43,
  OP_WAIT_FIFO = 44,
  OP_EXEC = 45,
  OP_OOM_COUNTER = 46,
  OP_STREAM = 47,
  OP_FORK = 48,
  OP_LANDLOCK = 49,
  OP_WRITE_PROC = 50,
  OP_OPEN = 51,
  OP_OPEN_TREE = 52,
  OP_MOVE_MOUNT = 53,
  OP_NOTIFY = 54,
  OP_TAKE_ROOT = 55,
  OP_END = 56,
};

enum { MAX_APPS = 256, MAX_PLAN = 16 << 20 };

/* One record, pointing into the plan. */
struct record {
  uint32_t op;
  uint32_t at;             /* where it starts in the plan */
  uint32_t next;           /* where the next one starts */
  uint32_t blob_size;
  const uint64_t *words;   /* as many as the op has */
  const char *text;        /* its NUL-terminated strings, in a row */
  const char *blob;
};

struct plan {
  const char *base;
  uint32_t size;
};

/* Maps and checks the whole plan; ends the process with 254 if it is not one for this mode. */
struct plan plan_open(int fd, enum op mode);
bool plan_next(const struct plan *plan, uint32_t at, struct record *out);
/* The string after that many strings. */
const char *skip(const char *text, uint64_t strings);

static const uint32_t PLAN_FIRST = 16;

#endif
