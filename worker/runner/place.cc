#include "worker/runner/place.h"

#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "common/os/clock.h"
#include "common/os/file.h"
#include "common/os/unique_fd.h"
#include "worker/sandbox/inside/usage.h"

namespace swarmlab::runner {
namespace {

namespace fs = std::filesystem;

constexpr Milliseconds kDeathGrace{60'000};  // of the kernel, to free what the dead had
constexpr const char* kShared[] = {"/tmp", "/dev/shm", "/var/tmp"};

std::vector<pid_t> processes() {
  std::vector<pid_t> found;
  std::error_code error;
  for (fs::directory_iterator at("/proc", error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name.find_first_not_of("0123456789") == std::string::npos) {
      found.push_back(static_cast<pid_t>(std::stol(name)));
    }
  }
  return found;
}

std::string line_of_status(const char* key) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(key)) return line.substr(std::strlen(key));
  }
  return {};
}

std::string name_of_process(pid_t process) {
  std::ifstream file(fmt::format("/proc/{}/comm", process));
  std::string name;
  std::getline(file, name);
  return fmt::format("{} ({})", process, name);
}

void wait_for(pid_t process, Deadline deadline) {
  const UniqueFd open(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
  pollfd event{.fd = open.get(), .events = POLLIN, .revents = 0};
  if (open) ::poll(&event, 1, deadline.poll_timeout());
}

}  // namespace

Result<void> check_alone() {
  if (::geteuid() == 0) {
    return fail(ErrorCode::conflict,
                "it runs as root, expected an ordinary user (runAsNonRoot; docker run --user "
                "65532:65532)");
  }
  const std::string capabilities = line_of_status("CapEff:");
  if (capabilities.find_first_not_of("\t 0") != std::string::npos) {
    return fail(ErrorCode::conflict,
                "it has capabilities ({}), expected none (capabilities: drop: [ALL]; docker run "
                "--cap-drop ALL)",
                capabilities.substr(capabilities.find_first_not_of("\t ")));
  }
  if (::getpid() != 1 && ::getppid() != 1) {
    return fail(ErrorCode::conflict,
                "it is process {} and its parent is process {}, expected the main process of a "
                "container of its own, or the child of its init: at the end of each run it kills "
                "all others there",
                ::getpid(), ::getppid());
  }
  std::string others;
  for (const pid_t process : processes()) {
    if (process == 1 || process == ::getpid()) continue;
    others += (others.empty() ? "" : ", ") + name_of_process(process);
  }
  if (others.empty()) return {};
  return fail(ErrorCode::conflict,
              "it is not alone in its pid namespace: {}; expected a container of its own "
              "(shareProcessNamespace off): at the end of each run it kills all others there",
              others);
}

Result<void> end_all_others() {
  const Deadline deadline = Deadline::after(kDeathGrace);
  while (::kill(-1, SIGKILL) == 0) {
    // Ours come to us when their parents die: PR_SET_CHILD_SUBREAPER. Others are init's to reap.
    for (const pid_t process : processes()) {
      if (process != 1 && process != ::getpid()) wait_for(process, deadline);
    }
    while (::waitpid(-1, nullptr, WNOHANG) > 0) continue;
    if (deadline.expired()) {
      return fail(ErrorCode::unavailable, "processes do not die: killed {} ms ago",
                  kDeathGrace.count());
    }
    // Dead ones that init has not reaped yet are found by the kill, too.
    const auto left = processes();
    const bool alive = std::ranges::any_of(left, [](pid_t process) {
      if (process == 1 || process == ::getpid()) return false;
      std::ifstream file(fmt::format("/proc/{}/stat", process));
      std::string line;
      std::getline(file, line);
      const auto end = line.rfind(')');
      return end != std::string::npos && line.size() > end + 2 && line[end + 2] != 'Z';
    });
    if (!alive) break;
  }
  while (::waitpid(-1, nullptr, WNOHANG) > 0) continue;
  return {};
}

void clear_temporary_folders() {
  for (const char* folder : kShared) {
    std::error_code error;
    std::vector<std::string> entries;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
      entries.push_back(at->path().string());
    }
    for (const std::string& entry : entries) {
      [[maybe_unused]] const auto removed = remove_tree(entry);
    }
  }
}

std::vector<pid_t> own_processes() {
  std::vector<pid_t> found = {1, ::getpid(), ::getppid(), ::getpgrp(), ::getsid(0)};
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  std::erase(found, 0);
  return found;
}

std::uint64_t memory_limit() {
  const long long limit =
      sandbox::first_known({sandbox::number_in("/sys/fs/cgroup/memory.max", ""),
                            sandbox::number_in("/sys/fs/cgroup/memory/memory.limit_in_bytes", "")});
  constexpr long long kNone = 1LL << 50;  // "max" is read as 0
  return limit <= 0 || limit > kNone ? 0 : static_cast<std::uint64_t>(limit);
}

std::uint64_t network_namespace() {
  struct stat about {};
  return ::stat("/proc/self/ns/net", &about) == 0 ? about.st_ino : 0;
}

}  // namespace swarmlab::runner
