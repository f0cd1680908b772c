#include "worker/sandbox/runner_tree.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "worker/sandbox/inside/orders.h"
#include "worker/sandbox/inside/sockets.h"

namespace swarmlab::sandbox {
namespace {

constexpr std::size_t kLongestWord = 1024;

}  // namespace

Usage usage_in(const char* bytes, int& code) {
  Ending ending{};
  std::memcpy(&ending, bytes, sizeof ending);
  code = ending.code;
  Usage usage{.ran_out_of_memory = ending.ran_out_of_memory != 0};
  if (ending.peak_memory_bytes >= 0) {
    usage.peak_memory_bytes = static_cast<std::uint64_t>(ending.peak_memory_bytes);
  }
  if (ending.cpu_us >= 0) usage.cpu_time = std::chrono::microseconds(ending.cpu_us);
  return usage;
}

void RunnerTree::give(SpawnRequest& /*spawn*/, int fd, int child_fd) {
  given_.at(static_cast<std::size_t>(child_fd)) = fd;
}

Result<void> RunnerTree::start() {
  Descriptors sent;
  sent.add(parts_.orders.get());
  sent.add(parts_.paths.get());
  for (const int fd : given_) {
    if (fd >= 0) sent.add(fd);
  }
  if (send_with(parts_.control.get(), "o", sent)) return {};
  return fail(ErrorCode::unavailable, "the runner: {}", std::strerror(errno));
}

Result<void> RunnerTree::hear() {
  std::array<char, kLongestWord> bytes{};
  Descriptors none;
  const ssize_t got = receive_with(parts_.control.get(), bytes.data(), bytes.size(), 0, none);
  for (std::size_t i = 0; i < none.count; ++i) ::close(none.fds.at(i));
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return {};
  if (got <= 0) {
    is_gone_ = true;
    return {};
  }
  if (bytes[0] == kFailed) {
    return fail(ErrorCode::unavailable, "the sandbox does not start: {}",
                std::string_view(bytes.data() + 1, static_cast<std::size_t>(got) - 1));
  }
  if (bytes[0] == kReady) runs_ = true;
  if (bytes[0] == kEnded && static_cast<std::size_t>(got) == 1 + sizeof(Ending)) {
    int code = 0;
    usage_ = usage_in(bytes.data() + 1, code);
    code_ = code;
  }
  return {};
}

// It hears that nothing more comes, kills all, and hangs up when they are dead.
void RunnerTree::kill(const Process* /*spawned*/) {
  ::shutdown(parts_.control.get(), SHUT_WR);
}

Result<std::optional<ExitStatus>> RunnerTree::bury(Process* spawned, Deadline deadline) {
  kill(spawned);
  while (!is_gone_) {
    pollfd event{.fd = parts_.control.get(), .events = POLLIN, .revents = 0};
    const int ready = ::poll(&event, 1, deadline.poll_timeout());
    if (ready == 0) return std::optional<ExitStatus>();
    if (ready < 0 && errno != EINTR) {
      return fail(ErrorCode::internal, "poll: {}", std::strerror(errno));
    }
    if (ready > 0) {
      [[maybe_unused]] const auto heard = hear();
    }
  }
  return std::optional(ExitStatus{});
}

}  // namespace swarmlab::sandbox
