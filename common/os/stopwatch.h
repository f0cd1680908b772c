// How long something took, for people and their charts. Nothing is decided by it: it is no clock.
#pragma once

#include <chrono>

namespace swarmlab {

class Stopwatch {
 public:
  Stopwatch() : begin_(std::chrono::steady_clock::now()) {}
  [[nodiscard]] std::chrono::duration<double> seconds() const {
    return std::chrono::steady_clock::now() - begin_;
  }

 private:
  std::chrono::steady_clock::time_point begin_;
};

}  // namespace swarmlab
