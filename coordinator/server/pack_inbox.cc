#include "coordinator/server/pack_inbox.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "common/os/file.h"

namespace swarmlab::server {
namespace {

namespace fs = std::filesystem;

// TASK-TOKEN-BYTES-HASH.part
struct Name {
  PackKey key;
  git::PackInfo pack;
};

std::string text_of(PackKey key, const std::optional<git::PackInfo>& what) {
  return fmt::format("{}-{}-{}-{}.part", key.task.value(), key.token.value(),
                     what ? what->bytes : 0, what ? what->hash.hex() : "unknown");
}

std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data() + text.size() || *end != '-') return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return number;
}

std::optional<Name> read_name(std::string_view text) {
  const auto task = take_number(text);
  const auto token = task ? take_number(text) : std::nullopt;
  const auto bytes = token ? take_number(text) : std::nullopt;
  const auto hash = ObjectId::from_hex(text.substr(0, text.find('.')));
  if (!bytes || !hash) return std::nullopt;
  return Name{.key = {TaskId(*task), FencingToken(*token)}, .pack = {*bytes, *hash}};
}

tl::unexpected<Error> failed(const std::string& path) {
  return fail(ErrorCode::unavailable, "{}: {}", path, std::strerror(errno));
}

Result<void> write_all(int fd, const std::string& path, std::uint64_t offset,
                       std::span<const std::byte> data) {
  while (!data.empty()) {
    const ssize_t written = ::pwrite(fd, data.data(), data.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed(path);
    offset += static_cast<std::uint64_t>(written);
    data = data.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

PackInbox::PackInbox(Limits limits, std::string folder)
    : limits_(limits), folder_(std::move(folder)) {
  load();
}

void PackInbox::load() {
  std::error_code error;
  if (folder_.empty()) return;
  for (fs::directory_iterator it(folder_, error), end; !error && it != end; it.increment(error)) {
    const auto name = read_name(it->path().filename().string());
    struct stat about {};
    UniqueFd file(::open(it->path().c_str(), O_RDWR | O_CLOEXEC));
    if (!name || !file || ::fstat(file.get(), &about) != 0) {
      std::error_code ignored;
      fs::remove(it->path(), ignored);
      continue;
    }
    Pack pack{.what = name->pack,
              .received = static_cast<std::uint64_t>(about.st_size),
              .bytes = {},
              .path = it->path(),
              .file = std::move(file),
              .last = {}};
    total_ += pack.received;
    packs_.emplace(name->key, std::move(pack));
  }
}

Result<std::uint64_t> PackInbox::add(PackKey key, const Chunk& chunk, Timestamp now) {
  auto known = packs_.find(key);
  if (known != packs_.end() && chunk.pack && known->second.what != chunk.pack) {
    forget(known);
    known = packs_.end();
  }
  const std::uint64_t have = known == packs_.end() ? 0 : known->second.received;
  if (known != packs_.end()) known->second.last = now;
  if (chunk.offset > have) {
    return fail(ErrorCode::conflict, "pack of task {}: chunk at {}, expected {} or less",
                key.task.value(), chunk.offset, have);
  }
  if (chunk.offset + chunk.data.size() <= have) return have;  // sent again
  const auto fresh = chunk.data.subspan(have - chunk.offset);
  if (known == packs_.end() && packs_.size() >= limits_.packs) {
    return fail(ErrorCode::unavailable, "{} packs wait already, expected {} at most", packs_.size(),
                limits_.packs);
  }
  const std::uint64_t most =
      chunk.pack ? std::min(limits_.pack_bytes, chunk.pack->bytes) : limits_.pack_bytes;
  if (have + fresh.size() > most || (chunk.pack && chunk.pack->bytes > limits_.pack_bytes)) {
    drop(key);
    return fail(ErrorCode::invalid_input, "pack of task {}: more than {} bytes", key.task.value(),
                most);
  }
  if (total_ + fresh.size() > limits_.total_bytes) {
    return fail(ErrorCode::unavailable, "{} bytes of packs wait already, expected {} at most",
                total_, limits_.total_bytes);
  }
  Pack& pack = packs_[key];
  pack.last = now;
  pack.what = chunk.pack;
  SWARMLAB_CHECK(append(key, pack, fresh));
  return pack.received;
}

Result<void> PackInbox::append(PackKey key, Pack& pack, std::span<const std::byte> data) {
  const std::uint64_t will_be = pack.what ? pack.what->bytes : pack.received + data.size();
  const bool fits = folder_.empty() || (will_be <= limits_.small_bytes &&
                                        in_memory_ + data.size() <= limits_.memory_bytes);
  if (!pack.file && !fits) SWARMLAB_CHECK(move_to_file(key, pack));
  if (pack.file) {
    SWARMLAB_CHECK(write_all(pack.file.get(), pack.path, pack.received, data));
  } else {
    pack.bytes.insert(pack.bytes.end(), data.begin(), data.end());
    in_memory_ += data.size();
  }
  pack.received += data.size();
  total_ += data.size();
  return {};
}

Result<void> PackInbox::move_to_file(PackKey key, Pack& pack) {
  SWARMLAB_CHECK(make_folders(folder_, 0700));
  const std::string path = folder_ + "/" + text_of(key, pack.what);
  UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) return failed(path);
  SWARMLAB_CHECK(write_all(file.get(), path, 0, pack.bytes));
  in_memory_ -= pack.bytes.size();
  pack.bytes = {};
  pack.path = path;
  pack.file = std::move(file);
  return {};
}

std::uint64_t PackInbox::received(PackKey key) const {
  const auto found = packs_.find(key);
  return found == packs_.end() ? 0 : found->second.received;
}

std::span<const std::byte> PackInbox::bytes(PackKey key) const {
  const auto found = packs_.find(key);
  return found == packs_.end() ? std::span<const std::byte>{} : found->second.bytes;
}

std::string PackInbox::path(PackKey key) const {
  const auto found = packs_.find(key);
  return found == packs_.end() ? "" : found->second.path;
}

void PackInbox::forget(std::map<PackKey, Pack>::iterator pack) {
  total_ -= pack->second.received;
  in_memory_ -= pack->second.bytes.size();
  if (!pack->second.path.empty()) ::unlink(pack->second.path.c_str());
  packs_.erase(pack);
}

void PackInbox::drop(PackKey key) {
  const auto found = packs_.find(key);
  if (found != packs_.end()) forget(found);
}

void PackInbox::sweep(Timestamp now) {
  for (auto it = packs_.begin(); it != packs_.end();) {
    const auto next = std::next(it);
    if (!it->second.last) it->second.last = now;
    if (now - *it->second.last >= limits_.unclaimed) forget(it);
    it = next;
  }
}

}  // namespace swarmlab::server
