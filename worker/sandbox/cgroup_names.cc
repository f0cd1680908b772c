#include "worker/sandbox/cgroup_names.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace swarmlab::sandbox {
namespace {

std::string prefix() {
  struct stat space {};
  const bool known = ::stat("/proc/self/ns/pid", &space) == 0;
  return fmt::format("swarmlab-{}-", known ? space.st_ino : 0);
}

}  // namespace

std::string cgroup_name(unsigned number) {
  return fmt::format("{}{}-{}", prefix(), ::getpid(), number);
}

std::optional<pid_t> owner_of(std::string_view cgroup_name) {
  const std::string ours = prefix();
  if (!cgroup_name.starts_with(ours)) return std::nullopt;
  cgroup_name.remove_prefix(ours.size());
  pid_t pid = 0;
  const auto read =
      std::from_chars(cgroup_name.data(), cgroup_name.data() + cgroup_name.size(), pid);
  const bool followed = read.ptr != cgroup_name.data() + cgroup_name.size() && *read.ptr == '-';
  if (read.ec != std::errc() || !followed || pid <= 0) return std::nullopt;
  return pid;
}

Result<std::string> claim_group(const std::string& folder) {
  for (unsigned number = 1;; ++number) {
    std::string name = cgroup_name(number);
    if (::mkdir(fmt::format("{}/{}", folder, name).c_str(), 0755) == 0) return name;
    if (errno != EEXIST) {
      return fail(ErrorCode::unavailable, "{}: cannot make a group: {}", folder,
                  std::strerror(errno));
    }
  }
}

}  // namespace swarmlab::sandbox
