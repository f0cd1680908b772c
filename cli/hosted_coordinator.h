// A coordinator in this process, on a thread of its own.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "common/os/clock.h"
#include "common/result.h"
#include "coordinator/server/server.h"

namespace swarmlab::cli {

class HostedCoordinator {
 public:
  /// Opens the store in the state folder and listens. It answers after serve().
  /// \return  conflict if another coordinator has the store open
  static Result<std::unique_ptr<HostedCoordinator>> start(const std::filesystem::path& state_folder,
                                                          const std::string& address,
                                                          const swarm::Rules& rules = {},
                                                          const server::Door& door = {});

  HostedCoordinator(const HostedCoordinator&) = delete;
  HostedCoordinator& operator=(const HostedCoordinator&) = delete;
  HostedCoordinator(HostedCoordinator&&) = delete;
  HostedCoordinator& operator=(HostedCoordinator&&) = delete;
  ~HostedCoordinator();  // stop()

  /// For what is done before serve().
  [[nodiscard]] server::Server& server() { return *server_; }
  void serve();
  /// False after the coordinator ended by itself: stop() says why.
  [[nodiscard]] bool alive() const { return alive_.load(); }
  /// Ends it. \return  why it ended, if it did so by itself
  Result<void> stop();

 private:
  explicit HostedCoordinator(std::filesystem::path address_file)
      : address_file_(std::move(address_file)) {}

  const std::filesystem::path address_file_;
  SystemClock clock_;
  std::unique_ptr<server::Server> server_;
  std::atomic<bool> alive_ = true;
  Result<void> end_;
  std::thread thread_;
};

}  // namespace swarmlab::cli
