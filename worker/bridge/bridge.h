// The bridge of an attempt: what an agent in a sandbox takes for its provider.
//
// It knows the real key, and the sandbox a token that is worth nothing elsewhere; so no process in
// there can read a key. It passes on what the provider's wire has and nothing else, counts tokens
// and cost from the answers, and answers for the provider when the budget is spent.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/model/experiment.h"
#include "common/os/unique_fd.h"
#include "common/result.h"
#include "worker/bridge/address.h"
#include "worker/bridge/provider.h"
#include "worker/bridge/trouble.h"

namespace swarmlab::worker {

// In US dollars for a million tokens.
struct Rates {
  double input = 0;
  double cached_input = 0;  // read from the provider's cache
  double cache_write = 0;   // written to it
  double output = 0;
  bool operator==(const Rates&) const = default;
};

struct BridgeOptions {
  Provider provider = {};
  std::string key = {};  // empty: none is sent
  std::string token = {};
  std::optional<MicroUsd> budget = {};  // of this bridge; none: no limit
  // Of a model by the name that the answer has; none: its tokens are counted, but cost nothing.
  std::function<std::optional<Rates>(std::string_view model)> rates = {};
  std::size_t most_connections = 32;                 // at a time; more are hung up on
  std::size_t most_request_bytes = 64UL << 20U;      // of a request's body
  Milliseconds request_time = Milliseconds(30'000);  // for a request to come in whole
  Milliseconds silence = Milliseconds(600'000);      // of a provider that is still thinking
  std::string ca_file = {};                          // instead of the system's; for tests
  std::vector<std::string> environment = {};         // of the worker: its proxies (way.h)
  Resolve resolve = {};                              // empty: the system's
  Troubles::Patience patience = {};
  // Called from any thread, once the provider's failures are hopeless, perhaps again.
  std::function<void()> on_hopeless = {};
};

// What went over a bridge so far.
struct Tally {
  Cost cost;
  std::uint64_t cached_tokens = 0;      // of cost.input_tokens
  std::uint64_t requests = 0;           // passed on
  std::uint64_t refused = 0;            // by the bridge: no token, no such path, budget spent, ...
  std::uint64_t failed = 0;             // by the provider, or on the way to it
  bool priced = true;                   // every model that was used has a price
  bool spent = false;                   // a request was refused for the budget
  std::optional<Trouble> trouble = {};  // none: the last request was answered
  bool operator==(const Tally&) const = default;
};

/// A new token: nobody guesses it.
[[nodiscard]] Result<std::string> make_token();

/// Thread-safe.
class Bridge {
 public:
  /// \return invalid_input if the provider's address is none
  [[nodiscard]] static Result<std::unique_ptr<Bridge>> start(BridgeOptions options);
  Bridge(const Bridge&) = delete;
  Bridge& operator=(const Bridge&) = delete;
  Bridge(Bridge&&) = delete;
  Bridge& operator=(Bridge&&) = delete;
  ~Bridge();  // as end()

  /// What stands in for the provider behind a gate at `port`.
  [[nodiscard]] Bridged behind(std::uint16_t port) const;
  /// A connection from inside, for one request. Never blocks.
  void take(UniqueFd connection);
  [[nodiscard]] Tally tally() const;
  /// Hangs up on everybody, waits for its threads, which takes no longer than to hang up. What was
  /// answered in part is counted as far as it was told.
  Tally end();

 private:
  struct Impl;
  explicit Bridge(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace swarmlab::worker
