#include "common/os/open_files.h"

#include <sys/resource.h>

#include <cerrno>
#include <cstring>

namespace swarmlab {

Result<std::uint64_t> raise_open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return fail(ErrorCode::unavailable, "limit of open files: {}", std::strerror(errno));
  }
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return fail(ErrorCode::unavailable, "limit of open files: {}", std::strerror(errno));
  }
  return limit.rlim_cur;
}

}  // namespace swarmlab
