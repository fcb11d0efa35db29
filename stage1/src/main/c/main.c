#include "modes.h"
#include "sys.h"
#include "text.h"

__asm__(START);

static bool same(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

/* The stack as the kernel leaves it: argc, argv, NULL, envp, NULL, auxv. */
__attribute__((noreturn, used)) void start(long *stack) {
  char **argv = (char **)(stack + 1);
  /* Executed by descriptor, it would be called after the descriptor's number. */
  sys(__NR_prctl, PR_SET_NAME, "pod-init", 0, 0, 0);
  if (*stack >= 5 && same(argv[1], "userns")) run_userns(argv + 2, argv + *stack + 1);
  if (*stack == 3) {
    int fd = 0;
    const char *digit = argv[2];
    while (*digit >= '0' && *digit <= '9' && fd < 100000) fd = fd * 10 + (*digit++ - '0');
    if (*argv[2] && !*digit) {
      if (same(argv[1], "init")) run_init(fd, OP_INIT);
      if (same(argv[1], "host")) run_init(fd, OP_HOST);
      if (same(argv[1], "supervise")) run_supervise(fd);
      if (same(argv[1], "enter")) run_enter(fd);
      if (same(argv[1], "attach")) run_attach(fd);
      if (same(argv[1], "hold")) run_hold(fd);
    }
  }
  complain("start pod-init", "usage: pod-init init|host|supervise|enter|attach|hold PLAN-FD, or pod-init userns UIDS GIDS PROGRAM...", -1);
  quit(OWN_FAILURE);
}
