#include "cli/hosted_coordinator.h"

#include "cli/build_info.h"
#include "common/log/log.h"

namespace swarmlab::cli {

Result<std::unique_ptr<HostedCoordinator>> HostedCoordinator::start(
    const std::filesystem::path& state_folder, const std::string& address,
    const swarm::Rules& rules) {
  server::ServerOptions options;
  options.folder = state_folder.string();
  options.address = address;
  options.version = std::string(kVersion);
  options.rules = rules;
  std::unique_ptr<HostedCoordinator> hosted(new HostedCoordinator());
  SWARMLAB_TRY(server, server::Server::start(options, hosted->clock_));
  hosted->server_ = std::move(server);
  return hosted;
}

HostedCoordinator::~HostedCoordinator() {
  if (const auto end = stop(); !end) log::error("coordinator: {}", end.error().message);
}

void HostedCoordinator::serve() {
  thread_ = std::thread([this] {
    end_ = server_->run();
    alive_.store(false);
  });
}

Result<void> HostedCoordinator::stop() {
  if (thread_.joinable()) {
    server_->request_stop();
    thread_.join();
  }
  return end_;
}

}  // namespace swarmlab::cli
