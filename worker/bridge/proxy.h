// The proxy of a sandbox: it lets to the hosts that the lab names, and to nobody else. CONNECT, so
// that TLS stays end to end, and plain HTTP.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/model/agent_run.h"
#include "common/model/lab.h"
#include "common/os/unique_fd.h"
#include "common/result.h"
#include "worker/bridge/address.h"

namespace swarmlab::worker {

struct ProxyOptions {
  // "host", "*.example.org" (names below it), "*" (all). What is not of the internet (Address)
  // counts only if its very address and port are named.
  std::vector<Destination> allowed = {};
  std::size_t most_connections = 64;                 // at a time; more are hung up on
  Milliseconds request_time = Milliseconds(30'000);  // for a request to come in whole
  Milliseconds connect_time = Milliseconds(20'000);
  Milliseconds silence = Milliseconds(600'000);  // then a connection ends
  Resolve resolve = {};                          // empty: the system's
  // Of a host that was refused, before it is remembered: it may carry words out.
  std::function<std::string(std::string)> redact = {};
};

/// Thread-safe.
class Proxy {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Proxy>> start(ProxyOptions options);
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;
  Proxy(Proxy&&) = delete;
  Proxy& operator=(Proxy&&) = delete;
  ~Proxy();  // as end()

  /// A connection from inside. Never blocks.
  void take(UniqueFd connection);
  /// Hangs up on everybody and waits for its threads, but for no name that is being looked up.
  void end();
  /// The most frequent first, kMostRefusals of them.
  [[nodiscard]] std::vector<NetworkRefusal> refusals() const;

 private:
  struct Impl;
  explicit Proxy(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Whether the lab names this host with this port.
[[nodiscard]] bool is_named(const std::vector<Destination>& allowed, const std::string& host,
                            std::uint16_t port);

}  // namespace swarmlab::worker
