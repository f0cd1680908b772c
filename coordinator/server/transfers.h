// Packs on their way out: made once, then read in chunks by the worker that asked. Bounded: the
// oldest goes when there are too many, and its reader asks again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace swarmlab::server {

class Transfers {
 public:
  explicit Transfers(std::uint64_t limit_bytes) : limit_bytes_(limit_bytes) {}

  /// Keeps `bytes` for reading. \return  its number, 1 or more
  std::uint64_t add(std::string bytes) {
    total_ += bytes.size();
    packs_.emplace(++last_, std::move(bytes));
    while (packs_.size() > 1 && total_ > limit_bytes_) {
      total_ -= packs_.begin()->second.size();
      packs_.erase(packs_.begin());
    }
    return last_;
  }

  /// At most `most` bytes from `offset`; empty at the end. Nothing: the transfer is gone.
  [[nodiscard]] std::optional<std::string_view> chunk(std::uint64_t transfer, std::uint64_t offset,
                                                      std::size_t most) const {
    const auto found = packs_.find(transfer);
    if (found == packs_.end()) return std::nullopt;
    const std::string_view all(found->second);
    return offset >= all.size() ? std::string_view() : all.substr(offset, most);
  }

  /// Whether a reader that is at `offset` has read it to its end.
  [[nodiscard]] bool ends_with(std::uint64_t transfer, std::uint64_t offset) const {
    const auto found = packs_.find(transfer);
    return found != packs_.end() && offset == found->second.size();
  }

  /// The reader has it all.
  void drop(std::uint64_t transfer) {
    const auto found = packs_.find(transfer);
    if (found == packs_.end()) return;
    total_ -= found->second.size();
    packs_.erase(found);
  }

 private:
  std::uint64_t limit_bytes_;
  std::uint64_t total_ = 0;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, std::string> packs_;
};

}  // namespace swarmlab::server
