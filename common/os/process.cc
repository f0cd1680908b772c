#include "common/os/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace swarmlab {
namespace {

std::chrono::microseconds duration_of(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

ExitStatus status_from(int raw, const rusage& used) {
  return {.signaled = WIFSIGNALED(raw),
          .code = WIFSIGNALED(raw) ? WTERMSIG(raw) : WEXITSTATUS(raw),
          .cpu_time = duration_of(used.ru_utime) + duration_of(used.ru_stime),
          .peak_memory_bytes = static_cast<std::uint64_t>(used.ru_maxrss) * 1024};
}

// Whether `fd` became readable, or its other end closed, before the deadline.
Result<bool> wait_readable(int fd, Deadline deadline) {
  for (;;) {
    pollfd event{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&event, 1, deadline.poll_timeout());
    if (ready > 0) return true;
    if (ready == 0 && deadline.expired()) return false;
    if (ready < 0 && errno != EINTR) {
      return fail(ErrorCode::internal, "poll: {}", std::strerror(errno));
    }
  }
}

}  // namespace

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    end();
    pid_ = other.pid_;
    pidfd_ = std::move(other.pidfd_);
    status_ = other.status_;
  }
  return *this;
}

Process::~Process() {
  end();
}

void Process::end() noexcept {
  if (!pidfd_ || status_) return;
  kill(SIGKILL);
  int raw = 0;
  while (::waitpid(pid_, &raw, 0) < 0 && errno == EINTR) {
  }
}

Result<std::optional<ExitStatus>> Process::wait(Deadline deadline) {
  if (status_) return status_;
  SWARMLAB_TRY(ended, wait_readable(pidfd_.get(), deadline));
  if (!ended) return std::optional<ExitStatus>();
  int raw = 0;
  rusage used{};
  while (::wait4(pid_, &raw, 0, &used) < 0) {
    if (errno != EINTR) {
      return fail(ErrorCode::internal, "wait for process {}: {}", pid_, std::strerror(errno));
    }
  }
  status_ = status_from(raw, used);
  return status_;
}

void Process::kill(int signal) const {
  if (pidfd_ && !status_) ::syscall(SYS_pidfd_send_signal, pidfd_.get(), signal, nullptr, 0);
}

void Process::kill_group(int signal) const {
  // Until we have reaped the leader its id names this group and no other.
  if (pidfd_ && !status_) ::kill(-pid_, signal);
}

std::vector<std::string> current_environment() {
  std::vector<std::string> variables;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    variables.emplace_back(*variable);
  }
  return variables;
}

Result<Output> run_and_capture(SpawnRequest request, Milliseconds timeout) {
  constexpr std::size_t kMostBytes = 1UL << 20U;
  const Deadline deadline = Deadline::after(timeout);
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail(ErrorCode::unavailable, "pipe: {}", std::strerror(errno));
  }
  const UniqueFd out(ends[0]);
  UniqueFd in(ends[1]);
  request.fds.push_back({in.get(), 1});
  request.fds.push_back({in.get(), 2});
  SWARMLAB_TRY(process, spawn(request));
  in.reset();
  Output output;
  std::array<char, 4096> buffer{};
  for (;;) {
    SWARMLAB_TRY(readable, wait_readable(out.get(), deadline));
    if (!readable) {
      return fail(ErrorCode::unavailable, "{}: no end after {} ms", request.argv.front(),
                  timeout.count());
    }
    const ssize_t got = ::read(out.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    const auto room = kMostBytes - output.out.size();
    output.out.append(buffer.data(), std::min(room, static_cast<std::size_t>(got)));
  }
  SWARMLAB_TRY(status, process.wait(deadline));
  if (!status) {
    return fail(ErrorCode::unavailable, "{}: no end after {} ms", request.argv.front(),
                timeout.count());
  }
  output.status = *status;
  return output;
}

}  // namespace swarmlab
