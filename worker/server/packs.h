// Git packs over the link, in chunks: some are on their way at once, so that a round trip is not
// the limit, and never more than the other side gives credit for, so that no side drowns. What was
// sent or received stays so when the link, the coordinator or this process ends: it goes on there.
// For .cc files only.
#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "common/git/pack_file.h"
#include "common/os/cancel.h"
#include "common/os/unique_fd.h"
#include "worker/server/conversation.h"
#include "worker/spool/spool.h"

namespace swarmlab::worker {

// How long chunks of packs that are large take on this link: a slow one must not be given up too
// early. Thread-safe.
class Pace {
 public:
  /// How long to wait for the answer to a chunk.
  [[nodiscard]] Milliseconds patience() const { return Milliseconds(patience_ms_.load()); }
  void took(Milliseconds time);
  void gave_up();

 private:
  std::atomic<Milliseconds::rep> patience_ms_{3000};
};

// The bytes of a pack that goes out: in memory, or in a file that is read piece by piece.
class PackSource {
 public:
  /// `report` must outlive it. \return  internal if its file cannot be read
  static Result<PackSource> of(const SpooledReport& report);

  [[nodiscard]] std::uint64_t size() const { return info_.bytes; }
  /// That it ends with; zero if it is too short for that.
  [[nodiscard]] const ObjectId& hash() const { return info_.hash; }
  /// `size` bytes from `offset`, or what there is of them. Valid until the next call.
  Result<std::string_view> piece(std::uint64_t offset, std::size_t size);

 private:
  std::string_view bytes_;
  UniqueFd file_;  // none: `bytes_` has all
  std::string buffer_;
  git::PackInfo info_;
};

/// One try: `unavailable` if an answer did not come or the session was lost.
[[nodiscard]] Result<void> send_pack(Conversation& conversation, Pace& pace, LeaseKey key,
                                     PackSource& pack);

struct PackOffer {
  std::uint64_t transfer = 0;
  git::PackInfo pack;  // hash zero: a coordinator of protocol 1 does not tell it
};

/// One try, of a pack that the coordinator offers, into a file in `folder` (which is made); an
/// earlier try's bytes of the same pack are kept. `unavailable` also when the coordinator does not
/// have it any more (ask for it anew), and after `stop`.
/// \return  the file's path
[[nodiscard]] Result<std::string> receive_pack(Conversation& conversation, Pace& pace,
                                               const PackOffer& offer, const std::string& folder,
                                               const CancelToken& stop);

}  // namespace swarmlab::worker
