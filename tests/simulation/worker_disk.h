// The disk of a worker: what is synced survives a power loss, what is not may; a write can be the
// last thing that its process does; and the disk can be full.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "common/os/files.h"
#include "tests/simulation/plan.h"
#include "tests/simulation/process.h"

namespace swarmlab::simulation {

class WorkerDisk final : public Files {
 public:
  WorkerDisk(World& world, const Plan& plan) : world_(world), plan_(plan) {}

  /// Whose writes may be its last from now on.
  void belongs_to(Process& process) { process_ = &process; }
  /// Called with the path of each file that is on disk for good.
  void on_durable(std::function<void(std::string_view path)> call) {
    on_durable_ = std::move(call);
  }
  void fill() { full_ = true; }
  void empty() { full_ = false; }
  void be_good() { good_ = true; }
  /// The process is gone, with the machine or without it.
  void crash(bool power_loss);

  Result<void> make_folders(const std::string&) override { return {}; }
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& folder) override;
  [[nodiscard]] Result<std::string> read(const std::string& path, std::uint64_t max_bytes) override;
  /// As write_file_durably() does it: temporary file, sync, rename, sync of the folder.
  Result<void> write_durably(const std::string& path, std::string_view bytes) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;

 private:
  void maybe_die();
  void sync_entries();

  World& world_;
  const Plan& plan_;
  Process* process_ = nullptr;
  std::function<void(std::string_view)> on_durable_;
  std::map<std::string, std::string> seen_;    // what the machine sees
  std::map<std::string, std::string> synced_;  // what is there after a power loss
  std::set<std::string> loose_;                // of seen_: their bytes are not synced
  std::uint64_t temporaries_ = 0;
  bool full_ = false;
  bool good_ = false;
};

}  // namespace swarmlab::simulation
