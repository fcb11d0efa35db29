/* pod-init enter: one more process in a pod that runs. */
#include "event.h"
#include "modes.h"
#include "ops.h"
#include "relay.h"
#include "text.h"

static void child(const struct plan *plan, uint32_t at, int errors) {
  static const uint64_t FRESH[4], NONE;
  for (int s = 1; s <= 64; s++) sys(__NR_rt_sigaction, s, FRESH, NULL, 8);
  sys(__NR_rt_sigprocmask, SIG_SETMASK, &NONE, NULL, 8);
  struct record r;
  int error;
  ops_run(plan, at, &r, &error);
  failure_send(-1, errors, EVENT_FAILED, 0, &r, error);
  quit(OWN_FAILURE);
}

void run_enter(int fd) {
  sys(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
  struct plan plan = plan_open(fd, OP_ENTER);
  block_signals();
  int signals = signal_fd();
  int errors = own_fd(2);
  struct record r;
  plan_next(&plan, PLAN_FIRST, &r);
  int tty = (int)r.words[0], pty = (int)r.words[1];
  int error;
  uint32_t at = ops_run(&plan, r.next, &r, &error);
  if (error) {
    failure_send(-1, errors, EVENT_FAILED, 0, &r, error);
    quit(OWN_FAILURE);
  }
  plan_next(&plan, at, &r);
  uint32_t ops = r.next;
  uint32_t stop = r.words[0] ? (uint32_t)r.words[0] : SIGTERM;
  long pid = sys_fork();
  if (pid == 0) child(&plan, ops, errors);
  if (pid < 0) {
    complain("start a process in the pod", pid == -ENOMEM ? "ENOMEM (has the pod ended?)" : "errno ",
             pid == -ENOMEM ? -1 : -pid);
    quit(OWN_FAILURE);
  }
  relay_open(tty, pty);
  if (tty < 0) {
    long null = sys_open("/dev/null", O_RDWR, 0); /* may not exist where we are now */
    for (int i = 0; i < 2 && null >= 0; i++) sys(__NR_dup3, null, i, 0);
  }

  for (;;) {
    int status;
    long got = sys_wait(&status, WNOHANG);
    if (got == pid) {
      relay_close();
      quit(status_of(status));
    }
    struct pollfd fds[3] = {{signals, POLLIN, 0}};
    relay_poll(fds + 1);
    if (sys_poll(fds, 3, relay_timeout()) < 0) continue;
    relay_move(fds + 1);
    for (int s; fds[0].revents && (s = next_signal(signals)) != 0;) {
      /* Not TSTP: a stopped parent that does not reap would keep the pod from ending. */
      if (!forwarded(s) || s == SIGTSTP || relay_signal(s)) continue;
      sys(__NR_kill, pid, s == SIGTERM ? stop : (uint32_t)s);
    }
  }
}
