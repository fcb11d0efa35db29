/* What PID 1 tells the supervisor, and what both tell about a failed op. */
#ifndef POD_INIT_EVENT_H
#define POD_INIT_EVENT_H

#include "plan.h"

enum event_type {
  EVENT_STARTED = 1,
  EVENT_EXITED = 2,
  EVENT_FAILED = 3,
  EVENT_POD_EXITED = 4,
  EVENT_WARNING = 5,
  EVENT_HEALTH = 6,
};

enum { THE_POD = 0xffffffffu };

/* spec/launch-plan.md#events */
struct event {
  uint32_t type;
  uint32_t app;       /* which APP record of the plan, from 0, or THE_POD */
  uint32_t a, b;
  uint64_t nanos;     /* since the epoch */
  uint32_t text_size; /* bytes that follow: the lines for stderr of FAILED */
  uint32_t zero;
};

struct text;

void event_send(int fd, uint32_t type, uint32_t app, uint32_t a, uint32_t b);
/* An event with lines for stderr. */
void event_text(int fd, uint32_t type, uint32_t app, uint32_t a, uint32_t b, const struct text *text);
/* The failure as an event to `status`, or as lines to `text` when there is no status pipe. */
void failure_send(int status, int text, uint32_t type, uint32_t app, const struct record *failed,
                  int error);

/*
 * What became of a step that only the maker of this process waits for: a 32-bit number, a pid or 0,
 * or -errno and then the two strings of the step, each with its NUL.
 */
void report_send(int fd, int number, const struct record *failed);

#endif
