// What an agent did in an attempt, step by step, as its program wrote it. For people: trimmed to
// what fits beside an experiment, without secrets, and nothing is decided by it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/strong_id.h"

namespace swarmlab {

enum class StepKind : std::uint8_t {
  prompt,    // what it was asked; each begins a round
  words,     // of the model
  thinking,  // of the model, where its program tells
  tool,      // a call and its result
};

struct TranscriptStep {
  StepKind kind = StepKind::words;
  std::optional<Milliseconds> at{};    // since the agent was first started; none: not known
  std::string tool{};                  // its name; of all other kinds empty
  std::string text{};                  // the words; of a tool what it was called with
  std::string result{};                // of a tool
  bool failed = false;                 // the tool did
  std::optional<Milliseconds> took{};  // of a tool; none: not known
  std::uint64_t input_tokens = 0;      // of the model's answer that ends with this step
  std::uint64_t output_tokens = 0;
  MicroUsd usd{0};
  std::uint64_t text_bytes = 0;  // before it was trimmed
  std::uint64_t result_bytes = 0;
  std::uint64_t left_out_before = 0;  // steps between the one before and this one
  bool operator==(const TranscriptStep&) const = default;
};

using Transcript = std::vector<TranscriptStep>;  // in order

}  // namespace swarmlab
