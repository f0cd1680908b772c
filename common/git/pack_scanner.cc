#include "common/git/pack_scanner.h"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "common/git/pack_words.h"

namespace swarmlab::git {
namespace {

constexpr std::size_t kHead = 12;
constexpr std::size_t kTrailer = 20;
constexpr std::size_t kMostNumber = 10;  // bytes of one
constexpr std::size_t kDeltaHead = 2 * kMostNumber;

std::uint32_t number_of(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char c : bytes.substr(0, 4)) value = (value << 8U) | static_cast<unsigned char>(c);
  return value;
}

bool goes_on(char byte) {
  return (static_cast<unsigned char>(byte) & 0x80U) != 0;
}

// Seven bits a byte, the lowest first, from bit `shift` on. Takes it off `in`; it must be whole.
std::uint64_t take_number(std::string_view& in, std::uint64_t value, unsigned shift) {
  while (!in.empty()) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    shift += 7;
    if ((byte & 0x80U) == 0 || shift > 60) break;
  }
  return value;
}

}  // namespace

PackScanner::PackScanner(const FilePackLimits& limits)
    : limits_(limits), stream_(std::make_unique<z_stream_s>()) {}

PackScanner::~PackScanner() {
  if (inflating_) inflateEnd(stream_.get());
}

Result<void> PackScanner::add(std::string_view bytes) {
  while (!bytes.empty()) {
    switch (at_) {
      case At::head:
        SWARMLAB_CHECK(take_head(bytes));
        break;
      case At::entry:
        SWARMLAB_CHECK(take_entry(bytes));
        break;
      case At::base:
        SWARMLAB_CHECK(take_base(bytes));
        break;
      case At::object:
        SWARMLAB_CHECK(take_object(bytes));
        break;
      case At::trailer:
        SWARMLAB_CHECK(take_trailer(bytes));
        break;
    }
  }
  return {};
}

Result<void> PackScanner::finish() const {
  if (at_ == At::trailer && trailer_ == kTrailer) return {};
  return bad_pack("is cut off");
}

Result<void> PackScanner::take_head(std::string_view& bytes) {
  const std::size_t some = std::min(bytes.size(), kHead - seen_.size());
  seen_.append(bytes.substr(0, some));
  bytes.remove_prefix(some);
  if (seen_.size() < kHead) return {};
  if (!seen_.starts_with("PACK")) return bad_pack("is no git pack");
  const std::uint32_t version = number_of(std::string_view(seen_).substr(4));
  if (version != 2) return bad_pack("has version {}, expected 2", version);
  count_ = number_of(std::string_view(seen_).substr(8));
  if (count_ > limits_.max_objects) {
    return bad_pack("has {} objects, expected at most {}", count_, limits_.max_objects);
  }
  seen_.clear();
  at_ = count_ == 0 ? At::trailer : At::entry;
  return {};
}

Result<void> PackScanner::take_entry(std::string_view& bytes) {
  seen_.push_back(bytes.front());
  bytes.remove_prefix(1);
  if (goes_on(seen_.back())) {
    return seen_.size() < kMostNumber ? Result<void>() : bad_pack("an object's size is no number");
  }
  const auto first = static_cast<unsigned char>(seen_.front());
  type_ = (first >> 4U) & 7;
  std::string_view rest = std::string_view(seen_).substr(1);
  size_ = take_number(rest, first & 0x0FU, 4);
  seen_.clear();
  const bool delta = type_ == kOffsetDelta || type_ == kReferenceDelta;
  if (!delta && (type_ < 1 || type_ > 3)) {
    return bad_pack("has an object of type {}, expected 1 to 3 or a delta", type_);
  }
  if (delta && size_ > limits_.max_delta_bytes) {
    return bad_pack("a delta has {} bytes, expected at most {}", size_, limits_.max_delta_bytes);
  }
  SWARMLAB_CHECK(charge(size_));
  at_ = delta ? At::base : At::object;
  return delta ? Result<void>() : begin_object();
}

Result<void> PackScanner::take_base(std::string_view& bytes) {
  seen_.push_back(bytes.front());
  bytes.remove_prefix(1);
  if (type_ == kReferenceDelta && seen_.size() < kTrailer) return {};
  if (type_ == kOffsetDelta && goes_on(seen_.back())) {
    return seen_.size() < kMostNumber ? Result<void>() : bad_pack("a delta's base is no number");
  }
  seen_.clear();
  at_ = At::object;
  return begin_object();
}

Result<void> PackScanner::begin_object() {
  *stream_ = {};
  if (inflateInit(stream_.get()) != Z_OK) return fail(ErrorCode::internal, "zlib does not start");
  inflating_ = true;
  inflated_ = 0;
  ++begun_;
  return {};
}

Result<void> PackScanner::take_object(std::string_view& bytes) {
  std::array<char, 65536> out;
  // zlib takes its input as not const, and does not write to it.
  stream_->next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));  // NOLINT
  stream_->avail_in = static_cast<uInt>(std::min<std::size_t>(bytes.size(), 1U << 30U));
  const std::size_t given = stream_->avail_in;
  stream_->next_out = reinterpret_cast<Bytef*>(out.data());
  stream_->avail_out = static_cast<uInt>(out.size());
  const int code = inflate(stream_.get(), Z_NO_FLUSH);
  if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
    return bad_pack("an object is damaged");
  }
  const std::size_t made = out.size() - stream_->avail_out;
  bytes.remove_prefix(given - stream_->avail_in);
  if (type_ >= kOffsetDelta && seen_.size() < kDeltaHead) {
    SWARMLAB_CHECK(look_at_delta({out.data(), made}));
  }
  inflated_ += made;
  if (inflated_ > size_ || (code == Z_STREAM_END && inflated_ != size_)) {
    return bad_pack("an object has other than the {} bytes that its header says", size_);
  }
  if (code != Z_STREAM_END) {
    const bool stuck = code == Z_BUF_ERROR && made == 0 && given == stream_->avail_in;
    return stuck ? bad_pack("an object is damaged") : Result<void>();
  }
  inflateEnd(stream_.get());
  inflating_ = false;
  seen_.clear();
  at_ = begun_ == count_ ? At::trailer : At::entry;
  return {};
}

// What it makes is held in memory when it is made: its size stands after that of its base.
Result<void> PackScanner::look_at_delta(std::string_view inflated) {
  const std::size_t before = seen_.size();
  seen_.append(inflated.substr(0, kDeltaHead - before));
  if (seen_.size() < kDeltaHead &&
      before + inflated.size() < std::min<std::uint64_t>(size_, kDeltaHead)) {
    return {};
  }
  std::string_view rest = seen_;
  take_number(rest, 0, 0);
  const std::uint64_t makes = take_number(rest, 0, 0);
  seen_.resize(kDeltaHead);  // not again
  if (makes > limits_.max_delta_bytes) {
    return bad_pack("a delta makes {} bytes, expected at most {}", makes, limits_.max_delta_bytes);
  }
  return charge(makes);
}

Result<void> PackScanner::charge(std::uint64_t size) {
  if (size > limits_.max_total_bytes - total_) {
    return bad_pack("inflates to more than {} bytes", limits_.max_total_bytes);
  }
  total_ += size;
  return {};
}

Result<void> PackScanner::take_trailer(std::string_view& bytes) {
  if (bytes.size() > kTrailer - trailer_) return bad_pack("has bytes after its last object");
  trailer_ += bytes.size();
  bytes = {};
  return {};
}

}  // namespace swarmlab::git
