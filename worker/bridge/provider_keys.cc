#include "worker/bridge/provider_keys.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/os/file.h"
#include "common/os/secret_file.h"
#include "worker/bridge/url.h"

namespace swarmlab::worker {
namespace {

constexpr std::uint64_t kMostBytes = 1UL << 20U;
constexpr std::string_view kBlank = " \t\r";

std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlank));
  line.remove_prefix(word.size());
  return word;
}

// Addresses that mean the same are equal.
std::string plain(const std::string& address) {
  const auto url = parse_url(address);
  if (!url) return address;
  std::string path = url->path;
  while (path.ends_with('/')) path.pop_back();
  return fmt::format("{} {} {} {}", url->tls, url->host, url->port, path);
}

bool is_for(const std::string& where, const Provider& provider) {
  if (where.find("://") == std::string::npos) {
    return provider.is_default_url && where == provider.name;
  }
  return plain(where) == plain(provider.base_url);
}

}  // namespace

Result<ProviderKeys> ProviderKeys::parse(std::string_view text) {
  ProviderKeys keys;
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::string_view where = take_word(line);
    if (where.empty() || where.starts_with('#')) continue;
    const std::string_view key = take_word(line);
    if (key.empty() || !take_word(line).empty()) {
      return fail(ErrorCode::invalid_input, "line {}: expected a provider or an address, and a key",
                  number);
    }
    if (where.find("://") != std::string_view::npos && !parse_url(where)) {
      return fail(ErrorCode::invalid_input, "line {}: not an address", number);
    }
    keys.keys_.push_back({std::string(where), std::string(key)});
  }
  return keys;
}

Result<ProviderKeys> ProviderKeys::read(const std::string& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) {
    return fail(ErrorCode::not_found, "{}: {}", file, std::strerror(errno));
  }
  if (!is_kept_secret(status, ::geteuid())) {
    return fail(ErrorCode::invalid_input,
                "{}: others than its owner may use it, expected mode 0600 (chmod 600)", file);
  }
  SWARMLAB_TRY(text, read_file(file, kMostBytes));
  auto keys = parse(text);
  if (!keys) return within(file, keys.error());
  return keys;
}

std::string ProviderKeys::key_for(const Provider& provider,
                                  const std::vector<std::string>& environment) const {
  for (const ProviderKey& key : keys_) {
    if (is_for(key.where, provider)) return key.key;
  }
  if (provider.key_variable.empty()) return {};
  const std::string begin = provider.key_variable + "=";
  for (const std::string& variable : environment) {
    if (variable.starts_with(begin)) return variable.substr(begin.size());
  }
  return {};
}

}  // namespace swarmlab::worker
