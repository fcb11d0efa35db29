/* pod-init init: PID 1 of the pod. pod-init host: its like for a pod in the host's pid namespace. */
#include "event.h"
#include "health.h"
#include "modes.h"
#include "ops.h"
#include "text.h"

/*
 * AHEAD: its first process gets ready to wait for its turn. LOST: that was killed before its turn came.
 * PREPARING: its pre-start handler runs. STOPPED: it has ended, and its post-stop handler runs.
 */
enum state { WAITING, AHEAD, LOST, PREPARING, STARTING, RUNNING, STOPPED, FAILED, ENDED };

/* So many apps get ready while another one starts: what they do by then waits for the kernel as well. */
enum { MOST_AHEAD = 8 };

struct app {
  int pid;     /* 0 when there is no process */
  int handler; /* the pid of its event handler, or 0 */
  uint16_t stop_signal;
  uint16_t state;
  uint32_t at;                   /* its ops in the plan */
  const char *name;              /* in the plan: only while that is kept */
  uint32_t pre_start, post_stop; /* the EXEC of each, or 0 */
  int64_t deadline;              /* when the post-stop handler is ended */
  int turn, ready;               /* AHEAD: its turn is told by one, the other tells of its exec */
  int status;                    /* LOST: how it ended */
};

/* Pages of this that no app needs are never touched. */
static struct app apps[MAX_APPS];
static struct health healths[MAX_APPS];
static uint32_t count, next_app, next_ahead; /* those between the two are AHEAD or LOST */
static int status_fd, lifeline_fd, signals_fd, ready_fd = -1;
static int pod_status;
static bool failed, stopping, asked; /* asked: the apps have had their stop signal */
static bool more;                    /* there may be more dead children to collect */
static bool keeps;                   /* handlers or checks will run: what they need is kept */
static bool in_host;                 /* not PID 1 */
static uint32_t grace_ms;
static int64_t deadline = INT64_MAX; /* of the apps that were asked because another one failed */
static struct plan plan;

/* A root ends with its app only if nobody else has it. */
static void drop_root(uint32_t n) {
  if (taken_roots[n]) sys(__NR_close, taken_roots[n]);
  taken_roots[n] = 0;
}

static void child(uint32_t n, struct process process, int ready) {
  static const uint64_t FRESH[4], NONE;
  for (uint32_t i = 0; i < count; i++) {
    if (i != n) drop_root(i);
  }
  for (int s = 1; s <= 64; s++) sys(__NR_rt_sigaction, s, FRESH, NULL, 8);
  sys(__NR_rt_sigprocmask, SIG_SETMASK, &NONE, NULL, 8);
  struct record r;
  int error;
  ops_run_process(&plan, apps[n].at, process, taken_roots[n] ? taken_roots[n] : -1, &r, &error);
  bool fatal = ready >= 0;
  if (fatal || !healths[n].checked || process.role == HANDLER) {
    failure_send(status_fd, 2, fatal ? EVENT_FAILED : EVENT_WARNING, n, &r, error);
  }
  /* After the event: the supervisor reads in order. */
  if (fatal) write_all(ready, "!", 1);
  quit(OWN_FAILURE);
}

/* Nothing starts any more; who waits for a turn has not begun, and nobody is told of it. */
static void stop_starting(void) {
  stopping = true;
  for (uint32_t i = next_app; i < next_ahead; i++) {
    if (apps[i].pid) sys(__NR_kill, apps[i].pid, SIGKILL);
    if (apps[i].handler) sys(__NR_kill, apps[i].handler, SIGKILL);
  }
}

static void signal_apps(int signal) {
  for (uint32_t i = 0; i < next_app; i++) {
    struct app *app = &apps[i];
    if (app->state == PREPARING && app->handler) sys(__NR_kill, app->handler, signal);
    if (app->pid == 0) continue;
    int s = signal;
    if (signal == SIGTERM) s = app->stop_signal;
    /* The default action of TSTP does nothing to a session without a terminal's job control. */
    if (signal == SIGTSTP) s = SIGSTOP;
    sys(__NR_kill, app->pid, s);
  }
}

/* The first failure ends the pod: the other apps are asked to stop, and after a while made to. */
static void fail(int status) {
  if (failed) return;
  failed = true;
  pod_status = status;
  stop_starting();
  deadline = monotonic_ms() + grace_ms;
  if (!asked) signal_apps(SIGTERM); /* to many programs a second one means at once */
}

/* The app's life is over; what comes after it may still run. */
static void finish(uint32_t n, enum state state) {
  struct app *app = &apps[n];
  app->state = (uint16_t)state;
  if (healths[n].exec) health_end(&healths[n]);
  if (!app->post_stop) return;
  long r = sys_fork();
  if (r == 0) child(n, (struct process){HANDLER, app->post_stop, false, -1}, -1);
  if (r < 0) return;
  app->state = STOPPED;
  app->handler = (int)r;
  app->deadline = monotonic_ms() + grace_ms;
}

/* Forks the app, or its pre-start handler; a pipe, `ready`, tells whether it reached its exec. */
static long fork_process(uint32_t n, struct process process, int *ready) {
  int ends[2];
  long r = sys(__NR_pipe2, ends, O_CLOEXEC);
  if (r < 0) return r;
  int ready_write = own_fd(ends[1]);
  *ready = own_fd(ends[0]);
  sys(__NR_close, ends[0]);
  sys(__NR_close, ends[1]);
  r = sys_fork();
  if (r == 0) {
    sys(__NR_close, *ready);
    child(n, process, ready_write);
  }
  sys(__NR_close, ready_write);
  if (r < 0) {
    sys(__NR_close, *ready);
    *ready = -1;
  }
  return r;
}

static void start(uint32_t n, struct process process) {
  struct app *app = &apps[n];
  long r = fork_process(n, process, &ready_fd);
  if (r < 0) {
    struct record none = {.text = "start a process for an app\0", .at = app->at};
    failure_send(status_fd, 2, EVENT_FAILED, n, &none, (int)-r);
    app->state = FAILED;
    fail(OWN_FAILURE);
    return;
  }
  if (process.role == APP) {
    app->pid = (int)r;
    app->state = STARTING;
  } else {
    app->handler = (int)r;
    app->state = PREPARING;
  }
}

static struct process first_process(uint32_t n, int turn) {
  uint32_t handler = apps[n].pre_start;
  return (struct process){handler ? HANDLER : APP, handler, true, turn};
}

/* Whether the app waits for the supervisor, and so can wait for its turn. */
static bool can_wait(uint32_t n) {
  struct record r;
  for (uint32_t at = apps[n].at; plan_next(&plan, at, &r) && r.op >= OP_MOUNT; at = r.next) {
    if (r.op == OP_WAIT_FIFO) return true;
  }
  return false;
}

/* Forks the next ones, which get ready side by side. One that cannot be forked is in its turn. */
static void start_ahead(void) {
  while (next_ahead < count && next_ahead < next_app + MOST_AHEAD && can_wait(next_ahead)) {
    struct app *app = &apps[next_ahead];
    int event = (int)sys(__NR_eventfd2, 0, O_CLOEXEC);
    int turn = own_fd(event);
    if (event >= 0) sys(__NR_close, event);
    if (turn < 0) return;
    long pid = fork_process(next_ahead, first_process(next_ahead, turn), &app->ready);
    if (pid < 0) {
      sys(__NR_close, turn);
      return;
    }
    app->turn = turn;
    app->state = AHEAD;
    if (app->pre_start) {
      app->handler = (int)pid;
    } else {
      app->pid = (int)pid;
    }
    next_ahead++;
  }
}

static void finish_start(void);
static void finish_app(uint32_t n, int status);
static void finish_handler(uint32_t n, int status);

static void start_next(void) {
  uint32_t n = next_app++;
  struct app *app = &apps[n];
  if (next_ahead < next_app) next_ahead = next_app;
  if (app->state == WAITING) {
    start(n, first_process(n, -1));
    return;
  }
  bool lost = app->state == LOST;
  app->state = app->pre_start ? PREPARING : STARTING;
  ready_fd = app->ready;
  uint64_t now = 1;
  write_all(app->turn, &now, sizeof now);
  sys(__NR_close, app->turn);
  if (!lost) return;
  finish_start();
  if (app->pre_start) {
    finish_handler(n, app->status);
  } else {
    finish_app(n, app->status);
  }
}

static bool is_starting(void) {
  return next_app > 0 &&
         (apps[next_app - 1].state == PREPARING || apps[next_app - 1].state == STARTING);
}

/* The pipe of the process being started ended (exec closed it) or brought the byte of a failure. */
static void finish_start(void) {
  uint32_t n = next_app - 1;
  char byte;
  long got = sys_read(ready_fd, &byte, 1);
  sys(__NR_close, ready_fd);
  ready_fd = -1;
  drop_root(n);
  if (got == 1) {
    fail(OWN_FAILURE);
    finish(n, FAILED);
  } else if (apps[n].state == STARTING) {
    apps[n].state = RUNNING;
    event_send(status_fd, EVENT_STARTED, n, (uint32_t)apps[n].pid, 0);
    if (healths[n].exec) {
      health_begin(&healths[n]);
      event_send(status_fd, EVENT_HEALTH, n, HEALTH_STARTING, 0);
    }
  }
}

/* "…its pre-start handler exited with 3" */
static void add_end(struct text *line, const char *which, int status) {
  add(line, "its ");
  add(line, which);
  add(line, signal_of(status) ? " handler was ended by signal " : " handler exited with ");
  add_number(line, (uint64_t)(signal_of(status) ? signal_of(status) : status_of(status)));
  add(line, "\n");
}

static void begin_line(struct text *line, const char *verb, const char *app) {
  line->size = 0;
  add(line, verb);
  add(line, app);
  add(line, "\": ");
}

/* An event handler has ended. */
static void finish_handler(uint32_t n, int status) {
  struct app *app = &apps[n];
  struct text line;
  app->handler = 0;
  if (app->state == STOPPED) {
    app->state = ENDED;
    if (status_of(status) == 0 || status_of(status) == OWN_FAILURE) return; /* told already */
    begin_line(&line, "warning: app \"", app->name);
    add_end(&line, "post-stop", status);
    event_text(status_fd, EVENT_WARNING, n, 0, 0, &line);
    return;
  }
  if (app->state != PREPARING) return; /* it could not be started, and that is told */
  if (stopping) {
    finish(n, ENDED);
  } else if (status_of(status) != 0) {
    begin_line(&line, "run: cannot start app \"", app->name);
    add_end(&line, "pre-start", status);
    event_text(status_fd, EVENT_FAILED, n, app->pre_start, 0, &line);
    fail(OWN_FAILURE);
    finish(n, FAILED);
  } else {
    start(n, (struct process){APP, 0, false, -1});
  }
}

static void finish_app(uint32_t n, int status) {
  struct app *app = &apps[n];
  app->pid = 0;
  if (app->state != RUNNING) return; /* FAILED: told already */
  int code = status_of(status);
  event_send(status_fd, EVENT_EXITED, n, (uint32_t)code, (uint32_t)signal_of(status));
  if (code != 0) fail(code);
  finish(n, ENDED);
}

static void finish_check(uint32_t n, int status) {
  struct health *h = &healths[n];
  if (health_checked(h, status_of(status)) && apps[n].state == RUNNING) {
    event_send(status_fd, EVENT_HEALTH, n, h->state, 0);
  }
  if (apps[n].state != RUNNING) health_end(h);
}

/* Whose process it was, if any app's. */
static void on_end(int pid, int status) {
  for (uint32_t n = next_app; n < next_ahead; n++) {
    struct app *app = &apps[n];
    if (app->pid != pid && app->handler != pid) continue;
    app->pid = app->handler = 0;
    app->state = LOST;
    app->status = status;
    return;
  }
  for (uint32_t n = 0; n < next_app; n++) {
    struct app *app = &apps[n];
    if (app->pid == pid || app->handler == pid) {
      if (ready_fd >= 0 && n == next_app - 1) finish_start();
    }
    if (app->pid == pid) return finish_app(n, status);
    if (app->handler == pid) return finish_handler(n, status);
    if (healths[n].pid == pid) return finish_check(n, status);
  }
}

/* A flood of dying orphans must not keep us from a signal or a deadline for longer than this. */
enum { REAP_AT_ONCE = 1024 };

/* Collects dead children, ours or adopted. False when there is none left at all. */
static bool reap(int options) {
  int status;
  for (int i = 0; i < REAP_AT_ONCE; i++) {
    long pid = sys_wait(&status, options);
    if (pid <= 0) return pid == 0;
    on_end((int)pid, status);
    if (options == 0) return true;
  }
  more = true;
  return true;
}

/*
 * In the host's pid namespace: ends our children, among whom the kernel puts every descendant whose
 * parent is gone, until there is none. False if the kernel does not tell who they are.
 */
static bool end_descendants(void) {
  struct text path = {0};
  add(&path, "/proc/self/task/");
  add_number(&path, (uint64_t)sys(__NR_getpid));
  add(&path, "/children");
  path.bytes[path.size] = 0;
  long fd = sys_open(path.bytes, O_RDONLY, 0);
  if (fd < 0) return false;
  char part[512];
  int pid = 0;
  for (long got; (got = sys_read((int)fd, part, sizeof part)) > 0;) {
    for (long i = 0; i < got; i++) {
      if (part[i] >= '0' && part[i] <= '9') {
        pid = pid * 10 + (part[i] - '0');
      } else {
        if (pid > 1) sys(__NR_kill, pid, SIGKILL);
        pid = 0;
      }
    }
  }
  sys(__NR_close, fd);
  return true;
}

__attribute__((noreturn)) static void end_pod(void) {
  for (uint32_t i = 0; i < next_app; i++) {
    if (apps[i].pid) sys(__NR_kill, apps[i].pid, SIGKILL);
  }
  next_app = next_ahead = 0; /* what ends from here on is told to nobody */
  if (!in_host) {
    /* One atomic sweep: a process that forks meanwhile is killed with its child or before it. */
    sys(__NR_kill, -1, SIGKILL);
    while (reap(0)) {
    }
  } else {
    while (end_descendants() && reap(0)) {
    }
  }
  event_send(status_fd, EVENT_POD_EXITED, THE_POD, (uint32_t)pod_status, 0);
  quit(pod_status);
}

static bool alive(void) {
  for (uint32_t i = 0; i < next_app; i++) {
    if (apps[i].pid || apps[i].handler) return true;
  }
  return false;
}

/* Everything but the four descriptors that PID 1 works with: the apps' pipes must end with them. */
static void close_others(int lock) {
  int keep[4] = {lock, lifeline_fd, status_fd, signals_fd};
  for (int from = 0;;) {
    int next = -1;
    for (int i = 0; i < 4; i++) {
      if (keep[i] >= from && (next < 0 || keep[i] < next)) next = keep[i];
    }
    if (next != from) sys(__NR_close_range, from, next < 0 ? ~0u : (unsigned)next - 1, 0);
    if (next < 0) break;
    from = next + 1;
  }
}

static void on_signal(int signal) {
  if (signal == SIGCHLD) {
    reap(WNOHANG);
  } else if (forwarded(signal)) {
    if (signal == SIGTERM && !failed) {
      asked = true;
      stop_starting(); /* what has not started yet does not start any more */
      bool prepares = next_app > 0 && apps[next_app - 1].state == PREPARING;
      if (next_app < count || prepares) pod_status = 128 + SIGTERM;
    }
    signal_apps(signal);
  }
}

/* Makes an end of what has had its time, and begins what is due. */
static void keep_time(void) {
  int64_t now = monotonic_ms();
  if (now >= deadline) {
    deadline = INT64_MAX;
    for (uint32_t i = 0; i < next_app; i++) {
      if (apps[i].pid) sys(__NR_kill, apps[i].pid, SIGKILL);
      if (apps[i].state == PREPARING && apps[i].handler) sys(__NR_kill, apps[i].handler, SIGKILL);
    }
  }
  for (uint32_t i = 0; keeps && i < next_app; i++) {
    struct app *app = &apps[i];
    struct health *h = &healths[i];
    if (app->state == STOPPED && now >= app->deadline) {
      sys(__NR_kill, app->handler, SIGKILL);
      app->deadline = INT64_MAX;
    }
    if (!h->exec || app->state != RUNNING || now < h->next) continue;
    if (h->pid) {
      health_expire(h);
    } else {
      long r = sys_fork();
      if (r == 0) child(i, (struct process){CHECK, h->exec, false, -1}, -1);
      if (r > 0) health_checking(h, (int)r);
      if (r < 0) health_later(h); /* no process to be had now */
    }
  }
}

/* How long there is nothing to do for keep_time, in ms; -1 is for ever. */
static int64_t time_left(void) {
  int64_t least = deadline;
  for (uint32_t i = 0; keeps && i < next_app; i++) {
    if (apps[i].state == STOPPED && apps[i].deadline < least) least = apps[i].deadline;
    if (healths[i].exec && apps[i].state == RUNNING && healths[i].next < least) least = healths[i].next;
  }
  if (least == INT64_MAX) return -1;
  int64_t left = least - monotonic_ms();
  return left < 0 ? 0 : left;
}

/* The apps of the plan, each with its handlers. */
static void read_apps(uint32_t at) {
  struct record r;
  for (; plan_next(&plan, at, &r); at = ops_skip(&plan, r.next)) {
    if (r.op == OP_APP) {
      apps[count++] = (struct app){.stop_signal = (uint16_t)(r.words[0] ? r.words[0] : SIGTERM),
                                   .at = r.next,
                                   .name = r.text};
    } else if (r.op == OP_PRE_START) {
      apps[count - 1].pre_start = r.next;
    } else {
      keeps = true;
      if (r.op == OP_POST_STOP) apps[count - 1].post_stop = r.next;
      if (r.op == OP_HEALTH) health_read(&healths[count - 1], &r);
    }
  }
}

/*
 * The ops before FORK are those of the process that was started, which makes what PID 1 is to be
 * born into. PID 1 is its sibling: a child of who started us, and nothing stands between the two.
 * Returns where PID 1 goes on.
 */
static uint32_t be_born(uint32_t first) {
  struct record r;
  uint32_t at = first;
  while (plan_next(&plan, at, &r) && r.op >= OP_MOUNT && r.op != OP_FORK) at = r.next;
  if (at == plan.size || r.op != OP_FORK) return first;
  int report = (int)r.words[0];
  int error;
  ops_run(&plan, first, &r, &error);
  if (error) {
    report_send(report, -error, &r);
    quit(OWN_FAILURE);
  }
  long pid = sys(__NR_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) {
    sys(__NR_close, report);
    return r.next;
  }
  report_send(report, (int)pid, &r);
  quit(pid < 0 ? OWN_FAILURE : 0);
}

void run_init(int fd, enum op mode) {
  sys(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
  plan = plan_open(fd, mode);
  in_host = mode == OP_HOST;
  if (in_host) sys(__NR_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  struct record r;
  plan_next(&plan, PLAN_FIRST, &r);
  uint32_t at = be_born(r.next);
  if (!in_host && sys(__NR_getpid) != 1) { /* or kill(-1) would end the host */
    complain("start the pod", "pod-init init is not PID 1 of its pid namespace", -1);
    quit(OWN_FAILURE);
  }
  block_signals();
  sys(__NR_setsid); /* out of the terminal's foreground group: signals come through the supervisor */

  plan_next(&plan, PLAN_FIRST, &r);
  lifeline_fd = own_fd((int)r.words[0]);
  status_fd = own_fd((int)r.words[1]);
  int lock = own_fd((int)r.words[2]);
  grace_ms = (uint32_t)r.words[3];
  signals_fd = signal_fd();
  if (lifeline_fd < 0 || status_fd < 0 || signals_fd < 0) {
    complain("start the pod", "a descriptor that the plan names is not open", -1);
    quit(OWN_FAILURE);
  }
  sys(__NR_close, r.words[0]);
  sys(__NR_close, r.words[1]);

  int error;
  at = ops_run(&plan, at, &r, &error);
  if (error) {
    failure_send(status_fd, 2, EVENT_FAILED, THE_POD, &r, error);
    pod_status = OWN_FAILURE;
    end_pod();
  }
  read_apps(at);

  bool closed = false;
  for (;;) {
    if (!is_starting() && next_app < count && !stopping) start_next();
    if (!stopping) start_ahead();
    if (!is_starting() && !alive() && (stopping || next_app == count)) break;
    if (!closed && !keeps && !is_starting() && (next_app == count || stopping)) {
      close_others(lock);
      sys(__NR_munmap, plan.base, plan.size);
      closed = true;
    }
    struct pollfd fds[3] = {
        {signals_fd, POLLIN, 0},
        {lifeline_fd, 0, 0}, /* its end alone: what is in it is for apps that wait */
        {ready_fd, POLLIN, 0}};
    long ready = sys_poll(fds, 3, more ? 0 : time_left());
    if (more) {
      more = false;
      reap(WNOHANG);
    }
    keep_time();
    if (ready <= 0) continue;
    if (fds[1].revents) { /* nobody writes there: the supervisor is gone */
      pod_status = 128 + SIGKILL;
      break;
    }
    if (fds[2].revents && ready_fd >= 0) finish_start();
    for (int s; fds[0].revents && (s = next_signal(signals_fd)) != 0;) on_signal(s);
  }
  end_pod();
}
