// Writes a pack piece by piece: no object, and no pack, is ever in memory as a whole. For the files
// of this room only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "common/git/hash.h"
#include "common/git/pack_file.h"
#include "common/git/sha1.h"
#include "common/result.h"

struct z_stream_s;

namespace swarmlab::git {

// Deflates what comes in pieces; what does not get smaller is stored as it is.
class PackWriter {
 public:
  /// `count` objects will be added.
  PackWriter(Sink sink, std::uint32_t count);
  PackWriter(const PackWriter&) = delete;
  PackWriter& operator=(const PackWriter&) = delete;
  PackWriter(PackWriter&&) = delete;
  PackWriter& operator=(PackWriter&&) = delete;
  ~PackWriter();

  // An object whose bytes come in pieces, `size` in all.
  [[nodiscard]] Result<void> begin(ObjectKind kind, std::uint64_t size);
  [[nodiscard]] Result<void> piece(std::string_view bytes);
  [[nodiscard]] Result<void> end();
  /// All at once.
  [[nodiscard]] Result<void> add(ObjectKind kind, std::string_view bytes);

  // An object that is deflated already: its header, then raw() until it is whole.
  [[nodiscard]] Result<void> begin_raw(ObjectKind kind, std::uint64_t size);
  [[nodiscard]] Result<void> raw(std::string_view deflated) { return put(deflated); }

  /// The trailer. \return  `internal` if another number of objects was added than was announced
  [[nodiscard]] Result<PackInfo> finish();

 private:
  Result<void> put(std::string_view bytes);
  Result<void> put_head();
  Result<void> deflate_some(std::string_view bytes, int flush);
  Result<void> start_deflate(std::string_view first);

  Sink sink_;
  Sha1 hash_;
  std::uint32_t announced_;
  std::uint32_t added_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t object_bytes_ = 0;  // of the object that is being written
  std::uint64_t left_ = 0;          // of those, not there yet
  std::unique_ptr<z_stream_s> stream_;
  bool deflating_ = false;
};

}  // namespace swarmlab::git
