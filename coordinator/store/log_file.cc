#include "coordinator/store/log_file.h"

#include <algorithm>
#include <array>
#include <string>

namespace swarmlab::store {

namespace {

constexpr std::size_t kBlock = 32768;
constexpr std::size_t kHeader = 7;        // checksum 4, length 2, kind 1
constexpr std::size_t kBatchHeader = 12;  // number 8, count 4
constexpr std::uint32_t kPolynomial = 0x82f63b78;
constexpr std::uint32_t kMaskDelta = 0xa282ead8;

enum class Kind : std::uint8_t { full = 1, first = 2, middle = 3, last = 4 };

using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

// Eight bytes at a time, as a log of 32 MiB is read at each start.
constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (std::size_t byte = 0; byte < 256; ++byte) {
    for (std::size_t slice = 1; slice < tables.size(); ++slice) {
      const std::uint32_t before = tables[slice - 1][byte];
      tables[slice][byte] = (before >> 8U) ^ tables[0][before & 0xffU];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) {
    number = (number << 8U) | static_cast<unsigned char>(bytes[i - 1]);
  }
  return number;
}

std::uint32_t masked(std::uint32_t crc) {
  return ((crc >> 15U) | (crc << 17U)) + kMaskDelta;
}

struct Fragment {
  Kind kind;
  std::string_view payload;
  std::size_t end;
};

class Scanner {
 public:
  explicit Scanner(std::string_view file) : file_(file) {}

  LogScan run() {
    while (true) {
      skip_trailer();
      if (at_ == file_.size()) break;
      const std::optional<Fragment> fragment = fragment_at(at_);
      if (!fragment || !fits(*fragment)) {
        scan_.bad_at = at_;
        scan_.length_changed = whole_but_for_its_length(at_);
        scan_.goes_on = begins_after(at_);
        return scan_;
      }
      take(*fragment);
      at_ = fragment->end;
    }
    if (inside_) scan_.bad_at = file_.size();  // its last fragment was never written
    return scan_;
  }

 private:
  // A header does not cross blocks: what is left of one is zeros, and not looked at.
  void skip_trailer() {
    const std::size_t left = kBlock - at_ % kBlock;
    if (left < kHeader) at_ = std::min(at_ + left, file_.size());
  }

  [[nodiscard]] bool has_checksum(std::size_t at, std::size_t length) const {
    const std::uint64_t wanted = little_endian(file_.substr(at, 4));
    return masked(crc32c(file_.substr(at + kHeader - 1, length + 1))) == wanted;
  }

  [[nodiscard]] std::size_t room_at(std::size_t at) const {
    const std::size_t end = std::min(file_.size(), at + kBlock - at % kBlock);
    return end - at;
  }

  [[nodiscard]] std::optional<Fragment> fragment_at(std::size_t at) const {
    if (room_at(at) < kHeader) return std::nullopt;
    const auto length = static_cast<std::size_t>(little_endian(file_.substr(at + 4, 2)));
    const auto kind = static_cast<std::uint8_t>(file_[at + 6]);
    if (kind < 1 || kind > 4 || kHeader + length > room_at(at)) return std::nullopt;
    if (!has_checksum(at, length)) return std::nullopt;
    return Fragment{.kind = static_cast<Kind>(kind),
                    .payload = file_.substr(at + kHeader, length),
                    .end = at + kHeader + length};
  }

  [[nodiscard]] bool fits(const Fragment& fragment) const {
    const bool begins = fragment.kind == Kind::full || fragment.kind == Kind::first;
    return begins != inside_;
  }

  // Of a fragment that should reach to the end of the file, or of its block.
  [[nodiscard]] bool whole_but_for_its_length(std::size_t at) const {
    return room_at(at) > kHeader && has_checksum(at, room_at(at) - kHeader);
  }

  void take(const Fragment& fragment) {
    inside_ = fragment.kind == Kind::first || fragment.kind == Kind::middle;
    if (fragment.kind == Kind::full || fragment.kind == Kind::first) begun_.clear();
    // At the end of a block there may be no room for the whole header in the first fragment.
    begun_ += fragment.payload.substr(0, kBatchHeader - begun_.size());
    if (inside_ || begun_.size() < kBatchHeader) return;
    const std::string_view header = begun_;
    const std::uint64_t number = little_endian(header.substr(0, 8));
    if (!scan_.first_number) scan_.first_number = number;
    scan_.next_number = number + little_endian(header.substr(8, 4));
  }

  // Later blocks begin with a fragment. Within a block it may be anywhere, once one is damaged.
  [[nodiscard]] bool begins_after(std::size_t bad) const {
    for (std::size_t at = bad + 1; at + kHeader <= file_.size();) {
      const std::optional<Fragment> fragment = fragment_at(at);
      if (!fragment) {
        ++at;
        continue;
      }
      if (fragment->kind == Kind::full || fragment->kind == Kind::first) return true;
      at = fragment->end;
    }
    return false;
  }

  std::string_view file_;
  std::size_t at_ = 0;
  bool inside_ = false;  // a record that has not ended
  std::string begun_;    // its header, as far as it was read
  LogScan scan_;
};

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = 0xffffffffU;
  while (bytes.size() >= 8) {
    const std::uint64_t word = little_endian(bytes.substr(0, 8)) ^ crc;
    crc = 0;
    for (std::size_t i = 0; i < 8; ++i) crc ^= kTables[7 - i][(word >> (8 * i)) & 0xffU];
    bytes.remove_prefix(8);
  }
  for (const char byte : bytes) {
    crc = (crc >> 8U) ^ kTables[0][(crc ^ static_cast<unsigned char>(byte)) & 0xffU];
  }
  return ~crc;
}

LogScan scan_log(std::string_view file) {
  return Scanner(file).run();
}

}  // namespace swarmlab::store
