#include "worker/sandbox/channel.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace swarmlab::sandbox {
namespace {

constexpr std::size_t kPortion = 64UL << 10U;  // what a pipe holds; a socket some more

}  // namespace

Result<Channel> Channel::make(Kind kind, Keep keep) {
  std::array<int, 2> ends{-1, -1};
  const int made = kind == Kind::pipe
                       ? ::pipe2(ends.data(), O_CLOEXEC)
                       : ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data());
  if (made != 0) return fail(ErrorCode::unavailable, "pipe: {}", std::strerror(errno));
  Channel channel(UniqueFd{ends[0]}, std::move(keep));
  channel.to_.reset(ends[1]);
  // Only our end: the child expects a pipe that blocks.
  if (::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) {
    return fail(ErrorCode::internal, "pipe: {}", std::strerror(errno));
  }
  return channel;
}

bool Channel::take() {
  if (!from_) return false;
  std::array<char, kPortion>
      buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
  const ssize_t got = ::read(from_.get(), buffer.data(), buffer.size());
  if (got < 0 && errno == EINTR) return true;
  if (got < 0 && errno == EAGAIN) return false;
  if (got <= 0) {
    from_.reset();
    return false;
  }
  keep_(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
  return true;
}

void Channel::drain(std::uint64_t most_bytes) {
  for (std::uint64_t portions = most_bytes / kPortion; portions > 0 && take();) --portions;
}

}  // namespace swarmlab::sandbox
