#include "worker/bridge/refusal.h"

#include <nlohmann/json.hpp>

#include "worker/bridge/http.h"

namespace swarmlab::worker {
namespace {

using nlohmann::json;

const char* anthropic_type(Refusal refusal) {
  switch (refusal) {
    case Refusal::no_token:
      return "authentication_error";
    case Refusal::no_such_path:
      return "not_found_error";
    case Refusal::too_large:
      return "request_too_large";
    case Refusal::unreachable:
      return "api_error";
    case Refusal::malformed:
    case Refusal::out_of_budget:
      return "invalid_request_error";
  }
  return "api_error";
}

const char* openai_code(Refusal refusal) {
  switch (refusal) {
    case Refusal::no_token:
      return "invalid_api_key";
    case Refusal::no_such_path:
      return "unknown_url";
    case Refusal::out_of_budget:
      return "insufficient_quota";
    case Refusal::too_large:
      return "request_too_large";
    case Refusal::malformed:
      return "invalid_request";
    case Refusal::unreachable:
      return "server_error";
  }
  return "server_error";
}

json body_of(Refusal refusal, Wire wire, std::string_view words) {
  const std::string text(words);
  if (wire == Wire::anthropic) {
    return {{"type", "error"}, {"error", {{"type", anthropic_type(refusal)}, {"message", text}}}};
  }
  const char* type = "invalid_request_error";
  if (refusal == Refusal::out_of_budget) type = "insufficient_quota";
  if (refusal == Refusal::unreachable) type = "server_error";
  return {
      {"error",
       {{"message", text}, {"type", type}, {"param", nullptr}, {"code", openai_code(refusal)}}}};
}

}  // namespace

int status_of(Refusal refusal, Wire wire) {
  switch (refusal) {
    case Refusal::no_token:
      return 401;
    case Refusal::no_such_path:
      return 404;
    case Refusal::malformed:
      return 400;
    case Refusal::too_large:
      return 413;
    case Refusal::out_of_budget:
      return wire == Wire::anthropic ? 400 : 429;
    case Refusal::unreachable:
      return 502;
  }
  return 502;
}

std::string refuse(Refusal refusal, Wire wire, std::string_view words) {
  const json body = body_of(refusal, wire, words);
  HttpHeaders headers;
  // What the clients of both providers heed: to try it again would change nothing.
  if (refusal != Refusal::unreachable) headers.emplace_back("x-should-retry", "false");
  return answer(status_of(refusal, wire), "application/json",
                body.dump(-1, ' ', false, json::error_handler_t::replace), headers);
}

}  // namespace swarmlab::worker
