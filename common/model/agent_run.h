// How an agent's part in an attempt went, as its program and its provider told it. Notes for
// people, but for one thing: where the provider is to blame, no experiment is made of the attempt.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/strong_id.h"

namespace swarmlab {

// What became of it. Exit codes say little: programs end with 0 when their provider cannot be
// reached, so this comes from what they write.
enum class AgentEnd : std::uint8_t {
  finished,
  refused,                // the model would not do it
  rate_limited,           // the provider asks to wait
  unavailable,            // the provider is overloaded, fails, or cannot be reached
  out_of_credit,          // nothing more until a person pays
  authentication_failed,  // nothing more until a person gives another key
  crashed,
  timed_out,
};

/// The provider's fault, which passes by itself: to be tried again later.
[[nodiscard]] constexpr bool passes_by_itself(AgentEnd end) {
  return end == AgentEnd::rate_limited || end == AgentEnd::unavailable;
}

/// Nothing gets better until a person does something.
[[nodiscard]] constexpr bool needs_a_person(AgentEnd end) {
  return end == AgentEnd::out_of_credit || end == AgentEnd::authentication_failed;
}

// Who says what an agent cost.
enum class CostSource : std::uint8_t {
  none,      // nobody: it is taken for free
  told,      // the agent's program
  priced,    // its tokens, by the price table of the lab
  measured,  // the bridge between it and its provider
};

// A place that an agent's sandbox was not let to.
struct NetworkRefusal {
  std::string host;  // name or address, as it was asked for
  std::uint16_t port = 0;
  std::uint64_t times = 0;
  bool operator==(const NetworkRefusal&) const = default;
};

struct AgentRun {
  AgentEnd end = AgentEnd::finished;
  std::string said{};               // the provider's words, where `end` is not `finished`
  Milliseconds retry_after{0};      // that the provider asks for; 0: it does not say
  std::string session{};            // as the program names it; empty: it has none
  std::string model{};              // that answered, as the program says
  std::string final_message{};      // the agent's last words
  std::uint64_t turns = 0;          // answers of the model
  std::uint64_t tool_calls = 0;     // that it asked for
  std::uint64_t cached_tokens = 0;  // of the input, read from the provider's cache
  CostSource cost_source = CostSource::none;
  std::vector<NetworkRefusal> refused{};
  std::uint32_t session_experiment = 0;  // that its session was on, from 1; 0: each has its own
  bool operator==(const AgentRun&) const = default;
};

inline constexpr std::size_t kMostRefusals = 50;  // in one report: the most frequent ones

}  // namespace swarmlab
