#include "coordinator/swarm/restored.h"

#include <algorithm>

namespace swarmlab::swarm {

namespace {

constexpr unsigned kTokensAMillisecondBits = 22;
constexpr std::uint64_t kSkippedLabs = 1000;
constexpr std::uint64_t kSkippedExperiments = 10'000;  // few enough to be read, and to be noticed

// Beyond what the clock says, where it was set back: somewhere in a wide range.
std::uint64_t beyond(std::uint64_t next, std::uint32_t random) {
  return next + (1ULL << 32U) + random;
}

}  // namespace

BackupRestored jump_ahead(const State& state, Timestamp now, std::uint32_t random) {
  const auto ms =
      static_cast<std::uint64_t>(std::max<Timestamp::rep>(now.time_since_epoch().count(), 0));
  const std::uint64_t by_clock = ms << kTokensAMillisecondBits;
  const auto ahead = [&](std::uint64_t next) {
    return by_clock > next ? by_clock : beyond(next, random);
  };
  return {.at = now,
          .next_lab = LabId(state.next_lab.value() + kSkippedLabs),
          .next_task = TaskId(ahead(state.next_task.value())),
          .next_token = FencingToken(ahead(state.next_token.value())),
          .skipped = kSkippedExperiments};
}

}  // namespace swarmlab::swarm
