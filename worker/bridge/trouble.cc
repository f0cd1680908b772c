#include "worker/bridge/trouble.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace swarmlab::worker {
namespace {

using nlohmann::json;

constexpr std::size_t kMostWords = 2000;

bool tells_of_credit(std::string_view words) {
  constexpr std::array<std::string_view, 5> kCredit = {"credit balance", "insufficient_quota",
                                                       "exceeded your current quota", "billing",
                                                       "budget is spent"};
  return std::any_of(kCredit.begin(), kCredit.end(), [&](std::string_view told) {
    return words.find(told) != std::string_view::npos;
  });
}

std::string text_at(const json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::optional<AgentEnd> blame_of(int status, std::string_view words) {
  constexpr int kFirstOfServer = 500;
  if (status != 0 && status < kFirstOfServer && tells_of_credit(words)) {
    return AgentEnd::out_of_credit;
  }
  switch (status) {
    case 401:
    case 403:
      return AgentEnd::authentication_failed;
    case 402:
      return AgentEnd::out_of_credit;
    case 429:
      return AgentEnd::rate_limited;
    default:
      return status == 0 || status >= kFirstOfServer ? std::optional(AgentEnd::unavailable)
                                                     : std::nullopt;
  }
}

std::string words_of_error(std::string_view body) {
  const json answer = json::parse(body, nullptr, false);
  if (answer.is_object()) {
    const auto error = answer.find("error");
    if (error != answer.end() && error->is_string()) return error->get<std::string>();
    std::string words = error != answer.end() ? text_at(*error, "message") : std::string();
    if (words.empty()) words = text_at(answer, "message");
    if (!words.empty()) return words.substr(0, kMostWords);
  }
  return std::string(body.substr(0, kMostWords));
}

void Troubles::failed(AgentEnd end, std::string said, Milliseconds retry_after, Instant now) {
  if (!row_) {
    row_.emplace();
    since_ = now;
  }
  row_->end = end;
  row_->said = std::move(said);
  row_->retry_after = retry_after;
  ++row_->times;
  row_->is_hopeless = row_->times >= patience_.times && now - since_ >= patience_.time;
}

}  // namespace swarmlab::worker
