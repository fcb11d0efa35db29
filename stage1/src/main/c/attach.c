/* pod-init attach: between the streams of an app and those of whoever called rkt attach. */
#include "modes.h"
#include "mux.h"
#include "relay.h"
#include "text.h"

enum { CTRL_P = 16, CTRL_Q = 17 };

static int tty = -1;
static bool raw;
static struct termios before;

static void leave(int status) {
  if (raw) sys(__NR_ioctl, tty, TCSETS, &before);
  quit(status);
}

static bool send_message(int to, char kind, const void *bytes, size_t size) {
  char message[MAX_MESSAGE];
  message[0] = kind;
  memcpy(message + 1, bytes, size);
  long r;
  do {
    r = sys(__NR_write, to, message, size + 1); /* blocks while the app takes nothing */
  } while (r == -EINTR);
  return r >= 0;
}

static void send_window(int to) {
  uint16_t window[4];
  if (tty >= 0 && sys(__NR_ioctl, tty, TIOCGWINSZ, window) == 0) {
    send_message(to, MESSAGE_WINDOW, window, sizeof window);
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

/* One message of the supervisor. */
static void take(int from) {
  char message[MAX_MESSAGE + 1];
  long n = sys_read(from, message, MAX_MESSAGE);
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
      if (!write_all(message[0] == MESSAGE_ERRORS ? 2 : 1, message + 1, size)) leave(128 + SIGPIPE);
      break;
    case MESSAGE_LOST: {
      struct text line = {0};
      uint64_t lost;
      memcpy(&lost, message + 1, sizeof lost);
      add(&line, "warning: ");
      add_number(&line, lost);
      add(&line, " bytes are lost: they came faster than they were read\r\n");
      write_all(2, line.bytes, line.size);
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
  int signals = signal_fd();
  struct record r;
  plan_next(&plan, PLAN_FIRST, &r);
  int directory = (int)r.words[0];
  tty = (int)r.words[1];
  unsigned wants = (unsigned)r.words[2];
  bool passes_end = r.words[3] != 0;
  long to = mux_connect(directory);
  if (to < 0) {
    complain("attach", "the pod listens no more: errno ", -to);
    quit(OWN_FAILURE);
  }
  sys(__NR_close, directory);
  char hello[256] = {(char)wants};
  size_t size = length(r.text);
  memcpy(hello + 1, r.text, size);
  send_message((int)to, MESSAGE_ATTACH, hello, size + 1);
  if (tty >= 0 && terminal_is_ours(tty)) raw = terminal_raw(tty, &before);
  send_window((int)to);

  bool reads = wants & (1u << STREAM_IN | 1u << STREAM_TTY);
  for (;;) {
    struct pollfd fds[4] = {{signals, POLLIN, 0}, {(int)to, POLLIN, 0}, {-1, 0, 0}, {-1, 0, 0}};
    /* Read only what can be passed on at once. */
    struct pollfd room = {(int)to, POLLOUT, 0};
    bool writable = reads && sys_poll(&room, 1, 0) == 1 && (room.revents & POLLOUT);
    if (reads && writable) fds[2] = (struct pollfd){0, POLLIN, 0};
    if (reads && !writable) fds[3] = room;
    if (sys_poll(fds, 4, -1) <= 0) continue;
    if (fds[1].revents) take((int)to);
    if (fds[2].revents) {
      char bytes[MAX_MESSAGE - 1];
      long n = sys_read(0, bytes, sizeof bytes - 1);
      size_t got = n > 0 ? (size_t)n : 0;
      if (n <= 0) {
        reads = false;
        if (passes_end) send_message((int)to, MESSAGE_END_OF_INPUT, NULL, 0);
      } else if (tty >= 0 && detaches(bytes, &got)) {
        leave(0);
      } else if (got > 0) {
        send_message((int)to, MESSAGE_INPUT, bytes, got);
      }
    }
    for (int s; fds[0].revents && (s = next_signal(signals)) != 0;) {
      if (s == SIGWINCH) {
        send_window((int)to);
      } else if (s == SIGTSTP) {
        if (raw) sys(__NR_ioctl, tty, TCSETS, &before);
        sys(__NR_kill, sys(__NR_getpid), SIGSTOP);
      } else if (s == SIGCONT) {
        struct termios now;
        if (raw && terminal_is_ours(tty)) terminal_raw(tty, &now);
        send_window((int)to);
      } else if (forwarded(s)) {
        leave(128 + s); /* it detaches; the app does not notice */
      }
    }
  }
}
