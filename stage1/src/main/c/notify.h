/* Apps that say by themselves when they are ready, and who is told that all are: spec/pod.md#readiness */
#ifndef POD_INIT_NOTIFY_H
#define POD_INIT_NOTIFY_H

#include "plan.h"

/* What is to be known of one app. */
void notify_add(uint32_t app, const struct record *notify);
/* Whether the app has yet to say that it is ready. */
bool notify_waits(uint32_t app);
/* Fills entries for poll; returns how many. */
unsigned notify_poll(struct pollfd *fds);
/* Takes one message of each entry that has one. True if an app is ready by it, which is then in
   `app`: to be called again until it is false. */
bool notify_take(struct pollfd *fds, uint32_t *app);
/* The pod is ready: says so, once, to who is to be told. */
void notify_tell(void);
/* How long poll may wait, in ms; -1 is for ever. */
int64_t notify_timeout(void);

#endif
