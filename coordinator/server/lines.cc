#include "coordinator/server/lines.h"

#include <algorithm>

#include "common/git/types.h"

namespace swarmlab::server {
namespace {

constexpr std::size_t kLongLine = 100;              // bytes
constexpr std::uint64_t kMostBytes = 64ULL << 20U;  // of a file
constexpr std::size_t kMostKnown = 100'000;         // files: some 10 MB

// No link, and no submodule.
bool is_regular(const store::StoredFile& file) {
  const auto mode = static_cast<git::FileMode>(file.mode);
  return mode == git::FileMode::regular || mode == git::FileMode::executable;
}

}  // namespace

std::uint64_t lines_in(std::string_view text) {
  std::uint64_t lines = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first != std::string_view::npos) {
      const std::size_t length = line.find_last_not_of(" \t\r") + 1 - first;
      lines += (length + kLongLine - 1) / kLongLine;
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

Result<std::uint64_t> LineCounter::count(const store::ObjectStore& objects, const ObjectId& commit,
                                         const Scope& scope) {
  SWARMLAB_TRY(files, objects.files_of(commit));
  if (known_.size() > kMostKnown) known_.clear();
  std::uint64_t lines = 0;
  for (const store::StoredFile& file : files) {
    if (!is_regular(file) || !scope.editable(file.path)) continue;
    auto known = known_.find(file.id);
    if (known == known_.end()) {
      SWARMLAB_TRY(text, objects.file_of(commit, file.path, kMostBytes));
      known = known_.emplace(file.id, lines_in(text)).first;
    }
    lines += known->second;
  }
  return lines;
}

}  // namespace swarmlab::server
