#include "notify.h"
#include "text.h"

enum { DONT_WAIT = 0x40, NO_SIGNAL = 0x4000, MOST = 4096, AGAIN_MS = 100 };

static struct app {
  bool asks, said;
  int fd;
} apps[MAX_APPS];
static uint32_t asking[MAX_APPS]; /* the apps with a socket */
static unsigned count, next;
static int host = -1;
static bool full; /* the host's socket was, when it was to be told */

void notify_add(uint32_t app, const struct record *notify) {
  int from = (int)notify->words[0], to = (int)notify->words[1];
  if (to >= 0) {
    host = to;
    sys(__NR_fcntl, to, F_SETFD, FD_CLOEXEC);
  }
  if (from < 0 || apps[app].asks) return;
  sys(__NR_fcntl, from, F_SETFD, FD_CLOEXEC);
  apps[app] = (struct app){.asks = true, .fd = from};
  asking[count++] = app;
}

bool notify_waits(uint32_t app) { return apps[app].asks && !apps[app].said; }

unsigned notify_poll(struct pollfd *fds) {
  next = 0;
  for (unsigned i = 0; i < count; i++) fds[i] = (struct pollfd){apps[asking[i]].fd, POLLIN, 0};
  return count;
}

/* Lines as sd_notify(3) writes them; all others are nobody's business, and go no further. */
static bool says_ready(const char *text, long size) {
  static const char LINE[] = "READY=1";
  for (long at = 0; at < size;) {
    long same = 0;
    while (at + same < size && LINE[same] && text[at + same] == LINE[same]) same++;
    if (!LINE[same] && (at + same == size || text[at + same] == '\n')) return true;
    while (at < size && text[at++] != '\n') {
    }
  }
  return false;
}

/* Descriptors that came along are closed by the kernel, as nothing is there to take them. What comes
   after the app is ready is read as well: who sends it must not wait. */
bool notify_take(struct pollfd *fds, uint32_t *app) {
  static char text[MOST];
  while (next < count) {
    unsigned here = next++;
    if (!fds[here].revents) continue;
    struct app *a = &apps[asking[here]];
    long size = sys(__NR_recvfrom, a->fd, text, sizeof text, DONT_WAIT, NULL, NULL);
    if (a->said || !says_ready(text, size)) continue;
    a->said = true;
    *app = asking[here];
    return true;
  }
  return false;
}

void notify_tell(void) {
  if (host < 0) return;
  long sent = sys(__NR_sendto, host, "READY=1", 7, DONT_WAIT | NO_SIGNAL, NULL, 0);
  full = sent == -EAGAIN;
  if (full) return;
  if (sent < 0) complain("say that the pod is ready", "errno ", -sent);
  sys(__NR_close, host);
  host = -1;
}

int64_t notify_timeout(void) { return full ? AGAIN_MS : -1; }
