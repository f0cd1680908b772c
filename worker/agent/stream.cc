#include "worker/agent/stream.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "worker/bridge/trouble.h"
#include "worker/sandbox/untrusted_text.h"

namespace swarmlab::worker {
namespace {

using nlohmann::json;

constexpr std::size_t kLongestLine = 8U << 20U;
constexpr std::ptrdiff_t kMostBrackets = 100'000;  // each costs far more memory than its byte
constexpr std::size_t kMostFinalWords = 500;       // bytes
constexpr std::size_t kLongestMessage = 4000;
constexpr std::size_t kLongestSession = 100;
constexpr double kMostCount = 1e12;
constexpr double kMostDollars = 100'000;  // of one attempt: a larger number is a mistake

double number_at(const json& object, std::string_view key, double most) {
  const json& value = member(object, key);
  if (!value.is_number()) return 0;
  const double number = value.get<double>();
  return std::isfinite(number) && number > 0 ? std::min(number, most) : 0;
}

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

template <std::size_t N>
bool has_any(const std::string& text, const std::array<std::string_view, N>& words) {
  return std::ranges::any_of(
      words, [&text](std::string_view word) { return text.find(word) != std::string::npos; });
}

// "429" in "last status: 429 Too Many Requests", not in "14290 tokens".
std::uint64_t status_in(const std::string& words) {
  constexpr std::array<std::uint64_t, 9> kTold{401, 402, 403, 429, 500, 502, 503, 504, 529};
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  for (const std::uint64_t status : kTold) {
    const std::string text = std::to_string(status);
    for (std::size_t at = words.find(text); at != std::string::npos;
         at = words.find(text, at + 1)) {
      const bool begins = at == 0 || !is_digit(words[at - 1]);
      const bool ends = at + 3 >= words.size() || !is_digit(words[at + 3]);
      if (begins && ends) return status;
    }
  }
  return 0;
}

}  // namespace

void for_each_event(std::string_view out,
                    const std::function<void(const json& event, std::uint64_t line)>& take) {
  for (std::uint64_t number = 0; !out.empty(); ++number) {
    const std::size_t end = std::min(out.find('\n'), out.size());
    const std::string_view line = out.substr(0, end);
    out.remove_prefix(std::min(end + 1, out.size()));
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos || line[begin] != '{' || line.size() > kLongestLine)
      continue;
    if (std::ranges::count_if(line, [](char c) { return c == '[' || c == '{'; }) > kMostBrackets) {
      continue;
    }
    const json event = json::parse(line, nullptr, false);
    if (event.is_object()) take(event, number);
  }
}

const json& member(const json& object, std::string_view key) {
  static const json kNothing;
  if (!object.is_object()) return kNothing;
  const auto found = object.find(std::string(key));
  return found == object.end() ? kNothing : *found;
}

std::string text_at(const json& object, std::string_view key) {
  const json& value = member(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

bool is_true(const json& value) {
  return value.is_boolean() && value.get<bool>();
}

std::uint64_t count_at(const json& object, std::string_view key) {
  return static_cast<std::uint64_t>(number_at(object, key, kMostCount));
}

MicroUsd dollars_at(const json& object, std::string_view key) {
  constexpr double kMicro = 1e6;
  return MicroUsd(std::llround(number_at(object, key, kMostDollars) * kMicro));
}

std::string words_of(std::string_view text) {
  return sandbox::clean_text(text, kMostFinalWords, sandbox::Lines::join);
}

std::string message_of(std::string_view text) {
  return sandbox::clean_text(text, kLongestMessage, sandbox::Lines::keep);
}

std::string session_of(std::string_view text) {
  const auto is_fine = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
  };
  const bool is_name = !text.empty() && text.size() <= kLongestSession && text.front() != '-' &&
                       std::ranges::all_of(text, is_fine);
  return is_name ? std::string(text) : std::string();
}

AgentEnd end_of_status(std::uint64_t status) {
  constexpr std::uint64_t kLast = 599;
  if (status == 0) return AgentEnd::crashed;
  return blame_of(static_cast<int>(std::min(status, kLast)), {}).value_or(AgentEnd::crashed);
}

AgentEnd end_of_words(std::string_view said) {
  using Words = std::array<std::string_view, 8>;
  constexpr Words kCredit{"credit balance", "out of credit",  "insufficient_quota",
                          "billing",        "quota exceeded", "exceeded your current quota",
                          "payment",        "budget is spent"};
  constexpr Words kKey{"invalid api key",  "invalid x-api-key", "authentication",
                       "unauthorized",     "not logged in",     "please run /login",
                       "permission_error", "incorrect api key"};
  constexpr Words kRate{"rate limit",    "rate_limit",    "too many requests", "usage limit",
                        "session limit", "limit reached", "try again at",      "quota will reset"};
  constexpr std::array<std::string_view, 18> kOutage{"overloaded",
                                                     "high demand",
                                                     "stream disconnected",
                                                     "connection",
                                                     "econnrefused",
                                                     "econnreset",
                                                     "fetch failed",
                                                     "service unavailable",
                                                     "temporarily",
                                                     "server error",
                                                     "malformed response",
                                                     "timed out",
                                                     "terminated",
                                                     "error sending request",
                                                     "premature close",
                                                     "socket",
                                                     "network",
                                                     "stream ended"};
  const std::string words = in_lower_case(said);
  if (has_any(words, kCredit)) return AgentEnd::out_of_credit;
  if (const std::uint64_t status = status_in(words); status != 0) return end_of_status(status);
  if (has_any(words, kKey)) return AgentEnd::authentication_failed;
  if (has_any(words, kRate)) return AgentEnd::rate_limited;
  return has_any(words, kOutage) ? AgentEnd::unavailable : AgentEnd::crashed;
}

void note_failure(AgentRun& run, std::uint64_t status, std::string_view words) {
  run.said = words_of(words);
  run.end = end_of_words(run.said);
  if (run.end == AgentEnd::out_of_credit) return;  // which comes with any status
  if (const AgentEnd told = end_of_status(status); told != AgentEnd::crashed) run.end = told;
}

Reading bounded(Reading reading) {
  constexpr auto kMostTokens = static_cast<std::uint64_t>(kMostCount);
  constexpr auto kMostMicro = static_cast<std::int64_t>(kMostDollars * 1e6);
  Cost& cost = reading.cost;
  cost.usd = std::min(cost.usd, MicroUsd(kMostMicro));
  cost.input_tokens = std::min(cost.input_tokens, kMostTokens);
  cost.output_tokens = std::min(cost.output_tokens, kMostTokens);
  reading.run.cached_tokens = std::min(reading.run.cached_tokens, kMostTokens);
  return reading;
}

void put_price(Reading& reading, const std::vector<Price>& prices) {
  Cost& cost = reading.cost;
  AgentRun& run = reading.run;
  if (reading.cost_told && cost.usd.value() > 0) {
    run.cost_source = CostSource::told;
    return;
  }
  const Price* price = nullptr;
  for (const Price& one : prices) {
    const bool fits = !one.model.empty() && run.model.starts_with(one.model);
    if (fits && (price == nullptr || one.model.size() > price->model.size())) price = &one;
  }
  if (price == nullptr || cost.input_tokens + cost.output_tokens == 0) return;
  constexpr double kMillion = 1e6;
  const std::uint64_t cached = std::min(run.cached_tokens, cost.input_tokens);
  const auto of = [](std::uint64_t tokens, MicroUsd each) {
    return static_cast<double>(tokens) * static_cast<double>(each.value()) / kMillion;
  };
  const double micro = of(cost.input_tokens - cached, price->input) + of(cached, price->cached) +
                       of(cost.output_tokens, price->output);
  cost.usd = MicroUsd(std::llround(std::min(micro, kMostDollars * kMillion)));
  run.cost_source = CostSource::priced;
}

}  // namespace swarmlab::worker
