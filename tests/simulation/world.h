// Time and order of a simulation: what happens, happens at an instant, one thing after the other,
// as the seed says. Also the trace of it, and the first thing that went wrong.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "tests/simulation/random.h"

namespace swarmlab::simulation {

using Micros = std::chrono::microseconds;

class World {
 public:
  World(std::uint64_t seed, bool tells) : random(seed), tells_(tells) {}

  Random random;

  /// True time since the beginning: no clock of a machine, those may be wrong.
  [[nodiscard]] Micros now() const { return now_; }
  [[nodiscard]] std::uint64_t steps() const { return steps_; }

  void after(Micros delay, std::function<void()> action);
  /// The next thing. \return false if nothing will ever happen again.
  bool step();

  /// A line of the trace. Part of the hash, printed if the trace was asked for.
  template <class... Args>
  void note(fmt::format_string<Args...> text, Args&&... args) {
    line_.clear();
    fmt::format_to(std::back_inserter(line_), text, std::forward<Args>(args)...);
    take_line();
  }
  void mix_in(std::string_view bytes);
  [[nodiscard]] std::uint64_t hash() const { return hash_; }

  /// What must never be, is: the simulation ends.
  void violate(std::string what);
  void require(bool holds, const char* what) {
    if (!holds) violate(what);
  }
  [[nodiscard]] const std::optional<std::string>& violation() const { return violation_; }

 private:
  struct Event {
    Micros at;
    std::uint64_t order;
    std::function<void()> action;
  };
  struct Later {
    bool operator()(const Event& a, const Event& b) const {
      return a.at != b.at ? a.at > b.at : a.order > b.order;
    }
  };
  void take_line();

  const bool tells_;
  Micros now_{0};
  std::uint64_t steps_ = 0;
  std::uint64_t order_ = 0;
  std::uint64_t hash_ = 14695981039346656037ULL;
  std::string line_;
  std::optional<std::string> violation_;
  std::priority_queue<Event, std::vector<Event>, Later> events_;
};

}  // namespace swarmlab::simulation
