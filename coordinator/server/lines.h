// How large a candidate is, where simplicity counts: the lines of its editable files, counted from
// the candidate's tree. What a worker or an agent says of it is never asked.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>

#include "common/lab/scope.h"
#include "coordinator/store/object_store.h"

namespace swarmlab::server {

/// Lines with anything but blanks in them. A long one counts as several, so that joining lines
/// makes nothing smaller.
[[nodiscard]] std::uint64_t lines_in(std::string_view text);

// Remembers files: of a candidate only what was changed is read.
class LineCounter {
 public:
  /// Of all editable files of a commit. \return  invalid_input if one is too large to be counted
  [[nodiscard]] Result<std::uint64_t> count(const store::ObjectStore& objects,
                                            const ObjectId& commit, const Scope& scope);

 private:
  std::map<ObjectId, std::uint64_t> known_;  // of blobs
};

}  // namespace swarmlab::server
