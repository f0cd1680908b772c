// Measures the stage of an attempt that its scope is.
#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

#include "common/model/experiment.h"

namespace swarmlab::worker {

class StageTimer {
 public:
  /// \param stages  outlives the timer. Two stretches of one stage are added up.
  StageTimer(std::vector<StageTime>& stages, Stage stage)
      : stages_(stages), stage_(stage), begin_(std::chrono::steady_clock::now()) {}
  StageTimer(const StageTimer&) = delete;
  StageTimer& operator=(const StageTimer&) = delete;
  StageTimer(StageTimer&&) = delete;
  StageTimer& operator=(StageTimer&&) = delete;
  ~StageTimer() {
    const auto took = std::chrono::steady_clock::now() - begin_;
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(took);
    const auto known = std::ranges::find(stages_, stage_, &StageTime::stage);
    if (known == stages_.end()) {
      stages_.push_back({.stage = stage_, .took = micros});
    } else {
      known->took += micros;
    }
  }

 private:
  std::vector<StageTime>& stages_;
  Stage stage_;
  std::chrono::steady_clock::time_point begin_;
};

}  // namespace swarmlab::worker
