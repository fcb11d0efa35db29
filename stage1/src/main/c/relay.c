#include "relay.h"

struct way {
  int from, to;
  unsigned start, end;
  char bytes[1024];
};

/* No signal tells a job that runs in the background that it was brought to the front. */
enum { LOOK_MS = 200, CLOSING_MS = 1000 };

static bool active, raw, is_known; /* is_known: how the terminal was before us */
static int terminal, pty_master;
static struct termios before;
static struct way in, out;

static void copy_size(void) {
  unsigned short size[4];
  if (sys(__NR_ioctl, terminal, TIOCGWINSZ, size) == 0) {
    sys(__NR_ioctl, pty_master, TIOCSWINSZ, size);
  }
}

bool terminal_is_ours(int tty) {
  int group = 0;
  long r = sys(__NR_ioctl, tty, TIOCGPGRP, &group);
  return r < 0 || group == sys(__NR_getpgid, 0); /* not our controlling terminal: nobody else's job */
}

bool terminal_raw(int tty, struct termios *saved) {
  if (sys(__NR_ioctl, tty, TCGETS, saved) < 0) return false;
  struct termios t = *saved;
  t.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
  t.c_oflag &= ~(tcflag_t)OPOST;
  t.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
  t.c_cflag = (t.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
  t.c_cc[VMIN] = 1;
  t.c_cc[VTIME] = 0;
  return sys(__NR_ioctl, tty, TCSETS, &t) == 0;
}

static void take(void) {
  if (!active || !terminal_is_ours(terminal)) return;
  struct termios found;
  raw = terminal_raw(terminal, &found);
  if (raw && !is_known) before = found; /* later ones may be our own raw mode, or the shell's */
  is_known |= raw;
  in.from = terminal;
  copy_size();
}

static void give_back(void) {
  if (raw) sys(__NR_ioctl, terminal, TCSETS, &before);
  raw = false;
}

void relay_open(int tty, int pty) {
  in.from = in.to = out.from = out.to = -1;
  struct termios now;
  if (tty < 0 || pty < 0 || sys(__NR_ioctl, tty, TCGETS, &now) < 0) return;
  active = true;
  terminal = tty;
  pty_master = pty;
  in.to = out.from = pty;
  out.to = tty;
  long flags = sys(__NR_fcntl, pty, F_GETFL, 0);
  sys(__NR_fcntl, pty, F_SETFL, flags | O_NONBLOCK); /* ours alone; the tty's are the shell's too */
  take(); /* a job in the background takes it once it is brought to the front */
}

static void close_way(struct way *w) { w->from = w->to = -1; }

/* A way waits for bytes when it holds none, and for room when it holds some. */
void relay_poll(struct pollfd *fds) {
  struct way *ways[2] = {&in, &out};
  for (int i = 0; i < 2; i++) {
    struct way *w = ways[i];
    bool full = w->end > w->start;
    fds[i] = (struct pollfd){active ? (full ? w->to : w->from) : -1, full ? POLLOUT : POLLIN, 0};
  }
}

/* The person has gone: the app's terminal hangs up as theirs did. */
static void hang_up(void) {
  close_way(&in);
  close_way(&out);
  sys(__NR_close, pty_master);
  active = raw = false;
}

static void move(struct way *w, short events) {
  if (!events || w->from < 0) return;
  if (w->end > w->start) {
    long n = sys(__NR_write, w->to, w->bytes + w->start, w->end - w->start);
    if (n > 0) w->start += (unsigned)n;
    if (n < 0 && n != -EAGAIN && n != -EINTR) close_way(w);
    return;
  }
  w->start = w->end = 0;
  long n = sys_read(w->from, w->bytes, sizeof w->bytes);
  if (n > 0) {
    w->end = (unsigned)n;
  } else if (n == -EAGAIN) {
    return;
  } else if (w == &in && n == -EIO && !terminal_is_ours(terminal)) {
    in.from = -1; /* in the background */
    raw = false;
  } else if (w == &in) {
    hang_up();
  } else {
    close_way(w); /* EIO: nobody has the other side open */
  }
}

int64_t relay_timeout(void) { return active && in.from < 0 && in.to >= 0 ? LOOK_MS : -1; }

void relay_move(const struct pollfd *fds) {
  if (relay_timeout() >= 0) take();
  if (active) move(&in, fds[0].revents);
  if (active) move(&out, fds[1].revents);
}

bool relay_signal(int signal) {
  if (signal == SIGCONT) take();
  if (!active || signal != SIGWINCH) return false;
  copy_size();
  return true;
}

void relay_stop(void) {
  give_back();
  sys(__NR_kill, sys(__NR_getpid), SIGSTOP);
}

void relay_close(void) {
  if (!active) return;
  /* The pod is gone, so this meets the end of what it wrote, unless an end was passed out of it. */
  int64_t until = monotonic_ms() + CLOSING_MS;
  while (out.from >= 0 && monotonic_ms() < until) {
    unsigned held = out.end - out.start;
    move(&out, POLLIN);
    if (held == 0 && out.end == out.start) break;
  }
  give_back();
  active = false;
}
