/* pod-init init: PID 1 of the pod. */
#include "event.h"
#include "modes.h"
#include "ops.h"
#include "text.h"

enum state { WAITING, STARTING, RUNNING, FAILED, ENDED };

struct app {
  int pid; /* 0 when there is no process */
  uint16_t stop_signal;
  uint16_t state;
  uint32_t at; /* its ops in the plan */
};

/* Pages of this that no app needs are never touched. */
static struct app apps[MAX_APPS];
static uint32_t count, next_app;
static int status_fd, lifeline_fd, signals_fd, ready_fd = -1;
static int pod_status;
static bool failed, stopping, asked; /* asked: the apps have had their stop signal */
static bool more;                    /* there may be more dead children to collect */
static uint32_t grace_ms;
static int64_t deadline;

static void child(const struct plan *plan, uint32_t n, int ready) {
  static const uint64_t FRESH[4], NONE;
  for (int s = 1; s <= 64; s++) sys(__NR_rt_sigaction, s, FRESH, NULL, 8);
  sys(__NR_rt_sigprocmask, SIG_SETMASK, &NONE, NULL, 8);
  struct record r;
  int error;
  ops_run(plan, apps[n].at, &r, &error);
  failure_send(status_fd, 2, n, &r, error); /* before the byte below: the supervisor reads in order */
  write_all(ready, "!", 1);
  quit(OWN_FAILURE);
}

static void signal_apps(int signal) {
  for (uint32_t i = 0; i < next_app; i++) {
    if (apps[i].pid == 0) continue;
    int s = signal;
    if (signal == SIGTERM) s = apps[i].stop_signal;
    /* The default action of TSTP does nothing to a session without a terminal's job control. */
    if (signal == SIGTSTP) s = SIGSTOP;
    sys(__NR_kill, apps[i].pid, s);
  }
}

/* The first failure ends the pod: the other apps are asked to stop, and after a while made to. */
static void fail(int status) {
  if (failed) return;
  failed = true;
  pod_status = status;
  stopping = true;
  deadline = monotonic_ms() + grace_ms;
  if (!asked) signal_apps(SIGTERM); /* to many programs a second one means at once */
}

static void start_next(const struct plan *plan) {
  uint32_t n = next_app++;
  struct app *app = &apps[n];
  int ends[2];
  long r = sys(__NR_pipe2, ends, O_CLOEXEC);
  if (r == 0) {
    int ready_write = own_fd(ends[1]);
    ready_fd = own_fd(ends[0]);
    sys(__NR_close, ends[0]);
    sys(__NR_close, ends[1]);
    r = sys_fork();
    if (r == 0) {
      sys(__NR_close, ready_fd);
      child(plan, n, ready_write);
    }
    sys(__NR_close, ready_write);
  }
  if (r < 0) {
    struct record none = {.text = "start a process for an app\0", .at = app->at};
    failure_send(status_fd, 2, n, &none, (int)-r);
    if (ready_fd >= 0) sys(__NR_close, ready_fd);
    ready_fd = -1;
    app->state = FAILED;
    fail(OWN_FAILURE);
    return;
  }
  app->pid = (int)r;
  app->state = STARTING;
}

/* The pipe of the app being started ended (exec closed it) or brought the byte of a failure. */
static void finish_start(void) {
  uint32_t n = next_app - 1;
  char byte;
  long got = sys_read(ready_fd, &byte, 1);
  sys(__NR_close, ready_fd);
  ready_fd = -1;
  if (got == 1) {
    apps[n].state = FAILED;
    fail(OWN_FAILURE);
  } else {
    apps[n].state = RUNNING;
    event_send(status_fd, EVENT_STARTED, n, (uint32_t)apps[n].pid, 0);
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
    for (uint32_t n = 0; n < next_app; n++) {
      if (apps[n].pid != pid) continue;
      if (apps[n].state == STARTING) finish_start();
      apps[n].pid = 0;
      if (apps[n].state == FAILED) break; /* told already */
      apps[n].state = ENDED;
      int code = status_of(status);
      event_send(status_fd, EVENT_EXITED, n, (uint32_t)code, (uint32_t)signal_of(status));
      if (code != 0) fail(code);
      break;
    }
  }
  more = true;
  return true;
}

__attribute__((noreturn)) static void end_pod(void) {
  /* One atomic sweep: a process that forks meanwhile is killed with its child or before it. */
  sys(__NR_kill, -1, SIGKILL);
  while (reap(0)) {
  }
  event_send(status_fd, EVENT_POD_EXITED, THE_POD, (uint32_t)pod_status, 0);
  quit(pod_status);
}

static bool alive(void) {
  for (uint32_t i = 0; i < next_app; i++) {
    if (apps[i].pid) return true;
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
      stopping = asked = true; /* what has not started yet does not start any more */
      if (next_app < count) pod_status = 128 + SIGTERM;
    }
    signal_apps(signal);
  }
}

void run_init(int fd) {
  sys(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
  struct plan plan = plan_open(fd, OP_INIT);
  if (sys(__NR_getpid) != 1) { /* or kill(-1) would end the host */
    complain("start the pod", "pod-init init is not PID 1 of its pid namespace", -1);
    quit(OWN_FAILURE);
  }
  block_signals();
  sys(__NR_setsid); /* out of the terminal's foreground group: signals come through the supervisor */

  struct record r;
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
  uint32_t at = ops_run(&plan, r.next, &r, &error);
  if (error) {
    failure_send(status_fd, 2, THE_POD, &r, error);
    pod_status = OWN_FAILURE;
    end_pod();
  }
  for (; plan_next(&plan, at, &r); at = ops_skip(&plan, r.next)) {
    apps[count].stop_signal = (uint16_t)(r.words[0] ? r.words[0] : SIGTERM);
    apps[count++].at = r.next;
  }

  bool closed = false;
  for (;;) {
    if (ready_fd < 0 && next_app < count && !stopping) start_next(&plan);
    if (ready_fd < 0 && !alive() && (stopping || next_app == count)) break;
    if (!closed && ready_fd < 0 && (next_app == count || stopping)) {
      close_others(lock);
      sys(__NR_munmap, plan.base, plan.size);
      closed = true;
    }
    struct pollfd fds[3] = {
        {signals_fd, POLLIN, 0},
        {lifeline_fd, 0, 0}, /* its end alone: what is in it is for apps that wait */
        {ready_fd, POLLIN, 0}};
    int64_t timeout = -1;
    if (failed) {
      timeout = deadline - monotonic_ms();
      if (timeout <= 0) break;
    }
    long ready = sys_poll(fds, 3, more ? 0 : timeout);
    if (more) {
      more = false;
      reap(WNOHANG);
    }
    if (ready <= 0) continue;
    if (fds[1].revents) { /* nobody writes there: the supervisor is gone */
      pod_status = 128 + SIGKILL;
      break;
    }
    if (fds[2].revents) finish_start();
    for (int s; fds[0].revents && (s = next_signal(signals_fd)) != 0;) on_signal(s);
  }
  end_pod();
}
