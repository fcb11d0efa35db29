#include "mux.h"

#include "text.h"

static const char ATTACH_SOCKET[] = "attach";

enum { UNIX = 1, SEQPACKET = 5, PEEK = 2, DONTWAIT = 0x40, NOSIGNAL = 0x4000 };

struct socket_name {
  uint16_t family;
  char path[108];
};

/* How much of a stream is kept for attachers, and how long one may hold the app up. */
enum { RING = 64 << 10, MAX_HOLD_MS = 1000, CLOSING_MS = 1000, MOST_IN_A_PIPE = 1 << 20 };

struct stream {
  int fd; /* -1 when it has ended */
  uint8_t kind;
  bool at_rest; /* of an app that has ended, and read for the last time */
  uint32_t app;
  const char *name;
  char *ring;           /* the last bytes of an output */
  uint64_t end;         /* how many there ever were */
  uint64_t seen;        /* of these, how many somebody was given */
  uint64_t rest;        /* where reading stops at the latest once the app has ended */
  char *input;          /* one message for standard input or the terminal */
  uint32_t from, until; /* the part of it that waits for the app */
  bool last;            /* the input ends behind it */
};

struct attacher {
  int fd; /* 0 when the place is free */
  bool greeted, lagging;
  uint8_t wants;
  uint32_t app;
  int64_t holding_since; /* 0 when it holds nothing up */
  uint64_t lost;
  uint64_t at[3]; /* how far it has read: standard output, standard error, the terminal */
};

struct end {
  bool ended;
  uint32_t status;
};

/* Pages of these that nothing needs are never touched. */
static struct stream streams[MAX_STREAMS];
static struct attacher attachers[MAX_ATTACHED];
static struct end ends[MAX_APPS];
static unsigned count;
static int listener = -1;

static bool is_output(const struct stream *s) { return s->kind != STREAM_IN; }

/* The bit by which an attacher asks for the output of a stream. */
static unsigned output_bit(const struct stream *s) {
  return 1u << (s->kind == STREAM_TTY ? TTY_OUT : s->kind);
}

static bool reads(const struct attacher *a, const struct stream *s) {
  return a->fd && a->greeted && a->app == s->app && is_output(s) && (a->wants & output_bit(s));
}

static uint64_t *position(struct attacher *a, const struct stream *s) {
  return &a->at[s->kind == STREAM_TTY ? 2 : s->kind == STREAM_ERR];
}

void mux_add(uint32_t app, const char *name, const struct record *stream) {
  if (count == MAX_STREAMS) return;
  struct stream *s = &streams[count++];
  s->kind = (uint8_t)stream->words[0];
  s->fd = (int)stream->words[1];
  s->app = app;
  s->name = name;
  sys(__NR_fcntl, s->fd, F_SETFD, FD_CLOEXEC);
  long flags = sys(__NR_fcntl, s->fd, F_GETFL, 0);
  sys(__NR_fcntl, s->fd, F_SETFL, flags | O_NONBLOCK);
  size_t size = (is_output(s) ? RING : 0) + MAX_MESSAGE; /* pages that nothing needs cost nothing */
  long memory = sys(__NR_mmap, 0, size, 3 /* read, write */, 0x22 /* private, anonymous */, -1, 0);
  if (memory < 0 && memory > -4096) {
    complain("keep what the apps write", "no memory", -1);
    quit(OWN_FAILURE);
  }
  s->input = (char *)memory;
  s->ring = s->input + MAX_MESSAGE;
}

static void address(struct socket_name *to) {
  to->family = UNIX;
  for (unsigned i = 0; i < sizeof ATTACH_SOCKET; i++) to->path[i] = ATTACH_SOCKET[i];
}

void mux_open(int pod_directory) {
  if (count == 0) return;
  struct socket_name here = {0};
  address(&here);
  long fd = sys(__NR_socket, UNIX, SEQPACKET | O_NONBLOCK | O_CLOEXEC, 0);
  long r = fd;
  if (r >= 0) r = sys(__NR_fchdir, pod_directory);
  if (r >= 0) {
    sys(__NR_umask, 0177);
    r = sys(__NR_bind, fd, &here, sizeof here);
  }
  if (r >= 0) r = sys(__NR_listen, fd, MAX_ATTACHED);
  if (r < 0) {
    complain("listen for attachers", "errno ", -r); /* the pod runs without */
    return;
  }
  listener = (int)fd;
}

long mux_connect(int pod_directory) {
  struct socket_name there = {0};
  address(&there);
  long fd = sys(__NR_socket, UNIX, SEQPACKET | O_CLOEXEC, 0);
  long r = fd < 0 ? fd : sys(__NR_fchdir, pod_directory);
  if (r >= 0) r = sys(__NR_connect, fd, &there, sizeof there);
  sys(__NR_chdir, "/");
  return r < 0 ? r : fd;
}

static struct stream *input_of(const struct attacher *a) {
  for (unsigned i = 0; i < count; i++) {
    struct stream *s = &streams[i];
    if (s->app != a->app) continue;
    if (s->kind == STREAM_IN && (a->wants & 1u << STREAM_IN)) return s;
    if (s->kind == STREAM_TTY && (a->wants & 1u << STREAM_TTY)) return s;
  }
  return NULL;
}

static bool send_parts(int fd, char kind, const void *bytes, size_t size) {
  struct part {
    const void *at;
    size_t size;
  } parts[2] = {{&kind, 1}, {bytes, size}};
  struct {
    void *name;
    uint64_t name_size;
    struct part *parts;
    uint64_t parts_size;
    void *control;
    uint64_t control_size;
    uint64_t flags;
  } message = {NULL, 0, parts, 2, NULL, 0, 0};
  long r = sys(__NR_sendmsg, fd, &message, DONTWAIT | NOSIGNAL);
  if (r < 0 && r != -EAGAIN) sys(__NR_shutdown, fd, 2 /* both ways: poll tells the rest */);
  return r >= 0;
}

static void drop(struct attacher *a) {
  sys(__NR_close, a->fd);
  *a = (struct attacher){0};
}

static void refuse(struct attacher *a, const char *why) {
  send_parts(a->fd, MESSAGE_REFUSED, why, length(why));
  drop(a);
}

static bool same_name(const char *name, const char *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if (!name[i] || name[i] != bytes[i]) return false;
  }
  return name[size] == 0;
}

/* The first message: which app, and which of its streams. */
static void greet(struct attacher *a, const char *message, size_t size) {
  if (size < 2 || message[0] != MESSAGE_ATTACH) return refuse(a, "it does not say what it wants");
  unsigned offered = 0;
  bool found = false;
  for (unsigned i = 0; i < count; i++) {
    struct stream *s = &streams[i];
    if (!same_name(s->name, message + 2, size - 2)) continue;
    found = true;
    a->app = s->app;
    offered |= 1u << s->kind;
    if (s->kind == STREAM_TTY) offered |= 1u << TTY_OUT;
    if (is_output(s)) *position(a, s) = s->end - s->seen > RING ? s->end - RING : s->seen;
  }
  if (!found) return refuse(a, "no such app has streams to attach to");
  a->wants = (uint8_t)message[1];
  if (a->wants == 0 || (a->wants & ~offered)) return refuse(a, "the app has no such stream");
  a->greeted = true;
  send_parts(a->fd, MESSAGE_ATTACH, message + 1, 1);
}

/* Gives the app what waits for it. */
static void flush_input(struct stream *s) {
  while (s->fd >= 0 && s->from < s->until) {
    long n = sys(__NR_write, s->fd, s->input + s->from, s->until - s->from);
    if (n == -EAGAIN) return;
    if (n == -EINTR) continue;
    if (n <= 0) { /* the app has closed it: what else is typed is for nobody */
      if (s->kind == STREAM_IN) {
        sys(__NR_close, s->fd);
        s->fd = -1;
      }
      break;
    }
    s->from += (uint32_t)n;
  }
  s->from = s->until = 0;
  if (s->last && s->fd >= 0) {
    sys(__NR_close, s->fd);
    s->fd = -1;
  }
}

static bool has_room(const struct stream *s) { return s->from == s->until; }

static void give_input(struct stream *s, const char *bytes, size_t size) {
  if (s->fd < 0 || s->last) return;
  for (size_t i = 0; i < size; i++) s->input[i] = bytes[i];
  s->from = 0;
  s->until = (uint32_t)size;
  flush_input(s);
}

/* Takes messages until one waits for the app. */
static void listen_to(struct attacher *a) {
  char message[MAX_MESSAGE];
  for (int i = 0; i < 16; i++) {
    struct stream *s = a->greeted ? input_of(a) : NULL;
    if (s && !has_room(s)) return;
    long n = sys_read(a->fd, message, sizeof message);
    if (n == -EAGAIN) return;
    if (n <= 0) return drop(a);
    size_t size = (size_t)n;
    if (!a->greeted) {
      greet(a, message, size);
      if (!a->fd) return;
    } else if (message[0] == MESSAGE_INPUT && s) {
      give_input(s, message + 1, size - 1);
    } else if (message[0] == MESSAGE_END_OF_INPUT && s && s->kind == STREAM_IN) {
      s->last = true;
      flush_input(s);
    } else if (message[0] == MESSAGE_WINDOW && s && s->kind == STREAM_TTY && size == 9) {
      uint16_t window[4];
      memcpy(window, message + 1, sizeof window);
      sys(__NR_ioctl, s->fd, TIOCSWINSZ, window);
    }
  }
}

/* How many bytes may come before one is lost that somebody still waits for. */
static uint32_t room(struct stream *s) {
  uint64_t most = 0;
  for (unsigned i = 0; i < MAX_ATTACHED; i++) {
    struct attacher *a = &attachers[i];
    if (!reads(a, s) || a->lagging) continue;
    uint64_t behind = s->end - *position(a, s);
    if (behind > most) most = behind;
  }
  return most >= RING ? 0 : (uint32_t)(RING - most);
}

/* Whoever holds the stream up has a second to catch up. */
static void note_holders(struct stream *s, int64_t now) {
  for (unsigned i = 0; i < MAX_ATTACHED; i++) {
    struct attacher *a = &attachers[i];
    if (reads(a, s) && !a->lagging && !a->holding_since && s->end - *position(a, s) >= RING) {
      a->holding_since = now;
    }
  }
}

/* Reads once; false when there was nothing. */
static bool take_output(struct stream *s) {
  uint32_t most = room(s);
  if (most == 0) {
    note_holders(s, monotonic_ms());
    return false;
  }
  uint32_t at = (uint32_t)(s->end % RING);
  if (most > RING - at) most = RING - at;
  long n = sys_read(s->fd, s->ring + at, most);
  if (n > 0) {
    s->end += (uint64_t)n;
    return true;
  }
  if (n != -EAGAIN) { /* the end; of a terminal EIO: no process has it open */
    sys(__NR_close, s->fd);
    s->fd = -1;
  }
  return false;
}

/* Sends what there is of one stream; false when the attacher takes no more. */
static bool give_output(struct attacher *a, struct stream *s) {
  uint64_t *at = position(a, s);
  if (s->end - *at > RING) {
    a->lost += s->end - RING - *at;
    *at = s->end - RING;
  }
  if (a->lost) {
    uint64_t lost = a->lost;
    if (!send_parts(a->fd, MESSAGE_LOST, &lost, sizeof lost)) return false;
    a->lost = 0;
  }
  while (*at < s->end) {
    uint32_t from = (uint32_t)(*at % RING);
    uint64_t size = s->end - *at;
    if (size > MAX_MESSAGE - 1) size = MAX_MESSAGE - 1;
    if (size > RING - from) size = RING - from;
    char kind = s->kind == STREAM_ERR ? MESSAGE_ERRORS : MESSAGE_OUTPUT;
    if (!send_parts(a->fd, kind, s->ring + from, size)) return false;
    *at += size;
    if (*at > s->seen) s->seen = *at;
  }
  return true;
}

static bool waits_for(struct attacher *a) {
  for (unsigned i = 0; i < count; i++) {
    if (reads(a, &streams[i]) && *position(a, &streams[i]) < streams[i].end) return true;
  }
  return a->lost > 0;
}

/* Every stream of its app was read to the end of what the app wrote. */
static bool is_over(const struct attacher *a) {
  if (!a->greeted || !ends[a->app].ended) return false;
  for (unsigned i = 0; i < count; i++) {
    if (reads(a, &streams[i]) && streams[i].fd >= 0 && !streams[i].at_rest) return false;
  }
  return true;
}

static void serve(struct attacher *a) {
  bool done = true;
  for (unsigned i = 0; i < count && done; i++) {
    if (reads(a, &streams[i])) done = give_output(a, &streams[i]);
  }
  if (!done) return;
  a->lagging = false;
  a->holding_since = 0;
  if (is_over(a)) {
    uint32_t status = ends[a->app].status;
    if (send_parts(a->fd, MESSAGE_EXIT, &status, sizeof status)) drop(a);
  }
}

static void accept_one(void) {
  long fd = sys(__NR_accept4, listener, NULL, NULL, O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return;
  int own = own_fd((int)fd);
  sys(__NR_close, fd);
  if (own < 0) return;
  for (unsigned i = 0; i < MAX_ATTACHED; i++) {
    if (attachers[i].fd) continue;
    attachers[i] = (struct attacher){.fd = own};
    return;
  }
  struct attacher one_too_many = {.fd = own};
  refuse(&one_too_many, "too many are attached");
}

unsigned mux_poll(struct pollfd *fds) {
  if (count == 0) return 0;
  unsigned n = 0;
  fds[n++] = (struct pollfd){listener, POLLIN, 0};
  for (unsigned i = 0; i < count; i++) {
    struct stream *s = &streams[i];
    short events = 0;
    if (is_output(s) && room(s) > 0) events |= POLLIN;
    if (s->from < s->until) events |= POLLOUT;
    /* Nothing awaited: not even its end, which poll would tell again and again. */
    fds[n++] = (struct pollfd){events ? s->fd : -1, events, 0};
  }
  for (unsigned i = 0; i < MAX_ATTACHED; i++) {
    struct attacher *a = &attachers[i];
    short events = 0;
    if (a->fd) {
      struct stream *s = a->greeted ? input_of(a) : NULL;
      if (!s || has_room(s)) events |= POLLIN;
      if (waits_for(a) || is_over(a)) events |= POLLOUT;
    }
    fds[n++] = (struct pollfd){a->fd ? a->fd : -1, events, 0};
  }
  return n;
}

int64_t mux_timeout(void) {
  int64_t now = 0, least = -1;
  for (unsigned i = 0; i < MAX_ATTACHED; i++) {
    if (!attachers[i].holding_since) continue;
    if (!now) now = monotonic_ms();
    int64_t left = attachers[i].holding_since + MAX_HOLD_MS - now;
    if (left < 0) left = 0;
    if (least < 0 || left < least) least = left;
  }
  return least;
}

static void let_go_of_slow_ones(void) {
  for (unsigned i = 0; i < MAX_ATTACHED; i++) {
    struct attacher *a = &attachers[i];
    if (a->holding_since && monotonic_ms() - a->holding_since >= MAX_HOLD_MS) {
      a->lagging = true; /* until it has caught up */
      a->holding_since = 0;
    }
  }
}

/*
 * What an app wrote that has ended is in the pipe by then. Once that has been read its attachers
 * may go; what its orphans write later is not waited for.
 */
static void rest(struct stream *s) {
  while (s->fd >= 0 && s->end < s->rest && take_output(s)) {
  }
  s->at_rest = s->fd < 0 || s->end >= s->rest || room(s) > 0;
}

void mux_move(const struct pollfd *fds) {
  if (count == 0) return;
  for (unsigned i = 0; i < count; i++) {
    short got = fds[1 + i].revents;
    struct stream *s = &streams[i];
    if (got && s->from < s->until) flush_input(s);
    if (got && (fds[1 + i].events & POLLIN)) take_output(s);
    if (is_output(s) && s->fd >= 0 && room(s) == 0) note_holders(s, monotonic_ms());
    if (s->rest && !s->at_rest) rest(s);
  }
  for (unsigned i = 0; i < MAX_ATTACHED; i++) {
    struct attacher *a = &attachers[i];
    short got = fds[1 + count + i].revents;
    if (!a->fd || fds[1 + count + i].fd != a->fd) continue;
    if (got & (POLLIN | POLLHUP | POLLERR)) listen_to(a);
    if (a->fd && (waits_for(a) || is_over(a))) serve(a);
  }
  let_go_of_slow_ones();
  if (fds[0].revents) accept_one();
}

void mux_ended(uint32_t app, uint32_t status) {
  if (app >= MAX_APPS || ends[app].ended) return;
  ends[app] = (struct end){true, status};
  for (unsigned i = 0; i < count; i++) {
    struct stream *s = &streams[i];
    if (s->app != app || !is_output(s)) continue;
    s->rest = s->end + MOST_IN_A_PIPE;
    rest(s);
  }
}

void mux_close(int pod_directory) {
  if (count == 0) return;
  int64_t end = monotonic_ms() + CLOSING_MS;
  sys(__NR_close, listener);
  listener = -1;
  for (unsigned i = 0; i < count; i++) {
    streams[i].at_rest = false;
    /* What the pod left in the pipe: who was handed an end of it may write for ever. */
    streams[i].rest = streams[i].end + MOST_IN_A_PIPE;
    if (!ends[streams[i].app].ended) ends[streams[i].app] = (struct end){true, 128 + SIGKILL};
  }
  static struct pollfd fds[MUX_FDS];
  for (;;) {
    bool waiting = false;
    for (unsigned i = 0; i < count; i++) {
      if (is_output(&streams[i])) rest(&streams[i]);
    }
    for (unsigned i = 0; i < MAX_ATTACHED; i++) {
      if (attachers[i].fd && attachers[i].greeted) {
        serve(&attachers[i]);
        waiting |= attachers[i].fd != 0;
      }
    }
    int64_t left = end - monotonic_ms();
    if (!waiting || left <= 0) break;
    unsigned n = 0;
    for (unsigned i = 0; i < MAX_ATTACHED; i++) {
      if (attachers[i].fd && attachers[i].greeted) {
        fds[n++] = (struct pollfd){attachers[i].fd, POLLOUT, 0};
      }
    }
    sys_poll(fds, n, left);
    for (unsigned i = 0; i < MAX_ATTACHED; i++) {
      char byte;
      struct attacher *a = &attachers[i];
      if (a->fd && sys(__NR_recvfrom, a->fd, &byte, 1, PEEK | DONTWAIT, NULL, NULL) == 0) {
        drop(a);
      }
    }
  }
  sys(__NR_unlinkat, pod_directory, ATTACH_SOCKET, 0);
}
