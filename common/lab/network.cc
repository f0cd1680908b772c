// Which hosts a sandbox is let to.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "common/lab/tables.h"

namespace swarmlab::tables {
namespace {

constexpr std::size_t kLongestHost = 253;

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

bool is_host(std::string_view host) {
  const auto is_fine = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  };
  if (host == "*") return true;
  if (host.starts_with("*.")) host.remove_prefix(2);
  return !host.empty() && host.size() <= kLongestHost && host.front() != '.' &&
         host.front() != '-' && std::ranges::all_of(host, is_fine);
}

// "host", "host:port"; for "host", also "*.example.org" (what is below it) and "*" (all).
std::optional<Destination> destination_of(std::string_view text) {
  Destination found;
  if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
    const auto port = port_of(text.substr(colon + 1));
    if (!port) return std::nullopt;
    found.port = *port;
    text = text.substr(0, colon);
  }
  found.host = text;
  for (char& c : found.host) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return is_host(found.host) ? std::optional(found) : std::nullopt;
}

}  // namespace

void read_network(Section& section, std::string_view title, std::vector<Destination>& target) {
  constexpr const char* kHosts =
      "a list of hosts, perhaps with a port, such as [\"pypi.org\", \"*.example.org\", "
      "\"10.0.0.7:8080\"]";
  constexpr std::size_t kMostHosts = 200;
  std::vector<std::string> hosts;
  if (!section.texts("network", hosts, kHosts)) return;
  if (hosts.size() > kMostHosts) return section.wrong("network", "at most 200 hosts");
  for (const std::string& host : hosts) {
    if (auto destination = destination_of(host)) {
      target.push_back(*std::move(destination));
    } else {
      section.problem(section.line("network"), fmt::format("{} network has {}, expected {}", title,
                                                           toml_tree::quoted(host), kHosts));
    }
  }
}

}  // namespace swarmlab::tables
