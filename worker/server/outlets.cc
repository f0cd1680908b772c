#include "worker/server/outlets.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "worker/agent/preset.h"
#include "worker/agent/stream.h"

namespace swarmlab::worker {
namespace {

constexpr std::uint16_t kBridgePort = 4100;
constexpr std::uint16_t kProxyPort = 4101;
constexpr double kMicro = 1e6;
constexpr double kCacheWrite = 1.25;  // times the price of input: what providers ask for it

// Without a sandbox all attempts share the loopback. Somebody else may take the port before us: the
// run then fails, and the task goes back.
Result<std::uint16_t> free_port() {
  const UniqueFd any(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const raw = reinterpret_cast<sockaddr*>(&address);
  if (!any || ::bind(any.get(), raw, size) != 0 || ::getsockname(any.get(), raw, &size) != 0) {
    return fail(ErrorCode::unavailable, "a port for the bridge: {}", std::strerror(errno));
  }
  return ntohs(address.sin_port);
}

double dollars(MicroUsd amount) {
  return static_cast<double>(amount.value()) / kMicro;
}

}  // namespace

std::optional<Rates> rates_for(const std::vector<Price>& prices, std::string_view model) {
  const Price* best = nullptr;
  for (const Price& price : prices) {
    const bool fits = !price.model.empty() && model.starts_with(price.model);
    if (fits && (best == nullptr || price.model.size() > best->model.size())) best = &price;
  }
  if (best == nullptr) return std::nullopt;
  return Rates{.input = dollars(best->input),
               .cached_input = dollars(best->cached),
               .cache_write = kCacheWrite * dollars(best->input),
               .output = dollars(best->output)};
}

Cost cost_of(const Cost& said, const std::optional<Tally>& tally) {
  if (!tally || tally->requests == 0) return said;
  Cost cost = tally->cost;
  // Tokens are counted without a price table, dollars are not.
  if (!tally->priced) cost.usd = std::max(cost.usd, said.usd);
  return cost;
}

void blame_provider(AgentEnded& end, const std::optional<Tally>& tally) {
  if (!tally || !tally->trouble || !end.run) return;
  const Trouble& trouble = *tally->trouble;
  AgentRun& run = *end.run;
  if (run.retry_after.count() == 0) run.retry_after = trouble.retry_after;
  if (passes_by_itself(run.end) || needs_a_person(run.end)) return;
  const bool broke = run.end == AgentEnd::timed_out || run.end == AgentEnd::crashed;
  if (!trouble.is_hopeless && !(broke && trouble.times > 1)) return;
  run.end = trouble.end;
  run.said = words_of(trouble.said);
  end.failure = failure_of_provider(run);
}

void add_measured(AgentRun& run, const Outlets::Went& went) {
  if (went.tally && went.tally->requests > 0) {
    run.cached_tokens = went.tally->cached_tokens;
    if (went.tally->priced) run.cost_source = CostSource::measured;
  }
  for (const NetworkRefusal& refusal : went.refused) {
    const auto same = std::find_if(run.refused.begin(), run.refused.end(), [&](const auto& known) {
      return known.host == refusal.host && known.port == refusal.port;
    });
    if (same == run.refused.end()) {
      run.refused.push_back(refusal);
    } else {
      same->times += refusal.times;
    }
  }
  std::stable_sort(run.refused.begin(), run.refused.end(),
                   [](const auto& a, const auto& b) { return a.times > b.times; });
  if (run.refused.size() > kMostRefusals) run.refused.resize(kMostRefusals);
}

Result<Outlets> Outlets::open(const Workbench& bench, const Wish& wish) {
  Outlets outlets;
  const bool in_sandbox = bench.sandbox.name() != "none";
  // Without a sandbox the network is open.
  if (!wish.network.empty() && in_sandbox) {
    SWARMLAB_TRY(proxy, Proxy::start({.allowed = wish.network,
                                      .redact = [secrets = wish.secrets](std::string host) {
                                        return secrets.redacted(std::move(host));
                                      }}));
    outlets.proxy_ = std::move(proxy);
  }
  if (!wish.provider) return outlets;
  std::string key = bench.provider_keys.key_for(*wish.provider, bench.environment);
  if (key.empty() && wish.provider->is_default_url) return outlets;
  SWARMLAB_TRY(token, make_token());
  SWARMLAB_TRY(hopeless, CancelSource::make());
  outlets.hopeless_ = hopeless.token();
  BridgeOptions options{.provider = *wish.provider, .key = std::move(key), .token = token};
  options.environment = bench.environment;
  options.on_hopeless = [hopeless] { hopeless.cancel(); };
  if (wish.budget > MicroUsd(0)) options.budget = wish.budget;
  options.rates = [prices = wish.prices](std::string_view model) {
    return rates_for(prices, model);
  };
  SWARMLAB_TRY(bridge, Bridge::start(std::move(options)));
  SWARMLAB_TRY(port, in_sandbox ? Result<std::uint16_t>(kBridgePort) : free_port());
  outlets.bridge_port_ = port;
  outlets.bridge_ = std::move(bridge);
  outlets.bridged_ = outlets.bridge_->behind(port);
  return outlets;
}

void Outlets::add_to(sandbox::SandboxRequest& request) const {
  request.stop = hopeless_;
  if (bridge_) {
    request.gates.push_back(
        {.port = bridge_port_, .take = [bridge = bridge_.get()](UniqueFd connection) {
           bridge->take(std::move(connection));
         }});
  }
  if (!proxy_) return;
  request.gates.push_back({.port = kProxyPort, .take = [proxy = proxy_.get()](UniqueFd connection) {
                             proxy->take(std::move(connection));
                           }});
  const std::string address = fmt::format("http://127.0.0.1:{}", kProxyPort);
  for (const char* name :
       {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"}) {
    request.env.emplace_back(name, address);
  }
  for (const char* name : {"NO_PROXY", "no_proxy"}) {
    request.env.emplace_back(name, "127.0.0.1,localhost");
  }
  request.env.emplace_back("NODE_USE_ENV_PROXY", "1");  // Node looks at the others only then
}

Outlets::Went Outlets::end() {
  Went went;
  if (bridge_) went.tally = bridge_->end();
  if (proxy_) {
    proxy_->end();
    went.refused = proxy_->refusals();
  }
  return went;
}

}  // namespace swarmlab::worker
