#include "event.h"

#include "text.h"

void event_send(int fd, uint32_t type, uint32_t app, uint32_t a, uint32_t b) {
  struct event e = {type, app, a, b, now_nanos(), 0, 0};
  /* A supervisor that is gone needs no news: the end of the lifeline follows. */
  write_all(fd, &e, sizeof e);
}

void report_send(int fd, int number, const struct record *failed) {
  write_all(fd, &number, sizeof number);
  if (number < 0) write_all(fd, failed->text, (size_t)(skip(failed->text, 2) - failed->text));
}

void event_text(int fd, uint32_t type, uint32_t app, uint32_t a, uint32_t b, const struct text *text) {
  /* One write, smaller than PIPE_BUF: events of several processes never mix. */
  struct {
    struct event event;
    char bytes[sizeof text->bytes];
  } out;
  out.event = (struct event){type, app, a, b, now_nanos(), text->size, 0};
  for (unsigned i = 0; i < text->size; i++) out.bytes[i] = text->bytes[i];
  write_all(fd, &out, sizeof out.event + text->size);
}

void failure_send(int status, int text, uint32_t type, uint32_t app, const struct record *failed,
                  int error) {
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
  event_text(status, type, app, failed->at, (uint32_t)error, &line);
}
