/* pod-init attach: between the streams of an app and those of whoever called rkt attach. */
#include "modes.h"
#include "mux.h"
#include "relay.h"
#include "text.h"

enum { CTRL_P = 16, CTRL_Q = 17 };

/* A pipe that can be written to takes that much without waiting. */
enum { PART = 4096 };

static int tty = -1;
static bool raw;
static struct termios before;
static int to = -1, signals = -1;
static int outputs[3]; /* 1 and 2, where it can be so as descriptions of our own that never wait */

static void leave(int status) {
  if (raw) sys(__NR_ioctl, tty, TCSETS, &before);
  quit(status);
}

static bool send_message(char kind, const void *bytes, size_t size) {
  char message[MAX_MESSAGE];
  message[0] = kind;
  memcpy(message + 1, bytes, size);
  long r;
  do {
    r = sys(__NR_write, to, message, size + 1); /* blocks while the app takes nothing */
  } while (r == -EINTR);
  return r >= 0;
}

static void send_window(void) {
  uint16_t window[4];
  if (tty >= 0 && sys(__NR_ioctl, tty, TIOCGWINSZ, window) == 0) {
    send_message(MESSAGE_WINDOW, window, sizeof window);
  }
}

/* What was typed without the keys to detach, Ctrl-P Ctrl-Q; true when these came. */
static bool detaches(char *keys, size_t *size) {
  static bool held; /* a Ctrl-P that waits for what follows */
  char out[MAX_MESSAGE];
  size_t n = 0;
  for (size_t i = 0; i < *size; i++) {
    if (held && keys[i] == CTRL_Q) return true;
    if (held) out[n++] = CTRL_P;
    held = keys[i] == CTRL_P;
    if (!held) out[n++] = keys[i];
  }
  memcpy(keys, out, n);
  *size = n;
  return false;
}

static void on_signals(void) {
  for (int s; (s = next_signal(signals)) != 0;) {
    if (s == SIGWINCH) {
      send_window();
    } else if (s == SIGTSTP) {
      if (raw) sys(__NR_ioctl, tty, TCSETS, &before);
      sys(__NR_kill, sys(__NR_getpid), SIGSTOP);
    } else if (s == SIGCONT) {
      struct termios now;
      if (raw && terminal_is_ours(tty)) terminal_raw(tty, &now);
      send_window();
    } else if (forwarded(s)) {
      leave(128 + s); /* it detaches; the app does not notice */
    }
  }
}

/*
 * Whoever called us may share their terminal or pipe with others, for whom a write must go on to
 * wait: so not their description is changed, but one more is made. Not of a file, where it would
 * begin at the beginning.
 */
static int never_waiting(int fd) {
  struct stat facts;
  if (sys(__NR_fstat, fd, &facts) < 0) return fd;
  int type = facts.st_mode & S_IFMT;
  if (type != S_IFCHR && type != S_IFIFO) return fd;
  char path[] = "/proc/self/fd/1";
  path[sizeof path - 2] = (char)('0' + fd);
  long own = sys_open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY, 0);
  return own < 0 ? fd : (int)own;
}

/* Writes all of it, and takes signals while nobody reads; false if nobody ever will. */
static bool put(int stream, const char *bytes, size_t size) {
  int fd = outputs[stream];
  while (size > 0) {
    struct pollfd fds[2] = {{signals, POLLIN, 0}, {fd, POLLOUT, 0}};
    if (sys_poll(fds, 2, -1) <= 0) continue;
    if (fds[0].revents) on_signals();
    if (!fds[1].revents) continue;
    long n = sys(__NR_write, fd, bytes, size < PART ? size : PART);
    if (n == -EINTR || n == -EAGAIN) continue;
    if (n < 0) return false;
    bytes += n;
    size -= (size_t)n;
  }
  return true;
}

/* One message of the supervisor. */
static void take(void) {
  char message[MAX_MESSAGE + 1];
  long n = sys_read(to, message, MAX_MESSAGE);
  if (n <= 0) {
    if (raw) sys(__NR_ioctl, tty, TCSETS, &before);
    complain("stay attached", "the pod is gone", -1);
    quit(OWN_FAILURE);
  }
  size_t size = (size_t)n - 1;
  message[n] = 0;
  switch (message[0]) {
    case MESSAGE_OUTPUT:
    case MESSAGE_ERRORS:
      if (!put(message[0] == MESSAGE_ERRORS ? 2 : 1, message + 1, size)) leave(128 + SIGPIPE);
      break;
    case MESSAGE_LOST: {
      struct text line = {0};
      uint64_t lost;
      memcpy(&lost, message + 1, sizeof lost);
      add(&line, "warning: ");
      add_number(&line, lost);
      add(&line, " bytes are lost: they came faster than they were read\r\n");
      put(2, line.bytes, line.size);
      break;
    }
    case MESSAGE_EXIT: {
      uint32_t status;
      memcpy(&status, message + 1, sizeof status);
      leave((int)status);
      break;
    }
    case MESSAGE_REFUSED:
      if (raw) sys(__NR_ioctl, tty, TCSETS, &before);
      complain("attach", message + 1, -1);
      quit(OWN_FAILURE);
    default:
      break;
  }
}

void run_attach(int fd) {
  struct plan plan = plan_open(fd, OP_ATTACH);
  block_signals();
  signals = signal_fd();
  struct record r;
  plan_next(&plan, PLAN_FIRST, &r);
  int directory = (int)r.words[0];
  tty = (int)r.words[1];
  unsigned wants = (unsigned)r.words[2];
  bool passes_end = r.words[3] != 0;
  long connected = mux_connect(directory);
  if (connected < 0) {
    complain("attach", "the pod listens no more: errno ", -connected);
    quit(OWN_FAILURE);
  }
  to = (int)connected;
  outputs[1] = never_waiting(1);
  outputs[2] = never_waiting(2);
  sys(__NR_close, directory);
  char hello[256] = {(char)wants};
  size_t size = length(r.text);
  memcpy(hello + 1, r.text, size);
  send_message(MESSAGE_ATTACH, hello, size + 1);
  if (tty >= 0 && terminal_is_ours(tty)) raw = terminal_raw(tty, &before);
  send_window();

  bool reads = wants & (1u << STREAM_IN | 1u << STREAM_TTY);
  for (;;) {
    struct pollfd fds[4] = {{signals, POLLIN, 0}, {to, POLLIN, 0}, {-1, 0, 0}, {-1, 0, 0}};
    /* Read only what can be passed on at once. */
    struct pollfd room = {to, POLLOUT, 0};
    bool writable = reads && sys_poll(&room, 1, 0) == 1 && (room.revents & POLLOUT);
    if (reads && writable) fds[2] = (struct pollfd){0, POLLIN, 0};
    if (reads && !writable) fds[3] = room;
    if (sys_poll(fds, 4, -1) <= 0) continue;
    if (fds[1].revents) take();
    if (fds[2].revents) {
      char bytes[MAX_MESSAGE - 1];
      long n = sys_read(0, bytes, sizeof bytes - 1);
      size_t got = n > 0 ? (size_t)n : 0;
      if (n <= 0) {
        reads = false;
        if (passes_end) send_message(MESSAGE_END_OF_INPUT, NULL, 0);
      } else if (tty >= 0 && detaches(bytes, &got)) {
        leave(0);
      } else if (got > 0) {
        send_message(MESSAGE_INPUT, bytes, got);
      }
    }
    if (fds[0].revents) on_signals();
  }
}
