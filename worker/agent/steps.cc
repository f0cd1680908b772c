#include "worker/agent/steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "worker/agent/stream.h"
#include "worker/sandbox/untrusted_text.h"

namespace swarmlab::worker {
namespace {

using nlohmann::json;

constexpr std::size_t kMostName = 100;
constexpr std::size_t kMostWords = 4000;  // bytes, of each text
constexpr std::size_t kMostCall = 2000;
constexpr std::size_t kMostResult = 2000;
// While it is read: the first ones and at least twice as many of the last ones are there.
constexpr std::size_t kFirstRead = 200;
constexpr std::size_t kMostRead = 2000;
constexpr std::size_t kMostSteps = 400;
constexpr std::size_t kMostBytes = 128U << 10U;
constexpr double kFirstPart = 0.25;     // of what is kept, where it is too much
constexpr std::size_t kOfItself = 100;  // about what a step takes beside its texts

bool continues_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80U;
}

std::size_t weight_of(const TranscriptStep& step) {
  return kOfItself + step.tool.size() + step.text.size() + step.result.size();
}

// How many of `all` steps fit into a part of what is kept, in the order of `at`.
template <class At>
std::size_t that_fit(std::size_t all, const At& at, double part) {
  const auto most_bytes = static_cast<std::size_t>(part * static_cast<double>(kMostBytes));
  const auto most_steps = static_cast<std::size_t>(part * static_cast<double>(kMostSteps));
  std::size_t bytes = 0;
  for (std::size_t taken = 0; taken < std::min(all, most_steps); ++taken) {
    bytes += weight_of(at(taken));
    if (bytes > most_bytes) return taken;
  }
  return std::min(all, most_steps);
}

}  // namespace

std::string trimmed(std::string_view text, std::size_t most) {
  std::string clean = sandbox::clean_text(text, text.size() * 3 + 1, sandbox::Lines::keep);
  if (clean.size() <= most) return clean;
  std::size_t head = most * 2 / 3;
  std::size_t tail = clean.size() - most / 3;
  while (head > 0 && continues_character(clean[head])) --head;
  while (tail < clean.size() && continues_character(clean[tail])) ++tail;
  return fmt::format("{}\n[... {} bytes dropped ...]\n{}", clean.substr(0, head), tail - head,
                     clean.substr(tail));
}

std::string text_of_content(const json& content) {
  if (content.is_string()) return content.get<std::string>();
  if (!content.is_array()) return {};
  std::string text;
  for (const json& block : content) {
    const std::string part = block.is_string() ? block.get<std::string>() : text_at(block, "text");
    if (!text.empty() && !part.empty()) text += '\n';
    text += part;
  }
  return text;
}

std::string call_text(const json& arguments) {
  if (arguments.is_null()) return {};
  if (arguments.is_string()) return arguments.get<std::string>();
  const std::string command = text_at(arguments, "command");
  if (!command.empty()) return command;
  return arguments.dump(-1, ' ', false, json::error_handler_t::replace);
}

void Steps::add(Step step) {
  steps_.push_back(std::move(step));
  if (steps_.size() < kMostRead) return;
  const auto first = steps_.begin() + kFirstRead;
  const auto last = first + static_cast<std::ptrdiff_t>((kMostRead - kFirstRead) / 2);
  last->step.left_out_before +=
      static_cast<std::uint64_t>(last - first) + first->step.left_out_before;
  steps_.erase(first, last);
}

void Steps::say(StepKind kind, std::string_view text) {
  std::string clean = trimmed(text, kMostWords);
  if (clean.empty()) return;
  Step step{.step = {.kind = kind}, .line = line_};
  step.step.text = std::move(clean);
  step.step.text_bytes = text.size();
  add(std::move(step));
}

void Steps::call(const std::string& id, const std::string& tool, std::string_view with) {
  Step step{.step = {.kind = StepKind::tool}, .id = id.substr(0, kMostName), .line = line_};
  step.step.tool = sandbox::clean_text(tool, kMostName, sandbox::Lines::join);
  step.step.text = trimmed(with, kMostCall);
  step.step.text_bytes = with.size();
  add(std::move(step));
}

// Among the latest ones: a stream may hold very many.
std::optional<std::size_t> Steps::open_call(const std::string& id) const {
  constexpr std::size_t kMostOpen = 200;
  const std::size_t end = steps_.size() - std::min(kMostOpen, steps_.size());
  for (std::size_t i = steps_.size(); i-- > end;) {
    const Step& step = steps_[i];
    if (step.step.kind == StepKind::tool && !step.ended && step.id == id.substr(0, kMostName)) {
      return i;
    }
  }
  return std::nullopt;
}

bool Steps::is_open(const std::string& id) const {
  return open_call(id).has_value();
}

void Steps::result(const std::string& id, std::string_view text, bool failed) {
  const auto call = open_call(id);
  if (!call) return;
  Step& step = steps_[*call];
  step.step.result = trimmed(text, kMostResult);
  step.step.result_bytes = text.size();
  step.step.failed = failed;
  step.ended = line_;
}

void Steps::took(Milliseconds time) {
  if (!steps_.empty() && time.count() >= 0) steps_.back().step.took = time;
}

void Steps::spent(const Cost& cost, const std::string& answer) {
  if (steps_.empty()) return;
  Step& last = steps_.back();
  last.answer = answer.substr(0, kMostName);
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    if (last.answer.empty() || step->answer != last.answer) break;
    step->step.input_tokens = step->step.output_tokens = 0;
    step->step.usd = MicroUsd(0);
  }
  last.step.input_tokens = cost.input_tokens;
  last.step.output_tokens = cost.output_tokens;
  last.step.usd = cost.usd;
}

Transcript Steps::take(const TimeOf& time_of) const {
  Transcript transcript;
  transcript.reserve(steps_.size());
  for (const Step& one : steps_) {
    TranscriptStep step = one.step;
    step.at = time_of(one.line);
    if (!step.took && step.at && one.ended && *one.ended > one.line) {
      if (const auto ended = time_of(*one.ended)) step.took = *ended - *step.at;
    }
    transcript.push_back(std::move(step));
  }
  return within_limit(std::move(transcript));
}

Transcript within_limit(Transcript transcript) {
  const std::size_t all = transcript.size();
  const std::size_t head = that_fit(
      all, [&](std::size_t i) -> const TranscriptStep& { return transcript[i]; }, 1.0);
  if (head == all) return transcript;
  const std::size_t first = that_fit(
      all, [&](std::size_t i) -> const TranscriptStep& { return transcript[i]; }, kFirstPart);
  const std::size_t last = that_fit(
      all - first, [&](std::size_t i) -> const TranscriptStep& { return transcript[all - 1 - i]; },
      1.0 - kFirstPart);
  if (first + last >= all) return transcript;
  std::uint64_t left_out = 0;
  for (std::size_t i = first; i < all - last; ++i) left_out += 1 + transcript[i].left_out_before;
  if (last > 0) transcript[all - last].left_out_before += left_out;
  const auto begin = transcript.begin();
  transcript.erase(begin + static_cast<std::ptrdiff_t>(first),
                   begin + static_cast<std::ptrdiff_t>(all - last));
  return transcript;
}

}  // namespace swarmlab::worker
