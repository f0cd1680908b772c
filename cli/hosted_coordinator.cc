#include "cli/hosted_coordinator.h"

#include <system_error>

#include "cli/build_info.h"
#include "cli/endpoint.h"
#include "cli/peer.h"
#include "common/log/log.h"
#include "common/os/file.h"
#include "common/os/open_files.h"
#include "coordinator/store/store.h"

namespace swarmlab::cli {

namespace {

bool is_open_elsewhere(const std::filesystem::path& state_folder) {
  const auto store = store::Store::open_read_only(state_folder / "store");
  return !store && store.error().code == ErrorCode::conflict;
}

}  // namespace

Result<std::unique_ptr<HostedCoordinator>> HostedCoordinator::start(const HostedOptions& options) {
  if (const auto raised = raise_open_files(); !raised)
    log::warning("{}: fewer workers can connect", raised.error().message);
  server::ServerOptions serving;
  serving.folder = options.folder.string();
  serving.address = options.address;
  serving.version = std::string(kVersion);
  serving.rules = options.rules;
  serving.door = options.door;
  serving.reserve_bytes = options.reserve_bytes;
  serving.on_tick = options.on_tick;
  serving.on_vitals = options.on_vitals;
  SWARMLAB_TRY(ended, CancelSource::make());
  std::unique_ptr<HostedCoordinator> hosted(
      new HostedCoordinator(address_file_of(options.folder), std::move(ended)));
  auto server = server::Server::start(serving, hosted->clock_);
  if (!server && is_open_elsewhere(options.folder)) {
    return fail(ErrorCode::conflict,
                "a coordinator runs in {} already; look at it with: swarmlab status ({})",
                options.folder.parent_path().string(), server.error().message);
  }
  SWARMLAB_TRY(opened, std::move(server));
  hosted->server_ = std::move(opened);
  SWARMLAB_CHECK(write_file(hosted->address_file_.string(),
                            address_note(hosted->server_->address(), options.door.keys)));
  return hosted;
}

HostedCoordinator::~HostedCoordinator() {
  if (const auto end = stop(); !end) log::error("coordinator: {}", end.error().message);
}

void HostedCoordinator::serve() {
  thread_ = std::thread([this] {
    end_ = server_->run();
    ended_.cancel();
  });
}

Result<void> HostedCoordinator::stop() {
  std::error_code ignored;  // it is asked for only while the store is open
  if (server_) std::filesystem::remove(address_file_, ignored);
  if (thread_.joinable()) {
    server_->request_stop();
    thread_.join();
  }
  return end_;
}

}  // namespace swarmlab::cli
