#include "event.h"

#include "text.h"

void event_send(int fd, uint32_t type, uint32_t app, uint32_t a, uint32_t b) {
  struct event e = {type, app, a, b, now_nanos(), 0, 0};
  /* A supervisor that is gone needs no news: the end of the lifeline follows. */
  write_all(fd, &e, sizeof e);
}

void failure_send(int status, int text, uint32_t app, const struct record *failed, int error) {
  struct text line;
  line.size = 0;
  const char *what = failed->text;
  const char *note = "";
  if (failed->op == OP_EXEC && error == ENOENT) {
    note = " (no such program in the image, or the interpreter or loader that it names is missing)";
  } else if (failed->op == OP_EXEC && error == ENOEXEC) {
    note = " (not a program of this machine's architecture)";
  }
  add_failure(&line, what, error, note, skip(what, 1));
  if (status < 0) {
    write_all(text, line.bytes, line.size);
    return;
  }
  /* One write, smaller than PIPE_BUF: events of several processes never mix. */
  struct {
    struct event event;
    char bytes[sizeof line.bytes];
  } out;
  out.event = (struct event){EVENT_FAILED,  app,        failed->at, (uint32_t)error,
                             now_nanos(),   line.size, 0};
  for (unsigned i = 0; i < line.size; i++) out.bytes[i] = line.bytes[i];
  write_all(status, &out, sizeof out.event + line.size);
}
