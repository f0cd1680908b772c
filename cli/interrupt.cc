#include "cli/interrupt.h"

#include <poll.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace swarmlab::cli {

Result<std::unique_ptr<Interrupt>> Interrupt::watch() {
  SWARMLAB_TRY(signals, SignalWatch::make({SIGINT, SIGTERM}));
  SWARMLAB_TRY(interrupted, CancelSource::make());
  SWARMLAB_TRY(over, CancelSource::make());
  return std::unique_ptr<Interrupt>(
      new Interrupt(std::move(signals), std::move(interrupted), std::move(over)));
}

Interrupt::Interrupt(SignalWatch signals, CancelSource interrupted, CancelSource over)
    : signals_(std::move(signals)),
      interrupted_(std::move(interrupted)),
      over_(std::move(over)),
      waiter_([this] { forward(); }) {}

Interrupt::~Interrupt() {
  over_.cancel();
  waiter_.join();
}

void Interrupt::forward() const {
  const CancelToken over = over_.token();
  std::array<pollfd, 2> events{{{signals_.fd(), POLLIN, 0}, {over.fd(), POLLIN, 0}}};
  while (!over.cancelled()) {
    if (::poll(events.data(), events.size(), -1) < 0 && errno != EINTR) return;
    if (signals_.take()) interrupted_.cancel();
  }
}

}  // namespace swarmlab::cli
