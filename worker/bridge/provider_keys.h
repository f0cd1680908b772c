// The keys of a worker: who pays for what its agents ask of providers. They stay in the worker.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "worker/bridge/provider.h"

namespace swarmlab::worker {

// A key of the file: `where` is a provider's name ("anthropic"), then it goes to that provider's
// own address only, or an address ("https://models.example.org/v1").
struct ProviderKey {
  std::string where;
  std::string key;
  bool operator==(const ProviderKey&) const = default;
};

class ProviderKeys {
 public:
  /// Lines of "WHERE KEY"; empty ones, and those that begin with #, count as nothing.
  /// \return invalid_input that names the line, and never what is in it
  [[nodiscard]] static Result<ProviderKeys> parse(std::string_view text);
  /// \return invalid_input too if others than its owner may read or write the file
  [[nodiscard]] static Result<ProviderKeys> read(const std::string& file);

  /// For this provider: of the file, if it has one for its address, else of the worker's
  /// environment ("NAME=VALUE"). Empty: there is none.
  /// A lab chooses an address, but not where keys of the file go.
  [[nodiscard]] std::string key_for(const Provider& provider,
                                    const std::vector<std::string>& environment) const;
  [[nodiscard]] const std::vector<ProviderKey>& all() const { return keys_; }

 private:
  std::vector<ProviderKey> keys_;
};

}  // namespace swarmlab::worker
