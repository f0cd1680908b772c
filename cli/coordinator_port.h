// What a coordinator publishes for --http.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "cli/machine_port.h"
#include "common/os/folder_size.h"
#include "coordinator/server/vitals.h"

namespace swarmlab::cli {

/// Thread-safe. Must outlive the coordinator that tells it.
class CoordinatorPort {
 public:
  /// Before the coordinator is started in its folder: until it says how it is, it is not ready.
  Result<void> open(const DaemonFlags& flags, std::filesystem::path folder);
  [[nodiscard]] bool is_open() const { return port_ != nullptr; }

  void beat() { beat_.beat(); }
  void tell(server::Vitals vitals) { vitals_.set(std::move(vitals)); }
  void stopping() { stopping_ = true; }

 private:
  [[nodiscard]] metrics::Page page();
  [[nodiscard]] std::vector<http::Reason> reasons() const;

  std::filesystem::path folder_;
  Latest<server::Vitals> vitals_;
  LastBeat beat_;
  std::atomic<bool> stopping_ = false;
  std::optional<FolderSizes> sizes_;   // of the folder's parts
  std::unique_ptr<MachinePort> port_;  // the last: its threads use the others
};

}  // namespace swarmlab::cli
