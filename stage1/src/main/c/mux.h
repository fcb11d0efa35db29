/* What apps write to streams and terminals of ours, and who is attached to them: spec/attach.md */
#ifndef POD_INIT_MUX_H
#define POD_INIT_MUX_H

#include "plan.h"

/* Which part of an app's standard streams; also the bits, from 0, of what an attacher wants. */
enum stream_kind { STREAM_IN = 0, STREAM_OUT = 1, STREAM_ERR = 2, STREAM_TTY = 3, TTY_OUT = 4 };

enum { MAX_STREAMS = 3 * MAX_APPS, MAX_ATTACHED = 16, MAX_MESSAGE = 4096 };
enum { MUX_FDS = MAX_STREAMS + MAX_ATTACHED + 1 };

/* What a message between the supervisor and an attacher begins with. */
enum message {
  MESSAGE_ATTACH = 'A', /* the bits, the name of the app; the answer: the bits */
  MESSAGE_REFUSED = '!',
  MESSAGE_INPUT = 'I',
  MESSAGE_END_OF_INPUT = 'E',
  MESSAGE_WINDOW = 'W',
  MESSAGE_OUTPUT = 'O',
  MESSAGE_ERRORS = 'R',
  MESSAGE_LOST = 'L',
  MESSAGE_EXIT = 'X',
};

/* One stream of the app; `name` is where its name is in the plan. */
void mux_add(uint32_t app, const char *name, const struct record *stream);
/* Begins to listen, if there is any stream. */
void mux_open(int pod_directory);
/* Fills entries for poll; returns how many. */
unsigned mux_poll(struct pollfd *fds);
/* How long poll may wait, in ms; -1 is for ever. */
int64_t mux_timeout(void);
void mux_move(const struct pollfd *fds);
/* The app has ended: its attachers get the rest, then the status. */
void mux_ended(uint32_t app, uint32_t status);
/* The pod has ended: the same for all, within a second. */
void mux_close(int pod_directory);

/* A connection to the supervisor that listens in this directory; negative when there is none. */
long mux_connect(int pod_directory);

#endif
