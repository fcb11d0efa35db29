/* Lines of text built in a small fixed buffer, and the two forms of our own errors. */
#ifndef POD_INIT_TEXT_H
#define POD_INIT_TEXT_H

#include "sys.h"

struct text {
  unsigned size;
  char bytes[1000];
};

void add(struct text *to, const char *more);
void add_number(struct text *to, uint64_t number);
void add_errno(struct text *to, int error);
void add_failure(struct text *to, const char *what, int error, const char *note, const char *fix);
size_t length(const char *string);

/* "run: cannot WHAT: REASON", and a number if it is not negative, on stderr. */
void complain(const char *what, const char *reason, int64_t number);

#endif
