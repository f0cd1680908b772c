#include "common/net/waker.h"

#include <sys/eventfd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

namespace swarmlab::net {

Result<Waker> Waker::make() {
  UniqueFd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event) return fail(ErrorCode::unavailable, "eventfd: {}", std::strerror(errno));
  return Waker(std::make_shared<const UniqueFd>(std::move(event)));
}

void Waker::wake() const {
  const int before = errno;  // a signal handler must leave it as it was
  const std::uint64_t one = 1;
  // It can only fail when the counter is full, and then it is readable already.
  [[maybe_unused]] const ssize_t written = ::write(event_->get(), &one, sizeof one);
  errno = before;
}

bool Waker::clear() const {
  std::uint64_t count = 0;
  return ::read(event_->get(), &count, sizeof count) == sizeof count;
}

}  // namespace swarmlab::net
