#include "common/os/cancel.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "common/os/clock.h"

namespace swarmlab {

bool CancelToken::cancelled() const {
  if (!event_) return false;
  pollfd event{.fd = event_->get(), .events = POLLIN, .revents = 0};
  return ::poll(&event, 1, 0) > 0;
}

bool CancelToken::wait(Milliseconds time) const {
  const Deadline deadline = Deadline::after(time);
  pollfd event{.fd = fd(), .events = POLLIN, .revents = 0};  // -1 is passed over: only waits
  while (true) {
    const int ready = ::poll(&event, 1, deadline.poll_timeout());
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

Result<CancelSource> CancelSource::make() {
  UniqueFd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event) return fail(ErrorCode::unavailable, "eventfd: {}", std::strerror(errno));
  return CancelSource(std::make_shared<const UniqueFd>(std::move(event)));
}

void CancelSource::cancel() const {
  const std::uint64_t one = 1;
  // It can only fail when the counter is full, and then it is readable already.
  [[maybe_unused]] const ssize_t written = ::write(event_->get(), &one, sizeof one);
}

}  // namespace swarmlab
