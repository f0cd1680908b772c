// Looks at a pack that comes in pieces, before anything is believed of it: how many objects, how
// large, how large what deltas make. For the files of this room only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/git/pack_file.h"
#include "common/result.h"

struct z_stream_s;

namespace swarmlab::git {

class PackScanner {
 public:
  explicit PackScanner(const FilePackLimits& limits);
  PackScanner(const PackScanner&) = delete;
  PackScanner& operator=(const PackScanner&) = delete;
  PackScanner(PackScanner&&) = delete;
  PackScanner& operator=(PackScanner&&) = delete;
  ~PackScanner();

  /// The next bytes. `invalid_input` as soon as they are too much, or no pack.
  [[nodiscard]] Result<void> add(std::string_view bytes);
  /// There are no more.
  [[nodiscard]] Result<void> finish() const;
  [[nodiscard]] std::uint32_t objects() const { return count_; }

 private:
  enum class At : std::uint8_t { head, entry, base, object, trailer };
  Result<void> take_head(std::string_view& bytes);
  Result<void> take_entry(std::string_view& bytes);
  Result<void> take_base(std::string_view& bytes);
  Result<void> take_object(std::string_view& bytes);
  Result<void> take_trailer(std::string_view& bytes);
  Result<void> begin_object();
  Result<void> look_at_delta(std::string_view inflated);
  Result<void> charge(std::uint64_t size);

  FilePackLimits limits_;
  At at_ = At::head;
  std::string seen_;  // of what is too short to understand yet
  std::uint32_t count_ = 0;
  std::uint32_t begun_ = 0;
  int type_ = 0;
  std::uint64_t size_ = 0;
  std::uint64_t inflated_ = 0;
  std::uint64_t total_ = 0;
  std::size_t trailer_ = 0;
  std::unique_ptr<z_stream_s> stream_;
  bool inflating_ = false;
};

}  // namespace swarmlab::git
