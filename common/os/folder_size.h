// How much lies in folders, for people and their charts: looked at now and then, as it takes long.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>

#include "common/os/clock.h"

namespace swarmlab {

/// All files below. What cannot be read, or goes meanwhile, is not counted.
[[nodiscard]] std::uint64_t bytes_below(const std::filesystem::path& folder);

/// Thread-safe.
class FolderSizes {
 public:
  using Folders = std::map<std::string, std::filesystem::path>;  // by what they are called

  explicit FolderSizes(Folders folders, Milliseconds hold = std::chrono::seconds(30))
      : folders_(std::move(folders)), hold_(hold) {}
  /// Of each; not older than `hold`.
  [[nodiscard]] std::map<std::string, std::uint64_t> bytes();

 private:
  const Folders folders_;
  const Milliseconds hold_;
  std::mutex mutex_;
  Deadline until_ = Deadline::after(Milliseconds(0));
  std::map<std::string, std::uint64_t> bytes_;
};

}  // namespace swarmlab
