#include "relay.h"

struct way {
  int from, to;
  unsigned start, end;
  char bytes[1024];
};

static bool active;
static int terminal;
static struct termios before;
static struct way in, out;

static void copy_size(void) {
  unsigned short size[4];
  if (sys(__NR_ioctl, in.from, TIOCGWINSZ, size) == 0) sys(__NR_ioctl, in.to, TIOCSWINSZ, size);
}

void relay_open(int tty, int pty) {
  in.from = out.to = tty;
  in.to = out.from = pty;
  if (tty < 0 || pty < 0 || sys(__NR_ioctl, tty, TCGETS, &before) < 0) {
    in.from = in.to = out.from = out.to = -1;
    return;
  }
  active = true;
  terminal = tty;
  long flags = sys(__NR_fcntl, pty, F_GETFL, 0);
  sys(__NR_fcntl, pty, F_SETFL, flags | O_NONBLOCK); /* ours alone; the tty's are the shell's too */
  struct termios raw = before;
  raw.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
  raw.c_oflag &= ~(tcflag_t)OPOST;
  raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
  raw.c_cflag = (raw.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  sys(__NR_ioctl, tty, TCSETS, &raw);
  copy_size();
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
  } else if (n != -EAGAIN) {
    close_way(w); /* EIO: nobody has the other side open */
  }
}

void relay_move(const struct pollfd *fds) {
  if (!active) return;
  move(&in, fds[0].revents);
  move(&out, fds[1].revents);
}

bool relay_signal(int signal) {
  if (!active || signal != SIGWINCH) return false;
  copy_size();
  return true;
}

void relay_close(void) {
  if (!active) return;
  /* The pod is gone, so this meets the end of what it wrote. */
  while (out.from >= 0) {
    unsigned held = out.end - out.start;
    move(&out, POLLIN);
    if (held == 0 && out.end == out.start) break;
  }
  sys(__NR_ioctl, terminal, TCSETS, &before);
  active = false;
}
