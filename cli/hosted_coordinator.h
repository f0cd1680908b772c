// A coordinator in this process, on a thread of its own.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "common/os/cancel.h"
#include "common/os/clock.h"
#include "common/result.h"
#include "coordinator/server/server.h"

namespace swarmlab::cli {

struct HostedOptions {
  std::filesystem::path folder;  // .swarmlab of a repository, or any other that is ours alone
  std::string address;
  swarm::Rules rules{};
  server::Door door{};
  std::uint64_t reserve_bytes = server::kDiskReserve;
  std::function<void(const server::Pulse&)> on_tick{};  // see server::ServerOptions
  std::function<void(server::Vitals)> on_vitals{};      // likewise
};

class HostedCoordinator {
 public:
  /// Opens the store in the state folder and listens. It answers after serve().
  /// \return  conflict if another coordinator has the store open
  static Result<std::unique_ptr<HostedCoordinator>> start(const HostedOptions& options);

  HostedCoordinator(const HostedCoordinator&) = delete;
  HostedCoordinator& operator=(const HostedCoordinator&) = delete;
  HostedCoordinator(HostedCoordinator&&) = delete;
  HostedCoordinator& operator=(HostedCoordinator&&) = delete;
  ~HostedCoordinator();  // stop()

  /// For what is done before serve(), and what may be asked from any thread.
  [[nodiscard]] server::Server& server() { return *server_; }
  void serve();
  /// False after the coordinator ended by itself: stop() says why.
  [[nodiscard]] bool alive() const { return !ended_.token().cancelled(); }
  /// Cancelled when it has ended: something to poll for.
  [[nodiscard]] CancelToken ended() const { return ended_.token(); }
  /// Ends it. \return  why it ended, if it did so by itself
  Result<void> stop();

 private:
  HostedCoordinator(std::filesystem::path address_file, CancelSource ended)
      : address_file_(std::move(address_file)), ended_(std::move(ended)) {}

  const std::filesystem::path address_file_;
  SystemClock clock_;
  std::unique_ptr<server::Server> server_;
  CancelSource ended_;
  Result<void> end_;
  std::thread thread_;
};

}  // namespace swarmlab::cli
