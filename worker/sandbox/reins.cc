#include "worker/sandbox/reins.h"

#include <sys/eventfd.h>

#include <cerrno>
#include <cstring>
#include <tuple>

namespace swarmlab::sandbox {

Result<std::shared_ptr<Reins>> Reins::make() {
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return fail(ErrorCode::unavailable, "eventfd: {}", std::strerror(errno));
  return std::shared_ptr<Reins>(new Reins(std::move(wake)));
}

Result<void> Reins::hold() {
  return pull(true);
}

Result<void> Reins::let_go() {
  return pull(false);
}

Result<void> Reins::pull(bool still) {
  std::unique_lock lock(mutex_);
  wanted_ = still;
  answer_.reset();
  std::ignore = ::eventfd_write(wake_.get(), 1);
  answered_.wait(lock, [this] { return answer_.has_value() || is_over_; });
  wanted_.reset();
  if (answer_) return *answer_;
  return fail(ErrorCode::unavailable, "the run is over");
}

void Reins::serve(const std::function<Result<void>(bool still)>& obey) {
  eventfd_t pulled = 0;
  std::ignore = ::eventfd_read(wake_.get(), &pulled);
  const std::scoped_lock lock(mutex_);
  if (!wanted_) return;
  answer_ = obey(*wanted_);
  wanted_.reset();
  answered_.notify_all();
}

void Reins::end() {
  const std::scoped_lock lock(mutex_);
  is_over_ = true;
  answered_.notify_all();
}

}  // namespace swarmlab::sandbox
