#include "common/git/byte_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace swarmlab::git {
namespace {

constexpr std::size_t kPiece = 256U << 10U;

}  // namespace

Result<UniqueFd> open_to_read(const std::string& path) {
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file) return file;
  return fail(errno == ENOENT ? ErrorCode::not_found : ErrorCode::internal, "{}: cannot open: {}",
              path, std::strerror(errno));
}

Result<void> read_range(int fd, std::uint64_t offset, std::uint64_t length, const Sink& sink) {
  std::string piece(std::min<std::uint64_t>(length, kPiece), '\0');
  while (length > 0) {
    const std::size_t most = std::min<std::uint64_t>(length, piece.size());
    const ssize_t got = ::pread(fd, piece.data(), most, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(ErrorCode::internal, "cannot read: {}", std::strerror(errno));
    if (got == 0) return fail(ErrorCode::corrupt, "the file ends {} bytes early", length);
    SWARMLAB_CHECK(sink({piece.data(), static_cast<std::size_t>(got)}));
    offset += static_cast<std::uint64_t>(got);
    length -= static_cast<std::uint64_t>(got);
  }
  return {};
}

Result<NewFile> NewFile::create(const std::string& path) {
  NewFile made;
  made.path_ = path;
  std::string name = path + ".XXXXXX";
  made.file_ = UniqueFd(::mkostemp(name.data(), O_CLOEXEC));
  if (!made.file_) {
    const auto code =
        errno == ENOSPC || errno == EDQUOT ? ErrorCode::unavailable : ErrorCode::internal;
    return fail(code, "{}: cannot create: {}", name, std::strerror(errno));
  }
  made.temporary_ = name;
  return made;
}

NewFile::~NewFile() {
  if (file_) ::unlink(temporary_.c_str());
}

Result<void> NewFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const auto code =
          errno == ENOSPC || errno == EDQUOT ? ErrorCode::unavailable : ErrorCode::internal;
      return fail(code, "{}: cannot write: {}", path_, std::strerror(errno));
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> NewFile::done() {
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) {
    return fail(ErrorCode::internal, "{}: cannot rename: {}", path_, std::strerror(errno));
  }
  file_.reset();
  return {};
}

}  // namespace swarmlab::git
