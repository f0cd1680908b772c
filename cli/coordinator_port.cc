#include "cli/coordinator_port.h"

#include "coordinator/store/backup.h"

namespace swarmlab::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kLoopTurnsWithin{5};

}  // namespace

Result<void> CoordinatorPort::open(const DaemonFlags& flags, fs::path folder) {
  folder_ = std::move(folder);
  sizes_.emplace(FolderSizes::Folders{{"store", folder_ / "store"},
                                      {"objects", folder_ / "objects.git"},
                                      {"inbox", folder_ / "inbox"}});
  SWARMLAB_TRY(port, MachinePort::open(
                         flags, {.page = [this] { return page(); },
                                 .reasons = [this] { return reasons(); },
                                 .hangs = [this] { return beat_.hangs_after(kLoopTurnsWithin); }}));
  port_ = std::move(port);
  return {};
}

std::vector<http::Reason> CoordinatorPort::reasons() const {
  const auto vitals = vitals_.get();
  std::vector<http::Reason> reasons;
  if (vitals == nullptr) {
    reasons.push_back({.what = "starting", .why = "the store is opened and read"});
  } else {
    reasons = vitals->reasons;
  }
  if (stopping_) reasons.push_back({.what = "stopping", .why = "it was told to stop"});
  return reasons;
}

metrics::Page CoordinatorPort::page() {
  const auto vitals = vitals_.get();
  metrics::Page page = vitals == nullptr ? metrics::Page() : vitals->page;
  for (const auto& [kind, bytes] : sizes_->bytes()) {
    page.gauge("swarmlab_store_bytes", "On disk, of the coordinator's folder",
               static_cast<double>(bytes), {{"kind", kind}});
  }
  const auto backup = store::last_backup(folder_);
  const double taken =
      backup ? static_cast<double>(backup->taken.time_since_epoch().count()) / 1000.0 : 0.0;
  page.gauge("swarmlab_last_backup_timestamp_seconds", "When the last backup was taken; 0: never",
             taken);
  return page;
}

}  // namespace swarmlab::cli
