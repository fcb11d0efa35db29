/* When an app is asked whether it is well, and what the answers say of it: spec/launch-plan.md#health */
#ifndef POD_INIT_HEALTH_H
#define POD_INIT_HEALTH_H

#include "plan.h"

enum health_state { HEALTH_STARTING = 0, HEALTHY = 1, UNHEALTHY = 2 };

struct health {
  uint32_t exec; /* of the check, in the plan; 0 for none */
  uint32_t interval, timeout, start_period, start_interval, retries;
  uint32_t failures; /* in a row */
  int pid;           /* of the check that runs, or 0 */
  bool overdue;      /* it was ended because it took too long */
  bool checked;      /* there was a check before */
  enum health_state state;
  int64_t started; /* when the app was */
  int64_t next;    /* when the next check is due, or the running one is overdue */
};

void health_read(struct health *h, const struct record *section);
void health_begin(struct health *h);
/* Puts the next check off for as long as there is between two. */
void health_later(struct health *h);
/* Notes that a check runs. */
void health_checking(struct health *h, int pid);
/* Ends a check that takes too long. */
void health_expire(struct health *h);
/* The check has ended. True if the state of the app is another now. */
bool health_checked(struct health *h, int status);
/* The app has ended: no more checks. */
void health_end(struct health *h);

#endif
