/* The user's terminal on one side, the pod's pseudo terminal on the other. */
#ifndef POD_INIT_RELAY_H
#define POD_INIT_RELAY_H

#include "sys.h"

/* Puts the terminal in raw mode, if the plan has one. */
void relay_open(int tty, int pty);
/* Fills two entries for poll; they are empty without a terminal. */
void relay_poll(struct pollfd *fds);
void relay_move(const struct pollfd *fds);
/* True if the signal was about the terminal alone. */
bool relay_signal(int signal);
/* Writes what is left, and gives the terminal back as it was. */
void relay_close(void);

#endif
