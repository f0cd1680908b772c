#include "coordinator/server/transfers.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "common/git/hash.h"
#include "common/git/pack.h"
#include "common/log/log.h"
#include "common/os/file.h"

namespace swarmlab::server {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostMaking = 64;
constexpr std::size_t kHex = 40;

std::uint64_t number_of(const ObjectId& hash) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8; ++i) number = (number << 8U) | hash.bytes.at(i);
  return number | 1U;
}

Error being_made() {
  return {ErrorCode::unavailable, "the pack is being made: ask again"};
}

}  // namespace

Transfers::Transfers(std::string folder, Limits limits, Background& background)
    : folder_(std::move(folder)), limits_(limits), background_(background) {
  load();
}

ObjectId Transfers::key_of(const std::vector<ObjectId>& wanted, const std::vector<ObjectId>& had) {
  std::string text;
  for (const ObjectId& id : wanted) text += "want " + id.hex() + "\n";
  std::vector<ObjectId> sorted = had;
  std::ranges::sort(sorted);
  for (const ObjectId& id : sorted) text += "have " + id.hex() + "\n";
  return git::hash_blob(text);
}

std::string Transfers::path_of(const ObjectId& key, const ObjectId& hash) const {
  return fmt::format("{}/{}-{}.pack", folder_, key.hex(), hash.hex());
}

void Transfers::load() {
  std::error_code error;
  for (fs::directory_iterator it(folder_, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    const auto key = ObjectId::from_hex(name.substr(0, kHex));
    const bool whole = name.size() == 2 * kHex + 6 && name.ends_with(".pack");
    const auto info = git::info_of_pack_file(it->path().string());
    UniqueFd file(::open(it->path().c_str(), O_RDONLY | O_CLOEXEC));
    if (!key || !whole || !info || !file || path_of(*key, info->hash) != it->path()) {
      std::error_code ignored;
      fs::remove(it->path(), ignored);  // what a crash left
      continue;
    }
    add({.key = *key, .info = *info, .bytes = {}, .path = it->path(), .file = std::move(file)});
  }
}

Transfers::Offer Transfers::add(Pack pack) {
  const Offer offer{.transfer = number_of(pack.info.hash), .pack = pack.info};
  pack.used = ++uses_;
  numbers_[pack.key] = offer.transfer;
  packs_.insert_or_assign(offer.transfer, std::move(pack));
  evict();
  return offer;
}

void Transfers::evict() {
  const auto too_much = [this](bool on_disk, std::uint64_t limit) {
    std::uint64_t total = 0;
    auto oldest = packs_.end();
    for (auto it = packs_.begin(); it != packs_.end(); ++it) {
      if (it->second.path.empty() == on_disk || it->second.used == uses_) continue;
      total += it->second.info.bytes;
      if (oldest == packs_.end() || it->second.used < oldest->second.used) oldest = it;
    }
    return total > limit ? oldest : packs_.end();
  };
  for (const bool on_disk : {false, true}) {
    const std::uint64_t limit = on_disk ? limits_.disk_bytes : limits_.memory_bytes;
    for (auto it = too_much(on_disk, limit); it != packs_.end(); it = too_much(on_disk, limit)) {
      if (on_disk) ::unlink(it->second.path.c_str());
      const std::uint64_t number = it->first;
      std::erase_if(numbers_, [number](const auto& entry) { return entry.second == number; });
      packs_.erase(it);
    }
  }
}

Result<Transfers::Offer> Transfers::offer(const store::ObjectStore& objects,
                                          const std::vector<ObjectId>& wanted,
                                          const std::vector<ObjectId>& all_had) {
  std::vector<ObjectId> had;  // what we do not know changes nothing
  std::ranges::copy_if(all_had, std::back_inserter(had),
                       [&](const ObjectId& id) { return objects.has(id); });
  const ObjectId key = key_of(wanted, had);
  if (making_.contains(key)) SWARMLAB_CHECK(finish(key));
  if (const auto known = numbers_.find(key); known != numbers_.end()) {
    Pack& pack = packs_.at(known->second);
    pack.used = ++uses_;
    return Offer{.transfer = known->second, .pack = pack.info};
  }
  SWARMLAB_TRY(small, objects.is_small_pack(wanted, had, limits_.small_bytes));
  if (!small) {
    SWARMLAB_CHECK(start(objects, key, wanted, had));
    return tl::unexpected(being_made());
  }
  SWARMLAB_TRY(bytes, objects.make_pack(wanted, had));
  git::PackInfo info{.bytes = bytes.size(), .hash = {}};
  std::memcpy(info.hash.bytes.data(), bytes.data() + bytes.size() - info.hash.bytes.size(),
              info.hash.bytes.size());
  return add({.key = key, .info = info, .bytes = std::move(bytes), .path = {}, .file = {}});
}

Result<void> Transfers::start(const store::ObjectStore& objects, const ObjectId& key,
                              const std::vector<ObjectId>& wanted,
                              const std::vector<ObjectId>& had) {
  std::erase_if(making_, [&](const auto& one) {
    return making_.size() > kMostMaking && is_ready(one.second);
  });
  if (making_.size() >= kMostMaking) {
    return fail(ErrorCode::unavailable, "{} packs are being made already", making_.size());
  }
  SWARMLAB_CHECK(make_folders(folder_, 0700));
  const std::string path = fmt::format("{}/{}.making", folder_, key.hex());
  making_.emplace(key, background_.run([from = objects.folder(), wanted, had, path] {
    const auto make = [&]() -> Result<git::PackInfo> {
      SWARMLAB_TRY(repository, git::Repository::open(from));
      return git::write_pack_file(repository, wanted, had, path);
    };
    return make();
  }));
  return {};
}

Result<void> Transfers::finish(const ObjectId& key) {
  const auto making = making_.find(key);
  if (!is_ready(making->second)) return tl::unexpected(being_made());
  Result<git::PackInfo> made = making->second.get();
  making_.erase(making);
  if (!made) return tl::unexpected(made.error());
  const std::string from = fmt::format("{}/{}.making", folder_, key.hex());
  const std::string path = path_of(key, made->hash);
  UniqueFd file(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file || std::rename(from.c_str(), path.c_str()) != 0) {
    return fail(ErrorCode::unavailable, "{}: {}", path, std::strerror(errno));
  }
  log::info("pack {} is made{}", made->hash.brief(), log::field("bytes", made->bytes));
  add({.key = key, .info = *made, .bytes = {}, .path = path, .file = std::move(file)});
  return {};
}

Result<std::string> Transfers::chunk(std::uint64_t transfer, std::uint64_t offset,
                                     std::size_t most) {
  const auto found = packs_.find(transfer);
  if (found == packs_.end()) return fail(ErrorCode::conflict, "the transfer is gone: fetch again");
  Pack& pack = found->second;
  pack.used = ++uses_;
  if (offset >= pack.info.bytes) return std::string();
  if (pack.path.empty()) return pack.bytes.substr(offset, most);
  std::string bytes(std::min<std::uint64_t>(most, pack.info.bytes - offset), '\0');
  const ssize_t got =
      ::pread(pack.file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
  if (got < 0) return fail(ErrorCode::unavailable, "{}: {}", pack.path, std::strerror(errno));
  bytes.resize(static_cast<std::size_t>(got));
  return bytes;
}

}  // namespace swarmlab::server
