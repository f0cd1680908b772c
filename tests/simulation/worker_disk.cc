#include "tests/simulation/worker_disk.h"

namespace swarmlab::simulation {

void WorkerDisk::maybe_die() {
  if (good_ || !world_.random.chance(plan_.crash_in_spool)) return;
  world_.note("{} dies in a write", process_->name());
  process_->die();
}

void WorkerDisk::sync_entries() {
  synced_ = seen_;
  for (const std::string& path : loose_) synced_[path].resize(world_.random.below(2));
}

Result<std::vector<std::string>> WorkerDisk::list(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& [path, bytes] : seen_) {
    if (path.starts_with(folder + "/")) paths.push_back(path);
  }
  return paths;
}

Result<std::string> WorkerDisk::read(const std::string& path, std::uint64_t /*max_bytes*/) {
  const auto found = seen_.find(path);
  if (found == seen_.end()) return fail(ErrorCode::not_found, "{}: no such file", path);
  return found->second;
}

Result<void> WorkerDisk::write_durably(const std::string& path, std::string_view bytes) {
  if (full_) return fail(ErrorCode::unavailable, "{}: no space left on device", path);
  maybe_die();
  const std::string temporary = fmt::format("{}.tmp-1-{}", path, ++temporaries_);
  seen_[temporary] = bytes.substr(0, world_.random.below(bytes.size() + 1));
  loose_.insert(temporary);
  maybe_die();
  seen_[temporary] = bytes;
  maybe_die();
  loose_.erase(temporary);
  maybe_die();
  seen_[path] = bytes;
  seen_.erase(temporary);
  maybe_die();
  sync_entries();
  if (on_durable_) on_durable_(path);
  maybe_die();
  return {};
}

Result<void> WorkerDisk::rename(const std::string& from, const std::string& to) {
  auto file = seen_.extract(from);
  if (file.empty()) return fail(ErrorCode::not_found, "{}: no such file", from);
  seen_[to] = std::move(file.mapped());
  return {};
}

Result<void> WorkerDisk::remove(const std::string& path) {
  maybe_die();
  seen_.erase(path);
  maybe_die();
  return {};
}

void WorkerDisk::crash(bool power_loss) {
  process_ = nullptr;
  if (!power_loss) return;
  // Entries that were not synced are as before or as after, each by itself.
  std::map<std::string, std::string> left = synced_;
  for (const auto& [path, bytes] : seen_) {
    if (synced_.contains(path) || world_.random.one_in(2)) continue;
    left[path] = loose_.contains(path) ? bytes.substr(0, bytes.size() / 2) : bytes;
  }
  for (const auto& [path, bytes] : synced_) {
    if (!seen_.contains(path) && world_.random.one_in(2)) left.erase(path);
  }
  seen_ = left;
  synced_ = std::move(left);
  loose_.clear();
}

}  // namespace swarmlab::simulation
