#include "worker/bridge/way.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "worker/bridge/lower.h"

namespace swarmlab::worker {
namespace {

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return result;
}

// The one in lower case goes before, as everywhere. Empty: it is not set, or to nothing.
std::string variable(const std::vector<std::string>& environment, const std::string& name) {
  for (const std::string& wanted : {name, upper(name)}) {
    for (const std::string& one : environment) {
      const bool fits =
          one.size() > wanted.size() + 1 && one.starts_with(wanted) && one[wanted.size()] == '=';
      if (fits) return one.substr(wanted.size() + 1);
    }
  }
  return {};
}

// "%40" is "@".
std::string decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned char byte = 0;
    const char* const digits = text.data() + i + 1;
    const bool is_code = text[i] == '%' && i + 2 < text.size() &&
                         std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2;
    result += is_code ? static_cast<char>(byte) : text[i];
    if (is_code) i += 2;
  }
  return result;
}

// "http://user:password@host:port", "host:port".
std::optional<Way> way_of(std::string_view text) {
  if (const std::size_t scheme = text.find("://"); scheme != std::string_view::npos) {
    if (lower(text.substr(0, scheme)) != "http") return std::nullopt;
    text.remove_prefix(scheme + 3);
  }
  text = text.substr(0, text.find_first_of("/?#"));
  Way way;
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
    const std::string_view user = text.substr(0, at);
    const std::size_t colon = std::min(user.find(':'), user.size());
    way.user = decoded(user.substr(0, colon));
    if (colon < user.size()) way.password = decoded(user.substr(colon + 1));
    text.remove_prefix(at + 1);
  }
  constexpr std::uint16_t kPort = 80;
  auto place = parse_host_port(text, kPort);
  if (!place) return std::nullopt;
  way.proxy = *std::move(place);
  return way;
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host.ends_with(".localhost") || host == "::1" ||
         host.starts_with("127.");
}

bool is_excepted(const Url& url, std::string_view list) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find_first_of(", "), list.size());
    std::string one = lower(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
    if (one == "*") return true;
    const std::string port = ":" + std::to_string(url.port);
    if (one.ends_with(port) && one.find(':') == one.rfind(':'))
      one.resize(one.size() - port.size());
    if (one.starts_with("*.")) one.erase(0, 1);
    const std::string below = one.starts_with('.') ? one : "." + one;
    if (one.size() > 1 &&
        (url.host == one || url.host == below.substr(1) || url.host.ends_with(below))) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::optional<Way> way_to(const Url& url, const std::vector<std::string>& environment) {
  if (is_loopback(url.host) || is_excepted(url, variable(environment, "no_proxy"))) {
    return std::nullopt;
  }
  std::string proxy = variable(environment, url.tls ? "https_proxy" : "http_proxy");
  if (proxy.empty()) proxy = variable(environment, "all_proxy");
  return proxy.empty() ? std::nullopt : way_of(proxy);
}

std::vector<std::string> proxy_passwords(const std::vector<std::string>& environment) {
  std::vector<std::string> passwords;
  for (const char* name :
       {"https_proxy", "http_proxy", "all_proxy", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"}) {
    const auto way = way_of(variable(environment, name));
    if (!way || way->password.empty()) continue;
    if (std::find(passwords.begin(), passwords.end(), way->password) == passwords.end()) {
      passwords.push_back(way->password);
    }
  }
  return passwords;
}

}  // namespace swarmlab::worker
