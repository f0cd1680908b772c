#include "coordinator/store/packed_refs.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>

#include "common/os/fail_point.h"
#include "common/os/file.h"
#include "common/os/sha256.h"
#include "common/os/unique_fd.h"

namespace swarmlab::store {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHeader = "# pack-refs with: peeled fully-peeled sorted \n";
constexpr std::size_t kIdDigits = 40;
constexpr std::uint64_t kMaxBytes = 4ULL << 30U;

// A ref of the file: "<40 digits> <name>", and the line of what a tag points at, if one follows.
struct Line {
  std::string text;
  std::string peeled;  // "^<40 digits>" or empty

  [[nodiscard]] std::string_view name() const {
    return std::string_view(text).substr(kIdDigits + 1);
  }
};

// Reads the refs of a file, one by one.
class Reader {
 public:
  explicit Reader(const fs::path& file) : stream_(file) { step(); }

  [[nodiscard]] const std::optional<Line>& current() const { return current_; }

  void step() {
    current_.reset();
    if (next_.empty() && !read_line()) return;
    current_ = Line{.text = std::move(next_), .peeled = {}};
    next_.clear();
    while (read_line()) {
      if (!next_.starts_with('^')) return;
      current_->peeled = std::move(next_);
    }
    next_.clear();
  }

 private:
  // What is neither a ref nor a peeled id is left out: the header, which is written anew.
  bool read_line() {
    while (std::getline(stream_, next_)) {
      if (next_.starts_with('^') || (next_.size() > kIdDigits + 1 && next_[kIdDigits] == ' ')) {
        return true;
      }
    }
    next_.clear();
    return false;
  }

  std::ifstream stream_;
  std::string next_;
  std::optional<Line> current_;
};

// Both sides are sorted by name; of the same name the new one counts.
std::uint64_t merge(Reader& old, const std::map<std::string, ObjectId>& refs, std::ostream& out) {
  std::uint64_t count = 0;
  auto added = refs.begin();
  out << kHeader;
  while (old.current() || added != refs.end()) {
    ++count;
    if (added == refs.end() || (old.current() && old.current()->name() < added->first)) {
      out << old.current()->text << '\n';
      if (!old.current()->peeled.empty()) out << old.current()->peeled << '\n';
      old.step();
      continue;
    }
    if (old.current() && old.current()->name() == added->first) old.step();
    out << added->second.hex() << ' ' << added->first << '\n';
    ++added;
  }
  return count;
}

// Only these are git's: the rest of a damaged file must not become a ref.
bool is_sound(const Line& line) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  return line.text.find_first_not_of(kDigits) == kIdDigits && line.name().starts_with("refs/");
}

// What stands in `packed-refs.lock`, git's own name, which keeps git away, takes the file's place.
Result<PackedRefs> put_in_place(const fs::path& repository, std::uint64_t count) {
  const fs::path file = repository / "packed-refs";
  const fs::path lock = repository / "packed-refs.lock";
  const UniqueFd written(::open(lock.c_str(), O_RDONLY | O_CLOEXEC));
  if (!written || ::fsync(written.get()) != 0) {
    return fail(ErrorCode::unavailable, "{} cannot be synced: {}", lock.string(),
                std::strerror(errno));
  }
  SWARMLAB_TRY(bytes, read_file(lock.string(), kMaxBytes));
  fail_point(FailPoint::refs_before);
  std::error_code error;
  fs::rename(lock, file, error);
  if (error) {
    return fail(ErrorCode::unavailable, "{} cannot be replaced: {}", file.string(),
                error.message());
  }
  SWARMLAB_CHECK(sync_folder(repository.string()));
  return PackedRefs{.count = count, .sha256 = sha256_hex(bytes)};
}

}  // namespace

Result<PackedRefs> look_at_packed_refs(const fs::path& repository) {
  const auto bytes = read_file((repository / "packed-refs").string(), kMaxBytes);
  if (!bytes && bytes.error().code != ErrorCode::not_found) return tl::unexpected(bytes.error());
  PackedRefs found{.count = 0, .sha256 = sha256_hex(bytes ? *bytes : std::string())};
  for (Reader refs(repository / "packed-refs"); refs.current(); refs.step()) ++found.count;
  return found;
}

Result<PackedRefs> remove_packed_refs(const fs::path& repository, std::string_view prefix) {
  std::error_code error;
  if (!fs::exists(repository / "packed-refs", error) && !error) {
    return PackedRefs{.count = 0, .sha256 = sha256_hex(std::string())};
  }
  const fs::path lock = repository / "packed-refs.lock";
  std::ofstream out(lock, std::ios::trunc);
  out << kHeader;
  std::uint64_t count = 0;
  for (Reader refs(repository / "packed-refs"); refs.current(); refs.step()) {
    const Line& line = *refs.current();
    if (!is_sound(line) || line.name().starts_with(prefix)) continue;
    out << line.text << '\n';
    if (!line.peeled.empty()) out << line.peeled << '\n';
    ++count;
  }
  out.close();
  if (!out) return fail(ErrorCode::unavailable, "{} cannot be written", lock.string());
  return put_in_place(repository, count);
}

Result<PackedRefs> merge_packed_refs(const fs::path& repository,
                                     const std::map<std::string, ObjectId>& refs) {
  const fs::path lock = repository / "packed-refs.lock";
  Reader old(repository / "packed-refs");
  std::ofstream out(lock, std::ios::trunc);
  const std::uint64_t count = merge(old, refs, out);
  out.close();
  if (!out) return fail(ErrorCode::unavailable, "{} cannot be written", lock.string());
  return put_in_place(repository, count);
}

}  // namespace swarmlab::store
