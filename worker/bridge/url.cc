#include "worker/bridge/url.h"

#include <algorithm>
#include <charconv>

#include "worker/bridge/lower.h"

namespace swarmlab::worker {
namespace {

constexpr std::size_t kLongestName = 253;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

Result<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc() || at != end || port == 0) {
    return fail(ErrorCode::invalid_input, "not a port: 1 to 65535");
  }
  return port;
}

}  // namespace

Result<HostPort> parse_host_port(std::string_view text, std::uint16_t port) {
  HostPort place{.host = {}, .port = port};
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return fail(ErrorCode::invalid_input, "no host");
    place.host = lower(text.substr(1, end - 1));
    rest = text.substr(end + 1);
    const bool fits = std::all_of(place.host.begin(), place.host.end(), [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == ':' || c == '.';
    });
    if (!fits) return fail(ErrorCode::invalid_input, "no host");
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    place.host = lower(text.substr(0, colon));
    rest = text.substr(colon);
    if (place.host.ends_with('.')) place.host.pop_back();  // the same name, in full
    if (!std::all_of(place.host.begin(), place.host.end(), is_name_character)) {
      return fail(ErrorCode::invalid_input, "no host");
    }
  }
  if (place.host.empty() || place.host.size() > kLongestName) {
    return fail(ErrorCode::invalid_input, "no host");
  }
  if (rest.starts_with(':')) {
    SWARMLAB_TRY(said, parse_port(rest.substr(1)));
    place.port = said;
  } else if (!rest.empty()) {
    return fail(ErrorCode::invalid_input, "no host");
  }
  if (place.port == 0) return fail(ErrorCode::invalid_input, "no port");
  return place;
}

Result<Url> parse_url(std::string_view text) {
  Url url;
  if (text.starts_with("https://")) {
    url.tls = true;
  } else if (!text.starts_with("http://")) {
    return fail(ErrorCode::invalid_input, "{}: expected http:// or https://", text);
  }
  text.remove_prefix(url.tls ? 8 : 7);
  const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
  auto place = parse_host_port(text.substr(0, end), url.tls ? 443 : 80);
  if (!place) return within(std::string(text.substr(0, end)), place.error());
  url.host = std::move(place->host);
  url.port = place->port;
  url.path = text.substr(end);
  return url;
}

}  // namespace swarmlab::worker
