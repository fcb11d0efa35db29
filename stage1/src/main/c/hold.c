/* pod-init hold: makes namespaces, and keeps them until somebody else has joined them. */
#include "event.h"
#include "modes.h"
#include "ops.h"

void run_hold(int fd) {
  sys(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
  struct plan plan = plan_open(fd, OP_HOLD);
  struct record r;
  plan_next(&plan, PLAN_FIRST, &r);
  int report = (int)r.words[0], release = (int)r.words[1];
  int error;
  ops_run(&plan, r.next, &r, &error);
  report_send(report, -error, &r);
  sys(__NR_close, report);
  char byte;
  if (!error) sys_read(release, &byte, 1); /* its end, for whatever reason */
  quit(error ? OWN_FAILURE : 0);
}
