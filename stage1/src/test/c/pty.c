/* pty MASTER SLAVE COMMAND...: runs the command with a new pseudo terminal on these descriptors. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || grantpt(master) || unlockpt(master)) return 3;
  int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
  if (slave < 0) return 3;
  dup2(master, atoi(argv[1]));
  dup2(slave, atoi(argv[2]));
  close(master);
  close(slave);
  execvp(argv[3], argv + 3);
  return 4;
}
