// Ctrl-C and SIGTERM as a CancelToken, for commands that run something that takes long.
#pragma once

#include <memory>
#include <thread>

#include "common/os/cancel.h"
#include "common/os/signals.h"
#include "common/result.h"

namespace swarmlab::cli {

class Interrupt {
 public:
  /// Make it before any other thread.
  [[nodiscard]] static Result<std::unique_ptr<Interrupt>> watch();

  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  Interrupt(Interrupt&&) = delete;
  Interrupt& operator=(Interrupt&&) = delete;
  ~Interrupt();

  [[nodiscard]] CancelToken token() const { return interrupted_.token(); }
  [[nodiscard]] bool happened() const { return interrupted_.token().cancelled(); }

 private:
  Interrupt(SignalWatch signals, CancelSource interrupted, CancelSource over);
  void forward() const;  // signals to the token, until it is over

  SignalWatch signals_;
  CancelSource interrupted_;
  CancelSource over_;
  std::thread waiter_;
};

}  // namespace swarmlab::cli
