// Values that cannot be mixed up: a TaskId is no FencingToken, and neither is a plain number.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <utility>

namespace swarmlab {

template <class Tag, class Rep = std::uint64_t>
class StrongId {
 public:
  constexpr StrongId() = default;
  constexpr explicit StrongId(Rep value) : value_(std::move(value)) {}
  [[nodiscard]] constexpr const Rep& value() const { return value_; }
  auto operator<=>(const StrongId&) const = default;

 private:
  Rep value_{};
};

template <class Tag, class Rep>
[[nodiscard]] constexpr StrongId<Tag, Rep> next(const StrongId<Tag, Rep>& id) {
  return StrongId<Tag, Rep>(id.value() + 1);
}

using LabId = StrongId<struct LabIdTag>;
using TaskId = StrongId<struct TaskIdTag>;
using FencingToken = StrongId<struct FencingTokenTag>;    // 1 or more; only grows
using ExperimentNumber = StrongId<struct ExperimentTag>;  // in its lab; the baseline is 1
using SegmentNumber = StrongId<struct SegmentTag>;        // in its lab; the first is 1
using HintNumber = StrongId<struct HintTag>;              // in its lab; the first is 1
using Sequence = StrongId<struct SequenceTag>;            // of an event; the first is 1
using SessionId = StrongId<struct SessionIdTag>;          // of one connection of one worker
using WorkerName = StrongId<struct WorkerNameTag, std::string>;
using MicroUsd = StrongId<struct MicroUsdTag, std::int64_t>;  // millionths of a US dollar

// UTC, in milliseconds. The shell makes it; the core only compares and adds.
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;
using Milliseconds = std::chrono::milliseconds;

}  // namespace swarmlab
