// Results as JSON: the last line of a command, or what run_backend.py sent.
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "worker/evaluator/output.h"
#include "worker/sandbox/untrusted_text.h"

namespace swarmlab::worker {
namespace {

using nlohmann::json;
using sandbox::clean_text;
using sandbox::Lines;

constexpr int kDeepest = 32;
constexpr std::size_t kReasonBytes = 2000;
constexpr std::size_t kIdBytes = 500;
constexpr std::size_t kErrorBytes = 1000;
constexpr std::size_t kMostWarnings = 20;

// Walks over JSON without understanding it: `on(i)` for each character outside of texts.
template <class F>
void outside_of_texts(std::string_view text, const F& on) {
  bool inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (inside && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      inside = !inside;
    } else if (!inside) {
      on(i);
    }
  }
}

// Memory for a parsed value grows with depth far more than with length.
bool too_deep(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  outside_of_texts(text, [&](std::size_t i) {
    if (text[i] == '[' || text[i] == '{') deepest = std::max(deepest, ++depth);
    if (text[i] == ']' || text[i] == '}') --depth;
  });
  return deepest > kDeepest;
}

// NaN, Infinity and -Infinity, which python writes and JSON does not have, as texts.
std::string quote_constants(std::string_view text) {
  std::string result;
  std::size_t copied = 0;
  outside_of_texts(text, [&](std::size_t i) {
    if (i < copied) return;
    for (const std::string_view word : {"NaN", "Infinity", "-Infinity"}) {
      if (!text.substr(i).starts_with(word)) continue;
      result.append(text.substr(copied, i - copied)).append("\"").append(word).append("\"");
      copied = i + word.size();
      return;
    }
  });
  return result.append(text.substr(copied));
}

std::string_view last_line(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find_last_of("\r\n");
    const std::string_view line = end == std::string_view::npos ? text : text.substr(end + 1);
    if (line.find_first_not_of(" \t") != std::string_view::npos) return line;
    text = end == std::string_view::npos ? std::string_view{} : text.substr(0, end);
  }
  return {};
}

std::optional<json> parse_object(std::string_view text) {
  if (too_deep(text)) return std::nullopt;
  json parsed = json::parse(quote_constants(text), nullptr, false);
  if (!parsed.is_object()) return std::nullopt;
  return parsed;
}

// A number, also one that is not finite, which comes as a text.
std::optional<double> number_of(const json& value) {
  if (value.is_number()) return value.get<double>();
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_ref<const std::string&>();
  if (text == "nan" || text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "inf" || text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-inf" || text == "-Infinity") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

std::string shown(const json& value) {
  if (value.is_structured()) return value.is_array() ? "a list" : "an object";
  constexpr std::size_t kLongestText = 60;
  const std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  return clean_text(text, kLongestText, Lines::join);
}

Result<double> finite_score(const std::string& name, const json& value) {
  const std::optional<double> score = number_of(value);
  if (!score) {
    return fail(ErrorCode::invalid_input, "{} is {}, expected a number", name, shown(value));
  }
  if (!std::isfinite(*score)) {
    return fail(ErrorCode::invalid_input, "{} is {}, expected a finite number", name, *score);
  }
  return *score;
}

std::string text_at(const json& object, const char* key, std::size_t max_bytes,
                    Lines lines = Lines::keep) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return {};
  return clean_text(found->get_ref<const std::string&>(), max_bytes, lines);
}

// A JSON object in a text, or nothing.
std::string extra_of(const json& sample) {
  const auto found = sample.find("extra");
  if (found == sample.end() || !found->is_string()) return {};
  const auto& text = found->get_ref<const std::string&>();
  if (!text.starts_with('{') || too_deep(text) || !json::accept(text)) return {};
  return text;
}

void read_samples(const json& message, Scored& scored) {
  const auto found = message.find("samples");
  if (found == message.end() || !found->is_array()) return;
  for (const json& sample : *found) {
    if (!sample.is_object() || !sample.contains("score")) continue;
    SampleScore read;
    read.id = text_at(sample, "id", kIdBytes, Lines::join);
    read.score = number_of(sample["score"]).value_or(std::numeric_limits<double>::quiet_NaN());
    read.error = text_at(sample, "error", kErrorBytes);
    read.extra = extra_of(sample);
    scored.samples.push_back(std::move(read));
  }
}

void read_metrics(const json& object, Scored& scored) {
  for (const auto& [name, value] : object.items()) {
    if (const auto number = number_of(value)) scored.metrics.push_back({name, *number});
  }
}

}  // namespace

Result<Scored> read_json_line(const std::string& metric, std::string_view out) {
  const std::optional<json> object = parse_object(last_line(out));
  if (!object) {
    return fail(ErrorCode::invalid_input,
                "the last line of stdout is \"{}\", expected a JSON object such as {{\"{}\": 0.5}}",
                clean_text(last_line(out), 60, Lines::join), metric);
  }
  const auto found = object->find(metric);
  if (found == object->end()) {
    return fail(ErrorCode::invalid_input, "the JSON object on the last line has no \"{}\"", metric);
  }
  Scored scored;
  SWARMLAB_TRY(score, finite_score(metric, *found));
  scored.score = score;
  read_metrics(*object, scored);
  return scored;
}

Result<BackendSaid> read_backend(const std::string& metric, std::string_view channel) {
  const auto malformed = [] {
    return fail(ErrorCode::corrupt, "what came from the backend is no result");
  };
  // What is after the last line end was cut.
  const std::size_t end = channel.find_last_of('\n');
  if (end == std::string_view::npos) return malformed();
  const std::optional<json> message = parse_object(last_line(channel.substr(0, end)));
  if (!message) return malformed();
  BackendSaid said;
  said.error = text_at(*message, "error", kReasonBytes);
  said.invalid = text_at(*message, "invalid", kReasonBytes);
  if (!said.error.empty() || !said.invalid.empty()) return said;
  const auto found = message->find("score");
  if (found == message->end()) return malformed();
  const Result<double> score = finite_score(metric, *found);
  if (!score) {
    said.invalid = score.error().message;
    return said;
  }
  Scored scored;
  scored.score = *score;
  if (const auto metrics = message->find("metrics");
      metrics != message->end() && metrics->is_object()) {
    read_metrics(*metrics, scored);
  }
  read_samples(*message, scored);
  if (const auto warnings = message->find("warnings");
      warnings != message->end() && warnings->is_array()) {
    for (const json& warning : *warnings) {
      if (!warning.is_string() || scored.warnings.size() >= kMostWarnings) continue;
      scored.warnings.push_back(
          clean_text(warning.get_ref<const std::string&>(), kErrorBytes, Lines::join));
    }
  }
  said.scored = std::move(scored);
  return said;
}

}  // namespace swarmlab::worker
