#include "health.h"

static bool starts(const struct health *h, int64_t now) {
  return h->state == HEALTH_STARTING && now - h->started < h->start_period;
}

void health_later(struct health *h) {
  int64_t now = monotonic_ms();
  h->next = now + (starts(h, now) ? h->start_interval : h->interval);
}

void health_read(struct health *h, const struct record *section) {
  h->exec = section->next;
  h->interval = (uint32_t)section->words[0];
  h->timeout = (uint32_t)section->words[1];
  h->start_period = (uint32_t)section->words[2];
  h->start_interval = (uint32_t)section->words[3];
  h->retries = (uint32_t)section->words[4];
}

void health_begin(struct health *h) {
  h->started = monotonic_ms();
  health_later(h);
}

void health_checking(struct health *h, int pid) {
  h->pid = pid;
  h->overdue = false;
  h->checked = true;
  h->next = monotonic_ms() + h->timeout;
}

/* It leads a session, so this ends what it has started as well. */
void health_expire(struct health *h) {
  sys(__NR_kill, -h->pid, SIGKILL);
  sys(__NR_kill, h->pid, SIGKILL); /* before its setsid */
  h->overdue = true;
  h->next = INT64_MAX;
}

bool health_checked(struct health *h, int status) {
  enum health_state before = h->state;
  bool starting = starts(h, monotonic_ms());
  h->pid = 0;
  if (status == 0 && !h->overdue) {
    h->state = HEALTHY;
    h->failures = 0;
  } else if (!starting && ++h->failures >= h->retries) {
    h->state = UNHEALTHY;
  }
  health_later(h);
  return h->state != before;
}

void health_end(struct health *h) {
  if (h->pid) health_expire(h);
  h->next = INT64_MAX;
}
