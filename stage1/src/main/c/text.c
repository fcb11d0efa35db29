#include "text.h"

/* errno(3) by number from 1: the names of the generic table, which both architectures use. */
static const char NAMES[] =
    "EPERM\0ENOENT\0ESRCH\0EINTR\0EIO\0ENXIO\0E2BIG\0ENOEXEC\0EBADF\0ECHILD\0EAGAIN\0ENOMEM\0"
    "EACCES\0EFAULT\0ENOTBLK\0EBUSY\0EEXIST\0EXDEV\0ENODEV\0ENOTDIR\0EISDIR\0EINVAL\0ENFILE\0"
    "EMFILE\0ENOTTY\0ETXTBSY\0EFBIG\0ENOSPC\0ESPIPE\0EROFS\0EMLINK\0EPIPE\0EDOM\0ERANGE\0EDEADLK\0"
    "ENAMETOOLONG\0ENOLCK\0ENOSYS\0ENOTEMPTY\0ELOOP\0";

size_t length(const char *string) {
  size_t n = 0;
  while (string[n]) n++;
  return n;
}

void add(struct text *to, const char *more) {
  while (*more && to->size < sizeof to->bytes) to->bytes[to->size++] = *more++;
}

void add_number(struct text *to, uint64_t number) {
  char digits[21];
  char *at = digits + sizeof digits - 1;
  *at = 0;
  do {
    *--at = (char)('0' + number % 10);
    number /= 10;
  } while (number);
  add(to, at);
}

void add_errno(struct text *to, int error) {
  if (error == EOVERFLOW) return add(to, "EOVERFLOW");
  if (error == EUSERS) return add(to, "EUSERS");
  if (error == EOPNOTSUPP) return add(to, "EOPNOTSUPP");
  if (error == ESTALE) return add(to, "ESTALE");
  const char *name = NAMES;
  for (int n = 1; *name && n < error; n++) name += length(name) + 1;
  if (*name && error > 0) return add(to, name);
  add(to, "errno ");
  add_number(to, (uint64_t)error);
}

void add_failure(struct text *to, const char *what, int error, const char *note, const char *fix) {
  add(to, "run: cannot ");
  add(to, what);
  add(to, ": ");
  add_errno(to, error);
  add(to, note);
  if (*fix) {
    add(to, "\n  fix: ");
    add(to, fix);
  }
  if (to->size == sizeof to->bytes) to->size--; /* cut, but still a line */
  add(to, "\n");
}

void complain(const char *what, const char *reason, int64_t number) {
  struct text line;
  line.size = 0;
  add(&line, "run: cannot ");
  add(&line, what);
  add(&line, ": ");
  add(&line, reason);
  if (number >= 0) add_number(&line, (uint64_t)number);
  add(&line, "\n");
  write_all(2, line.bytes, line.size);
}
