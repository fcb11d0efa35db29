#include "plan.h"
#include "text.h"

/* What each op carries: words, then strings (after WHAT and FIX), then bytes (their count is the
   last word). EXEC counts its strings itself. */
struct shape {
  uint8_t words, strings, blob;
};

enum { SECTION = 128 }; /* in strings: a section has no WHAT and FIX */

static const struct shape SHAPES[OP_END] = {
    [OP_INIT] = {4, SECTION, 0},     [OP_APP] = {1, SECTION + 1, 0},
    [OP_SUPERVISE] = {8, SECTION, 0}, [OP_ENTER] = {2, SECTION, 0},
    [OP_CLEANUP] = {0, SECTION, 0},  [OP_HOST] = {4, SECTION, 0},
    [OP_ATTACH] = {4, SECTION + 1, 0}, [OP_PRE_START] = {0, SECTION, 0},
    [OP_POST_STOP] = {0, SECTION, 0}, [OP_HEALTH] = {5, SECTION, 0},
    [OP_HOLD] = {2, SECTION, 0},
    [OP_MOUNT] = {1, 2 + 4, 0},
    [OP_UMOUNT] = {1, 2 + 1, 0},     [OP_MKDIR] = {1, 2 + 1, 0},
    [OP_RMDIR] = {0, 2 + 1, 0},      [OP_UNLINK] = {0, 2 + 1, 0},
    [OP_PIVOT] = {0, 2 + 1, 0},      [OP_CHROOT] = {0, 2 + 1, 0},
    [OP_CHDIR] = {0, 2 + 1, 0},      [OP_FCHDIR] = {1, 2, 0},
    [OP_UNSHARE] = {1, 2, 0},        [OP_SETNS] = {2, 2, 0},
    [OP_WRITE_FD] = {2, 2, 1},       [OP_WRITE_FILE] = {1, 2 + 1, 1},
    [OP_SETSID] = {0, 2, 0},         [OP_CTTY] = {1, 2, 0},
    [OP_DUP] = {2, 2, 0},            [OP_CLOSE_RANGE] = {3, 2, 0},
    [OP_UMASK] = {1, 2, 0},          [OP_RLIMIT] = {3, 2, 0},
    [OP_SETGROUPS] = {1, 2, 1},      [OP_SETRESGID] = {3, 2, 0},
    [OP_SETRESUID] = {3, 2, 0},      [OP_BOUNDING] = {1, 2, 0},
    [OP_CAPSET] = {3, 2, 0},         [OP_AMBIENT] = {1, 2, 0},
    [OP_PRCTL] = {5, 2, 0},          [OP_NEW_KEYRING] = {0, 2, 0},
    [OP_SECCOMP] = {2, 2, 1},        [OP_WAIT_FIFO] = {1, 2 + 1, 0},
    [OP_EXEC] = {3, 2, 0},           [OP_OOM_COUNTER] = {0, 2 + 1, 0},
    [OP_STREAM] = {2, 2, 0},         [OP_FORK] = {1, 2, 0},
    [OP_LANDLOCK] = {1, 2, 0},       [OP_WRITE_PROC] = {1, 2 + 1, 1},
    [OP_OPEN] = {1, 2 + 1, 0},       [OP_OPEN_TREE] = {1, 2 + 1, 0},
    [OP_MOVE_MOUNT] = {1, 2 + 1, 0}, [OP_NOTIFY] = {2, 2, 0},
    [OP_TAKE_ROOT] = {1, 2 + 1, 0},
};

__attribute__((noreturn)) static void refuse(const char *why, int64_t at) {
  complain("use the launch plan", why, at);
  quit(OWN_FAILURE);
}

static uint32_t u32_at(const char *p) { return *(const uint32_t *)(const void *)p; }

/* Reads the record at `at`; false at the end of the plan. Every bound is checked here. */
bool plan_next(const struct plan *plan, uint32_t at, struct record *out) {
  if (at == plan->size) return false;
  if (plan->size - at < 8) refuse("cut record at ", at);
  const char *head = plan->base + at;
  uint32_t op = u32_at(head);
  uint32_t size = u32_at(head + 4);
  uint32_t room = plan->size - at - 8;
  if (size > room || ((size + 7) & ~7u) > room) refuse("a record longer than the plan at ", at);
  if (op >= OP_END || (SHAPES[op].words | SHAPES[op].strings) == 0) refuse("unknown op at ", at);
  struct shape shape = SHAPES[op];
  if (size < shape.words * 8u) refuse("a record too short for its op at ", at);

  const uint64_t *words = (const uint64_t *)(const void *)(head + 8);
  const char *text = head + 8 + shape.words * 8u;
  const char *end = head + 8 + size;
  uint64_t blob = shape.blob ? words[shape.words - 1] : 0;
  if (blob > (uint64_t)(end - text)) refuse("bytes longer than their record at ", at);
  const char *text_end = end - blob;
  uint64_t strings = shape.strings & (SECTION - 1);
  if (op == OP_EXEC) {
    if (words[0] > MAX_PLAN || words[1] > MAX_PLAN || words[2] > MAX_PLAN) {
      refuse("impossible counts at ", at);
    }
    strings += words[0] + words[1] + words[2];
  }
  uint64_t found = 0;
  for (const char *p = text; p < text_end; p++) found += *p == 0;
  if (found != strings || (text_end > text && text_end[-1] != 0)) {
    refuse("wrong number of strings at ", at);
  }
  for (const char *p = end; p < head + 8 + ((size + 7) & ~7u); p++) {
    if (*p) refuse("padding that is not zero at ", at);
  }
  *out = (struct record){op, at, at + 8 + ((size + 7) & ~7u), (uint32_t)blob, words, text, text_end};
  return true;
}

const char *skip(const char *text, uint64_t strings) {
  while (strings--) text += length(text) + 1;
  return text;
}

/* A name that becomes a file name of the pod directory. */
static void check_name(const char *name, uint32_t at) {
  size_t size = length(name);
  if (size == 0 || size > 200) refuse("unusable app name at ", at);
  for (size_t i = 0; i < size; i++) {
    if (name[i] == '/' || name[i] == '.' || name[i] <= ' ' || name[i] > '~') refuse("unusable app name at ", at);
  }
}

static void check_values(const struct record *r) {
  const uint64_t *w = r->words;
  switch (r->op) {
    case OP_DUP:
      if (w[1] >= OWN_FDS) refuse("dup onto a reserved descriptor at ", r->at);
      break;
    case OP_OPEN:
    case OP_OPEN_TREE:
      if (w[0] >= OWN_FDS) refuse("open onto a reserved descriptor at ", r->at);
      break;
    case OP_CLOSE_RANGE:
      if (w[2] != CLOSE_RANGE_CLOEXEC && (w[2] != 0 || w[1] >= OWN_FDS)) {
        refuse("close of reserved descriptors at ", r->at);
      }
      break;
    case OP_SETGROUPS:
      if (r->blob_size % 4) refuse("cut list of groups at ", r->at);
      break;
    case OP_SECCOMP:
      if (r->blob_size == 0 || r->blob_size % 8 || r->blob_size / 8 > 0xffff) {
        refuse("unusable filter at ", r->at);
      }
      break;
    case OP_LANDLOCK:
      if (w[0] == 0) refuse("Landlock for no access at ", r->at);
      break;
    case OP_WRITE_PROC: {
      const char *path = skip(r->text, 2);
      if (*path == 0 || *path == '/') refuse("a path that is not relative to /proc at ", r->at);
      break;
    }
    case OP_EXEC:
      if (w[0] == 0 || w[1] == 0) refuse("exec of nothing at ", r->at);
      break;
    case OP_STREAM:
      if (w[0] > 3 || w[1] > 0x7fffffff) refuse("impossible stream at ", r->at);
      break;
    case OP_NOTIFY:
      if (w[0] + 1 > 0x80000000 || w[1] + 1 > 0x80000000 || (w[0] & w[1]) == ~(uint64_t)0) {
        refuse("impossible notification at ", r->at);
      }
      break;
    case OP_TAKE_ROOT:
      if (w[0] >= MAX_APPS) refuse("no place of an app at ", r->at);
      break;
    case OP_ATTACH:
      check_name(r->text, r->at);
      break;
    case OP_CHDIR:
    case OP_PIVOT:
    case OP_CHROOT:
    case OP_OOM_COUNTER:
      if (*skip(r->text, 2) != '/') refuse("a path that is not absolute at ", r->at);
      break;
    default:
      break;
  }
}

struct place {
  bool in_app, in_handler, in_cleanup;
  bool complete; /* the app or handler has its EXEC, or needs none */
};

/* What the supervisor is to know of an app. */
static bool is_kept(uint32_t op) {
  return op == OP_STREAM || op == OP_OOM_COUNTER || op == OP_NOTIFY;
}

static bool belongs(uint32_t op, enum op mode, struct place here) {
  if (here.in_handler) return op == OP_EXEC && !here.complete;
  if (mode == OP_ATTACH) return false;
  if (op == OP_TAKE_ROOT) return mode == OP_INIT && !here.in_app;
  if (mode != OP_SUPERVISE) return !is_kept(op) && !(here.in_app && here.complete);
  return here.in_cleanup ? op != OP_EXEC && !is_kept(op) : here.in_app && is_kept(op);
}

/* The order of sections, and that no app starts with descriptors that no op names. */
static void check(const struct plan *plan, enum op mode) {
  struct record r;
  uint32_t apps = 0, handlers = 0;
  struct place here = {.complete = true};
  bool sealed = false, forks = false;
  bool runs_apps = mode == OP_INIT || mode == OP_HOST;
  for (uint32_t at = PLAN_FIRST; plan_next(plan, at, &r); at = r.next) {
    check_values(&r);
    if (at == PLAN_FIRST) {
      if (r.op != (uint32_t)mode) refuse("it is for another mode", -1);
    } else if (r.op == OP_APP) {
      if (!here.complete || here.in_cleanup || mode == OP_ATTACH || mode == OP_HOLD) {
        refuse("misplaced app at ", at);
      }
      if (++apps > MAX_APPS) refuse("too many apps", -1);
      if (r.words[0] > 64) refuse("impossible signal at ", at);
      check_name(r.text, at);
      here = (struct place){.in_app = true, .complete = mode == OP_SUPERVISE};
      handlers = 0;
      sealed = false;
    } else if (r.op == OP_CLEANUP) {
      if (mode != OP_SUPERVISE || here.in_cleanup) refuse("misplaced cleanup at ", at);
      here.in_cleanup = true;
    } else if (r.op >= OP_PRE_START && r.op <= OP_HEALTH) {
      bool again = handlers >> r.op & 1;
      if (!runs_apps || !here.in_app || !here.complete || again) refuse("misplaced handler at ", at);
      handlers |= 1u << r.op;
      here.in_handler = true; /* the app's ops, with another EXEC at their end */
      here.complete = false;
    } else if (r.op < OP_MOUNT) {
      refuse("misplaced section at ", at);
    } else if (!belongs(r.op, mode, here)) {
      refuse("misplaced op at ", at);
    } else if (r.op == OP_FORK) {
      if (mode != OP_INIT || here.in_app || forks) refuse("misplaced fork at ", at);
      forks = true;
    } else if (mode == OP_HOLD && r.op == OP_EXEC) {
      refuse("misplaced op at ", at);
    } else if (r.op == OP_EXEC) {
      bool closes = sealed || here.in_handler;
      if (!here.in_app || !closes) refuse("exec without CLOSE_RANGE(3, ~0, CLOEXEC) at ", at);
      here.complete = true;
    } else if (r.op == OP_CLOSE_RANGE) {
      sealed = r.words[0] == 3 && (uint32_t)r.words[1] == ~0u && r.words[2] == CLOSE_RANGE_CLOEXEC;
    } else if (r.op != OP_SECCOMP) {
      sealed = false;
    }
  }
  if (!here.complete) refuse("the last app has no exec", -1);
  if ((runs_apps || mode == OP_ENTER) && apps == 0) refuse("no app", -1);
  if (mode == OP_ENTER && apps != 1) refuse("not one process to enter with", -1);
}

struct plan plan_open(int fd, enum op mode) {
  static const char MAGIC[8] = {'R', 'K', 'T', 'P', 'L', 'A', 'N', 1};
  long size = sys(__NR_lseek, fd, 0, 2 /* SEEK_END */);
  if (size < 0) refuse("no plan on descriptor ", fd);
  if (size <= PLAN_FIRST || size > MAX_PLAN || size % 8) refuse("impossible size ", size);
  long base = sys(__NR_mmap, 0, size, 1 /* PROT_READ */, 2 /* MAP_PRIVATE */, fd, 0);
  if (base < 0 && base > -4096) refuse("mmap failed with errno ", -base);
  struct plan plan = {(const char *)base, (uint32_t)size};
  for (unsigned i = 0; i < sizeof MAGIC; i++) {
    if (plan.base[i] != MAGIC[i]) refuse("not a plan of version 1", -1);
  }
  if (u32_at(plan.base + 8) != plan.size) refuse("its length differs from its size ", size);
  if (u32_at(plan.base + 12) != 0) refuse("reserved bytes are set", -1);
  check(&plan, mode);
  return plan;
}
