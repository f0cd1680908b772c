#include "worker/sandbox/cgroup_files.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>

namespace swarmlab::sandbox {

std::string read_small_file(const std::string& path) {
  std::string text;
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

Result<void> write_small_file(const std::string& path, std::string_view value) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file || ::write(file.get(), value.data(), value.size()) < 0) {
    return fail(ErrorCode::unavailable, "{}: cannot write {}: {}", path, value,
                std::strerror(errno));
  }
  return {};
}

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc()) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> number_of(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (line.starts_with(key) && line.substr(key.size()).starts_with(' ')) {
      return number_in(line.substr(key.size() + 1));
    }
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return std::nullopt;
}

std::vector<pid_t> members_of(const std::string& folder) {
  std::vector<pid_t> members;
  const std::string text = read_small_file(folder + "/cgroup.procs");
  const char* next = text.data();
  const char* const end = next + text.size();
  while (next < end) {
    pid_t pid = 0;
    const auto read = std::from_chars(next, end, pid);
    // 0 is a process of another pid namespace: it cannot be meant by a number.
    if (read.ec == std::errc() && pid > 0) members.push_back(pid);
    next = read.ptr + 1;
  }
  return members;
}

void reap_orphan(const UniqueFd& process) {
  siginfo_t ended{};
  ::waitid(P_PIDFD, static_cast<id_t>(process.get()), &ended, WEXITED | WNOHANG);
}

bool kill_members(const std::string& folder, Deadline deadline) {
  for (;;) {
    const std::vector<pid_t> members = members_of(folder);
    if (members.empty()) return true;
    std::vector<UniqueFd> dying;
    for (const pid_t pid : members) {
      UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
      if (!process) continue;
      ::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
      dying.push_back(std::move(process));
    }
    for (const UniqueFd& process : dying) {
      pollfd event{.fd = process.get(), .events = POLLIN, .revents = 0};
      ::poll(&event, 1, deadline.poll_timeout());
      reap_orphan(process);
    }
    if (deadline.expired()) return members_of(folder).empty();
  }
}

}  // namespace swarmlab::sandbox
