/* The user's terminal on one side, the pod's pseudo terminal on the other. */
#ifndef POD_INIT_RELAY_H
#define POD_INIT_RELAY_H

#include "sys.h"

/* Puts the terminal in raw mode, if the plan has one and we are in its foreground. */
void relay_open(int tty, int pty);
/* Fills two entries for poll; they are empty without a terminal. */
void relay_poll(struct pollfd *fds);
/* How long poll may wait, in ms; -1 is for ever. */
int64_t relay_timeout(void);
/* To be called after each poll, whatever it found. */
void relay_move(const struct pollfd *fds);
/* True if the signal was about the terminal alone. */
bool relay_signal(int signal);
/* Gives the terminal back as it was and stops this process; SIGCONT takes it again. */
void relay_stop(void);
/* Writes what is left, and gives the terminal back as it was. */
void relay_close(void);

/* Whether this process may use the terminal: it is in the foreground, or no job control watches. */
bool terminal_is_ours(int tty);
/* Raw mode: every key is a byte. `saved` is how it was. */
bool terminal_raw(int tty, struct termios *saved);

#endif
