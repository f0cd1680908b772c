#include "common/git/pack_writer.h"

#include <zlib.h>

#include <array>

namespace swarmlab::git {
namespace {

constexpr std::size_t kBuffer = 64U << 10U;
constexpr std::size_t kSample = 16U << 10U;      // looked at before an object is deflated
constexpr std::uint64_t kSmall = 256ULL << 10U;  // worth more work

std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>((value >> static_cast<unsigned>(shift)) & 0xFFU));
  }
  return bytes;
}

std::string entry_header(ObjectKind kind, std::uint64_t size) {
  std::string header;
  auto byte = static_cast<unsigned>((static_cast<unsigned>(kind) << 4U) | (size & 0x0FU));
  for (size >>= 4U; size > 0; size >>= 7U) {
    header.push_back(static_cast<char>(byte | 0x80U));
    byte = static_cast<unsigned>(size & 0x7FU);
  }
  header.push_back(static_cast<char>(byte));
  return header;
}

// Photographs, archives and models do not get smaller: to try takes longer than to send them.
bool gets_smaller(std::string_view sample) {
  uLongf length = compressBound(static_cast<uLong>(sample.size()));
  std::string out(length, '\0');
  const int code = compress2(reinterpret_cast<Bytef*>(out.data()), &length,
                             reinterpret_cast<const Bytef*>(sample.data()),
                             static_cast<uLong>(sample.size()), 1);
  return code == Z_OK && length < sample.size() * 19 / 20;
}

}  // namespace

PackWriter::PackWriter(Sink sink, std::uint32_t count)
    : sink_(std::move(sink)), announced_(count), stream_(std::make_unique<z_stream_s>()) {}

PackWriter::~PackWriter() {
  if (deflating_) deflateEnd(stream_.get());
}

Result<void> PackWriter::put(std::string_view bytes) {
  hash_.add(bytes);
  bytes_ += bytes.size();
  return sink_(bytes);
}

Result<void> PackWriter::put_head() {
  return put("PACK" + big_endian(2) + big_endian(announced_));
}

Result<void> PackWriter::begin_raw(ObjectKind kind, std::uint64_t size) {
  if (bytes_ == 0) SWARMLAB_CHECK(put_head());
  ++added_;
  return put(entry_header(kind, size));
}

Result<void> PackWriter::begin(ObjectKind kind, std::uint64_t size) {
  SWARMLAB_CHECK(begin_raw(kind, size));
  object_bytes_ = size;
  left_ = size;
  return {};
}

Result<void> PackWriter::start_deflate(std::string_view first) {
  const bool worth_it = object_bytes_ < kSample / 4 || gets_smaller(first.substr(0, kSample));
  const int level = !worth_it ? 0 : object_bytes_ <= kSmall ? Z_DEFAULT_COMPRESSION : 1;
  *stream_ = {};
  if (deflateInit(stream_.get(), level) != Z_OK) {
    return fail(ErrorCode::internal, "zlib does not start");
  }
  deflating_ = true;
  return {};
}

Result<void> PackWriter::deflate_some(std::string_view bytes, int flush) {
  std::array<char, kBuffer> out;
  // zlib takes its input as not const, and does not write to it.
  stream_->next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));  // NOLINT
  stream_->avail_in = static_cast<uInt>(bytes.size());
  int code = Z_OK;
  do {
    stream_->next_out = reinterpret_cast<Bytef*>(out.data());
    stream_->avail_out = static_cast<uInt>(out.size());
    code = deflate(stream_.get(), flush);
    SWARMLAB_CHECK(put({out.data(), out.size() - stream_->avail_out}));
  } while (stream_->avail_out == 0 || (flush == Z_FINISH && code == Z_OK));
  return {};
}

Result<void> PackWriter::piece(std::string_view bytes) {
  if (bytes.size() > left_) {
    return fail(ErrorCode::conflict, "an object has more than the {} bytes that it had",
                object_bytes_);
  }
  if (!deflating_) SWARMLAB_CHECK(start_deflate(bytes));
  left_ -= bytes.size();
  return deflate_some(bytes, Z_NO_FLUSH);
}

Result<void> PackWriter::end() {
  if (left_ != 0) {
    return fail(ErrorCode::conflict, "an object has {} bytes, it had {}", object_bytes_ - left_,
                object_bytes_);
  }
  if (!deflating_) SWARMLAB_CHECK(start_deflate({}));
  SWARMLAB_CHECK(deflate_some({}, Z_FINISH));
  deflateEnd(stream_.get());
  deflating_ = false;
  return {};
}

Result<void> PackWriter::add(ObjectKind kind, std::string_view bytes) {
  SWARMLAB_CHECK(begin(kind, bytes.size()));
  while (!bytes.empty()) {  // zlib counts in 32 bits
    const std::string_view some = bytes.substr(0, 1U << 30U);
    SWARMLAB_CHECK(piece(some));
    bytes.remove_prefix(some.size());
  }
  return end();
}

Result<PackInfo> PackWriter::finish() {
  if (bytes_ == 0) SWARMLAB_CHECK(put_head());
  if (added_ != announced_) {
    return fail(ErrorCode::internal, "a pack got {} objects, {} were announced", added_,
                announced_);
  }
  PackInfo info{.bytes = bytes_ + 20, .hash = hash_.finish()};
  SWARMLAB_CHECK(
      sink_({reinterpret_cast<const char*>(info.hash.bytes.data()), info.hash.bytes.size()}));
  return info;
}

}  // namespace swarmlab::git
