// Git ids of files and folders on disk, computed without writing an object.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/model/object_id.h"
#include "common/result.h"

namespace swarmlab::git {

// The numbers are those of the pack format.
enum class ObjectKind : std::uint8_t { commit = 1, tree = 2, blob = 3 };

[[nodiscard]] ObjectId hash_object(ObjectKind kind, std::string_view bytes);
[[nodiscard]] ObjectId hash_blob(std::string_view bytes);

/// The blob id of all of an open regular file, read in pieces; `fd` does not move.
[[nodiscard]] Result<ObjectId> hash_open_file(int fd);

/// The tree id that git would give the folder: regular files (644 or 755 by the owner's x bit) and
/// symlinks by their target; empty folders do not count. Nothing is left out, also no .gitignore'd
/// file. `invalid_input` on a fifo, socket or device. Reads all bytes: takes as long as reading the
/// folder does.
[[nodiscard]] Result<ObjectId> hash_folder(const std::string& folder);

}  // namespace swarmlab::git
