#include "common/http/health.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace swarmlab::http {
namespace {

constexpr int kOk = 200;
constexpr int kUnavailable = 503;

}  // namespace

bool is_ready(const std::vector<Reason>& reasons) {
  return std::ranges::none_of(reasons, &Reason::blocks);
}

Response readiness(const std::vector<Reason>& reasons) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Reason& reason : reasons) {
    list.push_back({{"what", reason.what}, {"why", reason.why}, {"blocks", reason.blocks}});
  }
  const bool ready = is_ready(reasons);
  const nlohmann::ordered_json all = {{"ready", ready}, {"reasons", std::move(list)}};
  // What a peer wrote may be in a reason: bytes that are no UTF-8 must not throw.
  return {.status = ready ? kOk : kUnavailable,
          .type = "application/json",
          .body = all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"};
}

Response liveness(const std::string& hangs) {
  return {.status = hangs.empty() ? kOk : kUnavailable,
          .body = hangs.empty() ? std::string("ok\n") : hangs + "\n"};
}

}  // namespace swarmlab::http
