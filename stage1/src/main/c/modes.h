/* The three things that this program can be. Each is given the descriptor of its plan. */
#ifndef POD_INIT_MODES_H
#define POD_INIT_MODES_H

__attribute__((noreturn)) void run_init(int fd);
__attribute__((noreturn)) void run_supervise(int fd);
__attribute__((noreturn)) void run_enter(int fd);

#endif
