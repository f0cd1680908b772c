// What one run of a sandbox may reach: the provider of its agent, by a bridge, and the hosts that
// the lab names, by a proxy. Both are behind gates, and end with the run.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "common/model/agent_run.h"
#include "common/model/lab.h"
#include "common/result.h"
#include "worker/agent/agent.h"
#include "worker/bridge/bridge.h"
#include "worker/bridge/proxy.h"
#include "worker/bridge/secrets.h"
#include "worker/sandbox/sandbox.h"
#include "worker/server/attempt.h"

namespace swarmlab::worker {

class Outlets {
 public:
  struct Wish {
    const std::vector<Destination>& network;
    const Secrets& secrets;                 // that hosts are not remembered with; copied
    std::optional<Provider> provider = {};  // none: no bridge
    std::vector<Price> prices = {};
    MicroUsd budget{0};  // of the bridge; 0: no limit
  };
  /// A bridge needs a key, but where the lab chose the address: a model of one's own asks for none.
  [[nodiscard]] static Result<Outlets> open(const Workbench& bench, const Wish& wish);

  /// What stands in for the provider; none: there is no bridge.
  [[nodiscard]] const std::optional<Bridged>& bridge() const { return bridged_; }

  /// Lets the run there, and tells its programs the way.
  void add_to(sandbox::SandboxRequest& request) const;

  struct Went {
    std::optional<Tally> tally;           // none: there was no bridge
    std::vector<NetworkRefusal> refused;  // by the proxy
  };
  /// Hangs up on all. To be called when the run has ended.
  Went end();

 private:
  std::unique_ptr<Bridge> bridge_;
  std::unique_ptr<Proxy> proxy_;
  std::optional<Bridged> bridged_;
  CancelToken hopeless_;  // of the provider's failures
  std::uint16_t bridge_port_ = 0;
};

/// Of the table's entry for a model, or else for the longest name that the model's begins with:
/// providers put a date after it.
[[nodiscard]] std::optional<Rates> rates_for(const std::vector<Price>& prices,
                                             std::string_view model);

/// What a run cost: as the bridge measured it, as far as it did, else as the agent said.
[[nodiscard]] Cost cost_of(const Cost& said, const std::optional<Tally>& tally);

/// Where the provider failed to the end, that is what ended the agent, whatever its program made of
/// it: it may have tried again until its time was over, or until we ended it.
void blame_provider(AgentEnded& end, const std::optional<Tally>& tally);

/// What the bridge measured and the proxy refused, besides what there is of earlier rounds.
void add_measured(AgentRun& run, const Outlets::Went& went);

}  // namespace swarmlab::worker
