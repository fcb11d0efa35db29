/* pod-init supervise: what `rkt run` becomes, in the host's namespaces. */
#include "event.h"
#include "modes.h"
#include "mux.h"
#include "notify.h"
#include "ops.h"
#include "relay.h"
#include "text.h"

struct seen {
  bool started, ended;
};

static struct seen apps[MAX_APPS];
static uint32_t names[MAX_APPS]; /* where each name is in the plan */
static uint32_t counters[MAX_APPS]; /* where the path of each OOM counter is, or 0 */
static uint32_t count;
static int directory_fd, status_fd;
static struct plan plan;
static int pod_status = -1;

/* One number in a file of the pod directory, all at once: a reader sees it whole or not at all. */
static void record(const char *directory, const char *name, const char *suffix, uint64_t value) {
  static const char DRAFT[] = "status/.new";
  struct text path, line;
  path.size = line.size = 0;
  add(&path, directory);
  add(&path, name);
  add(&path, suffix);
  path.bytes[path.size] = 0; /* a name has 200 bytes at most */
  add_number(&line, value);
  add(&line, "\n");
  long fd = sys(__NR_openat, directory_fd, DRAFT,
                O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  long r = fd;
  if (fd >= 0) {
    r = write_all((int)fd, line.bytes, line.size) ? 0 : -EIO;
    sys(__NR_close, fd);
  }
  if (r >= 0) r = sys(__NR_renameat, directory_fd, DRAFT, directory_fd, path.bytes);
  if (r < 0) complain("record the status of the pod", "errno ", -r);
}

static void record_start(uint32_t n, uint64_t when) {
  apps[n].started = true;
  record("status/", plan.base + names[n], ".started", when);
}

/* The number in the line "oom_kill N" of a file of the kernel; 0 if there is none. */
static uint64_t oom_kills(const char *path) {
  static const char LINE[] = "oom_kill ";
  char text[1024];
  long fd = sys_open(path, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return 0;
  long size = sys_read((int)fd, text, sizeof text - 1);
  sys(__NR_close, fd);
  if (size < 0) return 0;
  text[size] = 0;
  for (const char *line = text; *line;) {
    unsigned same = 0;
    while (LINE[same] && line[same] == LINE[same]) same++;
    if (!LINE[same]) {
      uint64_t number = 0;
      for (const char *p = line + same; *p >= '0' && *p <= '9'; p++) number = number * 10 + (uint64_t)(*p - '0');
      return number;
    }
    while (*line && *line++ != '\n') {
    }
  }
  return 0;
}

/* The status comes last: who finds it finds the rest. */
static void record_end(uint32_t n, uint64_t when, uint32_t code, uint32_t signal) {
  const char *name = plan.base + names[n];
  apps[n].ended = true;
  uint64_t kills = counters[n] ? oom_kills(plan.base + counters[n]) : 0;
  if (kills) record("status/", name, ".oom", kills);
  if (signal) record("status/", name, ".signal", signal);
  record("status/", name, ".exited", when);
  record("status/", name, "", code);
  mux_ended(n, code);
}

/* Copies the lines of a failure to stderr, without what could steer a terminal. */
static void show(uint32_t size) {
  char part[128];
  while (size > 0) {
    long got = sys_read(status_fd, part, size < sizeof part ? size : sizeof part);
    if (got <= 0) return;
    for (long i = 0; i < got; i++) {
      unsigned char c = (unsigned char)part[i];
      /* Above ASCII there are control characters too, and names of an image that hold them. */
      if ((c < ' ' && c != '\n') || c > '~') part[i] = '?';
    }
    write_all(2, part, (size_t)got);
    size -= (uint32_t)got;
  }
}

/* Takes every event that is there. False once no process holds the other end. */
static bool take_events(void) {
  struct event e;
  for (;;) {
    long got = sys_read(status_fd, &e, sizeof e);
    if (got == -EAGAIN) return true;
    if (got != sizeof e) return false; /* writes are whole events, so this is the end */
    if (e.type == EVENT_POD_EXITED) pod_status = (int)e.a;
    if (e.type == EVENT_FAILED) {
      show(e.text_size);
      if (pod_status < 0) pod_status = OWN_FAILURE;
    }
    if (e.type == EVENT_WARNING) show(e.text_size);
    if (e.app >= count) continue;
    if (e.type == EVENT_STARTED) {
      record_start(e.app, e.nanos);
    } else if (e.type == EVENT_EXITED) {
      record_end(e.app, e.nanos, e.a, e.b);
    } else if (e.type == EVENT_FAILED) {
      record_end(e.app, e.nanos, OWN_FAILURE, 0);
    } else if (e.type == EVENT_HEALTH) {
      record("status/", plan.base + names[e.app], ".health", e.a);
    }
  }
}

static void tell_if_ready(void) {
  for (uint32_t i = 0; i < count; i++) {
    if (!apps[i].started || notify_waits(i)) return;
  }
  notify_tell();
}

static void forward(int pid, int pidfd, int signal) {
  if (pidfd >= 0) {
    sys(__NR_pidfd_send_signal, pidfd, signal, NULL, 0);
  } else {
    sys(__NR_kill, pid, signal);
  }
  if (signal == SIGTSTP) relay_stop(); /* and CONT wakes all of us */
}

/* The lines of a failure are ours to write, so stderr stays; the app alone holds the rest. */
static void leave_stdio(void) {
  long null = sys_open("/dev/null", O_RDWR, 0);
  if (null < 0) return;
  sys(__NR_dup3, null, 0, 0);
  sys(__NR_dup3, null, 1, 0);
  sys(__NR_close, null);
}

static void clean(uint32_t at) {
  struct record r;
  for (; plan_next(&plan, at, &r); at = r.next) {
    if (r.op < OP_MOUNT) continue;
    long done = op_apply(&r);
    if (done < 0) failure_send(-1, 2, EVENT_FAILED, THE_POD, &r, (int)-done); /* the rest may still succeed */
  }
}

/* What apps have said since notify_poll filled the entries. */
static void take_words(struct pollfd *fds) {
  for (uint32_t app; notify_take(fds, &app);) record("status/", plan.base + names[app], ".ready", 1);
}

/* Of two times to wait, where -1 is for ever. */
static int64_t sooner(int64_t a, int64_t b) { return a < 0 || (b >= 0 && b < a) ? b : a; }

void run_supervise(int fd) {
  sys(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
  plan = plan_open(fd, OP_SUPERVISE);
  sys(__NR_close, fd);
  block_signals();
  int signals = signal_fd();
  struct record r;
  plan_next(&plan, PLAN_FIRST, &r);
  int pid = (int)r.words[0], pidfd = (int)r.words[1], lifeline = (int)r.words[2];
  status_fd = (int)r.words[3];
  directory_fd = (int)r.words[4];
  int tty = (int)r.words[6], pty = (int)r.words[7];
  uint32_t at = r.next;
  for (; plan_next(&plan, at, &r) && r.op != OP_CLEANUP; at = r.next) {
    if (r.op == OP_APP) names[count++] = (uint32_t)(r.text - plan.base);
    if (r.op == OP_STREAM) mux_add(count - 1, plan.base + names[count - 1], &r);
    if (r.op == OP_NOTIFY) notify_add(count - 1, &r);
    if (r.op == OP_OOM_COUNTER) counters[count - 1] = (uint32_t)(skip(r.text, 2) - plan.base);
  }
  if (pid <= 1 || signals < 0) {
    complain("supervise the pod", "the plan names no process", -1);
    quit(OWN_FAILURE);
  }
  sys(__NR_fcntl, status_fd, F_SETFL, O_RDONLY | O_NONBLOCK);
  sys(__NR_mkdirat, directory_fd, "status", 0700);
  for (uint32_t i = 0; i < count; i++) {
    if (notify_waits(i)) record("status/", plan.base + names[i], ".ready", 0);
  }
  mux_open(directory_fd);
  /* From here on no signal is lost: the apps that wait for that may start. */
  for (uint32_t i = 0; i < count; i++) write_all(lifeline, "!", 1);
  sys(__NR_chdir, "/"); /* hold no directory that somebody wants to unmount */
  relay_open(tty, pty);
  if (tty < 0) leave_stdio();

  int ended = SIGKILL; /* unless it is told otherwise */
  bool gone = false, events = true, collected = false;
  while (!gone) {
    int status;
    for (long got; !gone && (got = sys_wait(&status, WNOHANG)) != 0;) {
      if (got == pid) ended = status, collected = true;
      if (got == pid || (got < 0 && !events)) gone = true;
      if (got < 0) break;
    }
    if (gone) break;
    tell_if_ready();
    static struct pollfd fds[4 + MUX_FDS + MAX_APPS];
    fds[0] = (struct pollfd){signals, POLLIN, 0};
    fds[1] = (struct pollfd){events ? status_fd : -1, POLLIN, 0};
    relay_poll(fds + 2);
    unsigned more = mux_poll(fds + 4);
    struct pollfd *said = fds + 4 + more;
    unsigned askers = notify_poll(said);
    int64_t timeout = sooner(mux_timeout(), sooner(relay_timeout(), notify_timeout()));
    if (sys_poll(fds, 4 + more + askers, timeout) < 0) continue;
    relay_move(fds + 2);
    mux_move(fds + 4);
    take_words(said);
    if (fds[1].revents) events = take_events();
    for (int s; fds[0].revents && (s = next_signal(signals)) != 0;) {
      if (forwarded(s) && !relay_signal(s)) forward(pid, pidfd, s);
    }
  }
  if (events) take_events();
  static struct pollfd last[MAX_APPS]; /* nobody is left who could say more than is there */
  for (unsigned askers; (askers = notify_poll(last)) != 0 && sys_poll(last, askers, 0) > 0;) take_words(last);
  tell_if_ready();
  relay_close();

  /* A shell that became us may have collected it already: then only what it said is known. */
  uint32_t killed = collected || pod_status < 0 ? (uint32_t)signal_of(ended) : 0;
  if (killed || pod_status < 0) pod_status = status_of(ended);
  uint64_t now = now_nanos();
  for (uint32_t i = 0; i < count; i++) { /* PID 1 took them along before it could tell */
    if (apps[i].started && !apps[i].ended) record_end(i, now, 128 + SIGKILL, SIGKILL);
  }
  mux_close(directory_fd);
  clean(at);
  if (killed) record("exit-signal", "", "", killed);
  record("exited", "", "", now_nanos());
  record("exit-status", "", "", (uint64_t)pod_status);
  quit(pod_status);
}
