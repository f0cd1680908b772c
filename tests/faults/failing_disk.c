/* Preloaded into the program: the disk fails to sync once, with EIO, as a dying one does.
 *   FAIL_SYNC_AT=N        the N-th fsync or fdatasync of a file that matches fails
 *   FAIL_SYNC_OF=PART     only of files whose path has this in it (default: all)
 *   FAIL_SYNC_COUNT=FILE  appends a line for each that matched: how many there are to fail
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_ulong passed;

static void note(const char *path) {
  const char *file = getenv("FAIL_SYNC_COUNT");
  char line[5000];
  if (file == NULL) return;
  const int length = snprintf(line, sizeof line, "%s\n", path);
  const int out = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (out < 0) return;
  if (write(out, line, (size_t)length) < 0) { /* only a count */
  }
  close(out);
}

static int fails(int fd) {
  const char *wish = getenv("FAIL_SYNC_AT");
  const char *part = getenv("FAIL_SYNC_OF");
  char link[64];
  char path[4096];
  if (wish == NULL) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = '\0';
  if (part != NULL && strstr(path, part) == NULL) return 0;
  note(path);
  return atomic_fetch_add(&passed, 1) + 1 == strtoul(wish, NULL, 10);
}

#define SYNC(name)                                                       \
  int name(int fd) {                                                     \
    static int (*next)(int);                                             \
    if (next == NULL) next = (int (*)(int))dlsym(RTLD_NEXT, #name);      \
    if (fails(fd)) {                                                     \
      errno = EIO;                                                       \
      return -1;                                                         \
    }                                                                    \
    return next(fd);                                                     \
  }

SYNC(fsync)
SYNC(fdatasync)
