/* The things that this program can be. Each is given the descriptor of its plan. */
#ifndef POD_INIT_MODES_H
#define POD_INIT_MODES_H

#include "plan.h"

/* PID 1 of the pod, or, with OP_HOST, the parent of a pod that has no pid namespace. */
__attribute__((noreturn)) void run_init(int fd, enum op mode);
__attribute__((noreturn)) void run_supervise(int fd);
__attribute__((noreturn)) void run_enter(int fd);
__attribute__((noreturn)) void run_attach(int fd);
__attribute__((noreturn)) void run_hold(int fd);
/* UIDS GIDS PROGRAM ARGS... */
__attribute__((noreturn)) void run_userns(char **words, char **envp);

#endif
