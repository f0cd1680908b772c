// The desk's side of packs: what peers fetch, and what they send until a report or a person claims
// it. It knows no messages and no sessions: who may do what is the desk's matter.
//
// Threads: the coordinator's own thread only.
#pragma once

#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/git/pack_file.h"
#include "common/result.h"
#include "coordinator/server/background.h"
#include "coordinator/server/flow.h"
#include "coordinator/server/pack_inbox.h"
#include "coordinator/server/transfers.h"
#include "coordinator/store/object_store.h"

namespace swarmlab::server {

struct PackLimits {
  PackInbox::Limits inbox;
  Transfers::Limits transfers;
  Flow::Limits flow;
  std::uint32_t upload_bytes = 2U << 20U;  // that a sender may have on its way
};

class PackDesk {
 public:
  /// Its files are in folders beside those of `objects`, which must outlive it.
  explicit PackDesk(store::ObjectStore& objects, const PackLimits& limits = {});

  Result<Transfers::Offer> offer(const std::vector<ObjectId>& wanted,
                                 const std::vector<ObjectId>& had) {
    return transfers_.offer(objects_, wanted, had);
  }

  struct ChunkRequest {
    std::string peer;
    std::uint64_t transfer = 0;
    std::uint64_t offset = 0;
    std::uint64_t ticket = 0;  // that comes back
    bool has_tickets = true;   // else a peer of protocol 1
  };
  struct Chunk {
    std::string bytes;
    std::uint64_t ticket = 0;
    std::uint32_t credit = 0;
  };
  /// `conflict`: the pack is gone. `unavailable`: too much is on its way to the peer.
  Result<Chunk> chunk(const ChunkRequest& request, Timestamp now);

  Result<std::uint64_t> add(PackKey key, const PackInbox::Chunk& chunk, Timestamp now) {
    return inbox_.add(key, chunk, now);
  }
  /// What a sender may have on its way beyond what was received.
  [[nodiscard]] std::uint32_t upload_credit() const { return limits_.upload_bytes; }

  // A pack that is all here: its bytes, or it as a whole, checked.
  struct Claim {
    std::span<const std::byte> bytes;
    std::shared_ptr<git::StagedPack> staged;
  };
  /// The pack of `bytes` that was sent under `key`, for `commit`. `conflict`: it is not all here.
  /// `unavailable`: it is being checked, ask again. `invalid_input`: it is broken, and was dropped.
  Result<Claim> claim(PackKey key, std::uint64_t bytes, const ObjectId& commit);
  void drop(PackKey key);

  struct Put {
    ObjectId commit;
    std::uint64_t token = 0;
    git::PackInfo pack;
  };
  /// Takes in a commit that was sent as task 0. \return  how much of its pack is here; nothing: the
  /// commit is in the objects. Errors as claim().
  Result<std::optional<std::uint64_t>> put(const Put& put);

  /// The manifest of data that lies at workers' own paths, as it was kept when a lab was opened.
  [[nodiscard]] Result<std::string> manifest(const ObjectId& data) const;
  static Result<void> keep_manifest(const store::ObjectStore& objects, const ObjectId& data,
                                    std::string_view text);

  /// Drops what nobody claims, and peers that do not read.
  void tick(Timestamp now);

 private:
  using Checked = Result<git::StagedPack>;
  store::ObjectStore& objects_;
  PackLimits limits_;
  Background background_;
  PackInbox inbox_;
  Transfers transfers_;
  Flow flow_;
  std::map<PackKey, std::future<Checked>> checks_;
};

}  // namespace swarmlab::server
