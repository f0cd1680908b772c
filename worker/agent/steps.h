// The steps of an agent's work, gathered from the stream that its program writes: what it said,
// thought and called, in order. Bounded, whatever the stream holds.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/model/experiment.h"
#include "common/model/transcript.h"

namespace swarmlab::worker {

class Steps {
 public:
  /// Of the line (from 0) of the stream that is read now.
  void at_line(std::uint64_t line) { line_ = line; }

  /// Nothing if there are none.
  void words(std::string_view text) { say(StepKind::words, text); }
  void thought(std::string_view text) { say(StepKind::thinking, text); }

  /// \param id  the stream's own name for the call; empty: it has none
  void call(const std::string& id, const std::string& tool, std::string_view with);
  /// Whether a call with that id has no result yet.
  [[nodiscard]] bool is_open(const std::string& id) const;
  /// Of the call with that id, the latest one that has no result; of none: it is passed over.
  void result(const std::string& id, std::string_view text, bool failed);
  /// Of the call that came last, where the stream tells how long it took.
  void took(Milliseconds time);

  /// What the answer of the model cost that the last step is of. \param answer  its name in the
  /// stream: where it is told again, the last one counts; empty: each is another one
  void spent(const Cost& cost, const std::string& answer = {});

  using TimeOf = std::function<std::optional<Milliseconds>(std::uint64_t line)>;
  [[nodiscard]] Transcript take(const TimeOf& time_of) const;

 private:
  struct Step {
    TranscriptStep step;
    std::string id{};
    std::uint64_t line = 0;
    std::optional<std::uint64_t> ended = {};  // line of the result
    std::string answer{};
  };

  void say(StepKind kind, std::string_view text);
  void add(Step step);
  [[nodiscard]] std::optional<std::size_t> open_call(const std::string& id) const;

  std::vector<Step> steps_;
  std::uint64_t line_ = 0;
};

/// Of "content" in messages: a text, or a list of blocks with texts.
[[nodiscard]] std::string text_of_content(const nlohmann::json& content);
/// What a tool was called with, as a person reads it: a command alone, else JSON.
[[nodiscard]] std::string call_text(const nlohmann::json& arguments);

/// Clean and of bounded length: where it is cut, it says so.
[[nodiscard]] std::string trimmed(std::string_view text, std::size_t most);

/// As much as is kept with an experiment (128 KiB of text, 400 steps): the first and the last ones.
[[nodiscard]] Transcript within_limit(Transcript transcript);

}  // namespace swarmlab::worker
