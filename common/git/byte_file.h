// Files that are read and written in pieces. For the files of this room only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/git/pack_file.h"
#include "common/os/unique_fd.h"
#include "common/result.h"

namespace swarmlab::git {

/// \return not_found if there is no such file
[[nodiscard]] Result<UniqueFd> open_to_read(const std::string& path);

/// `length` bytes from `offset` on, in pieces. `corrupt` if the file ends before.
[[nodiscard]] Result<void> read_range(int fd, std::uint64_t offset, std::uint64_t length,
                                      const Sink& sink);

// A new file that takes the place of what is at `path` when it is done, and is removed if that does
// not come.
class NewFile {
 public:
  [[nodiscard]] static Result<NewFile> create(const std::string& path);
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  NewFile(NewFile&& other) noexcept = default;
  NewFile& operator=(NewFile&& other) noexcept = delete;
  ~NewFile();

  /// `unavailable` on a full disk.
  [[nodiscard]] Result<void> write(std::string_view bytes);
  [[nodiscard]] Result<void> done();

 private:
  NewFile() = default;
  UniqueFd file_;
  std::string path_;
  std::string temporary_;
};

}  // namespace swarmlab::git
