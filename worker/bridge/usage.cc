#include "worker/bridge/usage.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace swarmlab::worker {
namespace {

using nlohmann::json;

// Of an event, or a document, that is looked into. Longer ones hold texts.
constexpr std::size_t kMostBytes = 8UL << 20U;
constexpr double kMostTokens = 1e9;  // of one answer: a larger number is a mistake
constexpr std::size_t kBytesOfAToken = 4;
constexpr std::size_t kLongestModel = 200;

const json* member(const json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::uint64_t tokens(const json* object, const char* name) {
  const json* const value = object == nullptr ? nullptr : member(*object, name);
  if (value == nullptr || !value->is_number()) return 0;
  const double number = value->get<double>();
  return std::isfinite(number) && number > 0
             ? static_cast<std::uint64_t>(std::min(number, kMostTokens))
             : 0;
}

// Later events say more, never less: they are cumulative.
void raise(std::uint64_t& to, std::uint64_t number) {
  to = std::max(to, number);
}

void read_anthropic(const json& usage, Usage& into) {
  const std::uint64_t read = tokens(&usage, "cache_read_input_tokens");
  const std::uint64_t written = tokens(&usage, "cache_creation_input_tokens");
  raise(into.cached_tokens, read);
  raise(into.cache_write_tokens, written);
  raise(into.input_tokens, tokens(&usage, "input_tokens") + read + written);
  raise(into.output_tokens, tokens(&usage, "output_tokens"));
}

// Of /responses, or of /chat/completions.
void read_openai(const json& usage, Usage& into) {
  raise(into.input_tokens,
        std::max(tokens(&usage, "input_tokens"), tokens(&usage, "prompt_tokens")));
  raise(into.output_tokens,
        std::max(tokens(&usage, "output_tokens"), tokens(&usage, "completion_tokens")));
  for (const char* details : {"input_tokens_details", "prompt_tokens_details"}) {
    raise(into.cached_tokens, tokens(member(usage, details), "cached_tokens"));
  }
}

}  // namespace

void UsageReader::read_document(std::string_view text) {
  if (text.find("\"usage\"") == std::string_view::npos) return;
  const json document = json::parse(text, nullptr, false);
  // Anthropic begins with {"message": {...}}, OpenAI ends with {"response": {...}}.
  for (const char* name : {"", "message", "response"}) {
    const json* const place = *name == '\0' ? &document : member(document, name);
    const json* const usage = place == nullptr ? nullptr : member(*place, "usage");
    if (usage == nullptr || !usage->is_object()) continue;
    usage_.told = true;
    const json* const model = member(*place, "model");
    if (model != nullptr && model->is_string()) {
      usage_.model = model->get<std::string>().substr(0, kLongestModel);
    }
    if (wire_ == Wire::anthropic) {
      read_anthropic(*usage, usage_);
    } else {
      read_openai(*usage, usage_);
    }
  }
}

void UsageReader::read_line(std::string_view line) {
  constexpr std::string_view kData = "data:";
  if (!line.starts_with(kData)) return;
  ++events_;
  read_document(line.substr(kData.size()));
}

void UsageReader::take(std::string_view bytes) {
  bytes_ += bytes.size();
  if (!is_stream_) {
    buffer_.append(bytes.substr(0, kMostBytes - std::min(kMostBytes, buffer_.size())));
    return;
  }
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (buffer_.size() + piece.size() > kMostBytes) overflowed_ = true;
    if (!overflowed_) buffer_.append(piece);
    if (end == std::string_view::npos) return;
    if (!overflowed_) read_line(buffer_);
    buffer_.clear();
    overflowed_ = false;
    bytes.remove_prefix(end + 1);
  }
}

Usage UsageReader::finish(std::size_t request_bytes) {
  if (is_stream_) {
    if (!overflowed_) read_line(buffer_);
  } else {
    read_document(buffer_);
  }
  if (!usage_.told) usage_.input_tokens = request_bytes / kBytesOfAToken;
  // Who hangs up early is not told how much it was.
  const std::uint64_t seen = is_stream_ ? events_ : bytes_ / kBytesOfAToken;
  if (!usage_.told) usage_.output_tokens = seen;
  return usage_;
}

std::string asking_for_usage(std::string_view path, std::string body) {
  if (!path.ends_with("/chat/completions")) return body;
  auto request = nlohmann::ordered_json::parse(body, nullptr, false);
  if (!request.is_object() || !request.contains("stream") || request["stream"] != true) {
    return body;
  }
  auto& options = request["stream_options"];
  if (!options.is_object()) options = nlohmann::ordered_json::object();
  options["include_usage"] = true;
  return request.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace swarmlab::worker
