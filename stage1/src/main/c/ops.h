/* Carrying out the ops of one section. */
#ifndef POD_INIT_OPS_H
#define POD_INIT_OPS_H

#include "plan.h"

/*
 * Runs ops from `at` to the next section, FORK or the end. Returns where it stopped. On a failure it
 * fills `error` (positive) and returns the place of the failed op, which `failed` then holds.
 */
uint32_t ops_run(const struct plan *plan, uint32_t at, struct record *failed, int *error);
enum role { APP, HANDLER, CHECK };

/* A process of an app. Whatever it executes, it takes the same steps to get there. */
struct process {
  enum role role;
  uint32_t exec; /* where its EXEC stands in the plan; of the app itself 0, it is its last op */
  bool waits;    /* whether it is the app's first process, which waits for the supervisor */
  int turn;      /* an event that it waits for right before that, or -1 */
};

/*
 * Runs the app's ops, at `at`, for such a process; `root` is what was taken for the app, if anything.
 * Returns only if one failed, and then in its turn.
 */
void ops_run_process(const struct plan *plan, uint32_t at, struct process process, int root,
                     struct record *failed, int *error);
/* What TAKE_ROOT took for each app, or 0. */
extern int taken_roots[MAX_APPS];
/* One op: 0 or -errno. EXEC returns only when it failed. */
long op_apply(const struct record *r);
/* Passes over the ops of a section. */
uint32_t ops_skip(const struct plan *plan, uint32_t at);

#endif
