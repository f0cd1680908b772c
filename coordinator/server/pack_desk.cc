#include "coordinator/server/pack_desk.h"

#include <filesystem>

#include "common/log/log.h"
#include "common/os/file.h"
#include "schemas/message.capnp.h"

namespace swarmlab::server {
namespace {

constexpr std::uint64_t kMostManifest = 3U << 20U;  // fits a message
constexpr std::size_t kOldWindow = 8;               // chunks that a worker of protocol 1 asks ahead

std::string beside(const store::ObjectStore& objects, const char* name) {
  if (objects.folder().empty()) return {};
  return (std::filesystem::path(objects.folder()).parent_path() / name).string();
}

}  // namespace

PackDesk::PackDesk(store::ObjectStore& objects, const PackLimits& limits)
    : objects_(objects),
      limits_(limits),
      inbox_(limits.inbox, beside(objects, "inbox")),
      transfers_(beside(objects, "transfers"), limits.transfers, background_),
      flow_(limits.flow) {}

Result<PackDesk::Chunk> PackDesk::chunk(const ChunkRequest& request, Timestamp now) {
  if (request.has_tickets) {
    flow_.give_back(request.peer, request.ticket, now);
  } else {
    flow_.give_back_older(request.peer, kOldWindow, now);
  }
  constexpr std::size_t kMost = schema::CHUNK_BYTES;
  const auto ticket = flow_.take(request.peer, kMost, now);
  if (!ticket) {
    return fail(ErrorCode::unavailable, "too much is on its way to this peer: ask again later");
  }
  auto bytes = transfers_.chunk(request.transfer, request.offset, kMost);
  if (!bytes || bytes->empty()) flow_.undo(request.peer, *ticket);
  if (!bytes) return tl::unexpected(bytes.error());
  if (bytes->empty()) return Chunk{};
  return Chunk{.bytes = *std::move(bytes),
               .ticket = *ticket,
               .credit = static_cast<std::uint32_t>(flow_.credit())};
}

Result<PackDesk::Claim> PackDesk::claim(PackKey key, std::uint64_t bytes, const ObjectId& commit) {
  if (const std::uint64_t here = inbox_.received(key); here != bytes) {
    return fail(ErrorCode::conflict, "{} bytes of the pack arrived, expected {}: send it again",
                here, bytes);
  }
  const std::string path = inbox_.path(key);
  if (path.empty()) return Claim{.bytes = inbox_.bytes(key), .staged = nullptr};
  auto check = checks_.find(key);
  if (check == checks_.end()) {
    const auto run = [folder = objects_.folder(), path, commit]() -> Checked {
      return git::StagedPack::check(folder, path, commit);
    };
    check = checks_.emplace(key, background_.run(run)).first;
  }
  if (!is_ready(check->second)) {
    return fail(ErrorCode::unavailable, "the pack is being checked: ask again");
  }
  Checked checked = check->second.get();
  checks_.erase(check);
  if (checked) {
    return Claim{.bytes = {}, .staged = std::make_shared<git::StagedPack>(*std::move(checked))};
  }
  if (checked.error().code == ErrorCode::invalid_input) inbox_.drop(key);
  return tl::unexpected(checked.error());
}

void PackDesk::drop(PackKey key) {
  checks_.erase(key);
  inbox_.drop(key);
}

Result<std::optional<std::uint64_t>> PackDesk::put(const Put& put) {
  const PackKey key{TaskId(0), FencingToken(put.token)};
  if (objects_.has(put.commit)) {
    drop(key);
    return std::optional<std::uint64_t>();
  }
  if (const std::uint64_t here = inbox_.received(key); here < put.pack.bytes) {
    return std::optional(here);
  }
  SWARMLAB_TRY(claimed, claim(key, put.pack.bytes, put.commit));
  if (claimed.staged) {
    SWARMLAB_CHECK(objects_.take_in(*claimed.staged));
  } else {
    const auto taken = objects_.take_in(
        {reinterpret_cast<const char*>(claimed.bytes.data()), claimed.bytes.size()}, put.commit);
    if (!taken) {
      if (taken.error().code == ErrorCode::invalid_input) drop(key);
      return tl::unexpected(taken.error());
    }
  }
  drop(key);
  log::info("commit {} was put in{}", put.commit.brief(), log::field("bytes", put.pack.bytes));
  return std::optional<std::uint64_t>();
}

Result<std::string> PackDesk::manifest(const ObjectId& data) const {
  return read_file(beside(objects_, "manifests") + "/" + data.hex(), kMostManifest);
}

Result<void> PackDesk::keep_manifest(const store::ObjectStore& objects, const ObjectId& data,
                                     std::string_view text) {
  const std::string folder = beside(objects, "manifests");
  if (folder.empty()) return {};
  SWARMLAB_CHECK(make_folders(folder, 0700));
  return write_file_durably(folder + "/" + data.hex(), text.substr(0, kMostManifest));
}

void PackDesk::tick(Timestamp now) {
  inbox_.sweep(now);
  if (const std::size_t count = flow_.expire(now); count > 0) {
    log::warning("{} peers do not read the packs that they asked for: dropped", count);
  }
}

}  // namespace swarmlab::server
