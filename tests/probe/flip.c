// flip NAME OTHER: exchanges the two names as fast as it can, until it is killed. Prints "flipping"
// when it has begun.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <errno.h>

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  for (long i = 0;; i++) {
    if (renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE)) {
      fprintf(stderr, "flip: %s\n", strerror(errno));
      return 1;
    }
    if (i == 0) {
      puts("flipping");
      fflush(stdout);
    }
  }
}
