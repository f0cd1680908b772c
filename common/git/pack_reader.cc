#include "common/git/pack_reader.h"

#include <zlib.h>

#include <map>
#include <optional>

#include "common/git/hash.h"
#include "common/git/pack_words.h"

namespace swarmlab::git {
namespace {

constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kTrailerBytes = 20;

std::uint32_t big_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char c : bytes.substr(0, 4)) value = (value << 8U) | static_cast<unsigned char>(c);
  return value;
}

std::optional<std::uint8_t> take_byte(std::string_view& in) {
  if (in.empty()) return std::nullopt;
  const auto byte = static_cast<std::uint8_t>(in.front());
  in.remove_prefix(1);
  return byte;
}

// Seven bits a byte, the lowest first.
std::optional<std::uint64_t> take_size(std::string_view& in, std::uint64_t value = 0,
                                       unsigned int shift = 0) {
  for (; shift < 60; shift += 7) {
    const auto byte = take_byte(in);
    if (!byte) return std::nullopt;
    value |= static_cast<std::uint64_t>(*byte & 0x7FU) << shift;
    if ((*byte & 0x80U) == 0) return value;
  }
  return std::nullopt;
}

// How far back a delta's base begins: git's own number, without two ways to write one.
std::optional<std::uint64_t> take_distance(std::string_view& in) {
  auto byte = take_byte(in);
  if (!byte) return std::nullopt;
  std::uint64_t value = *byte & 0x7FU;
  for (int i = 0; (*byte & 0x80U) != 0; ++i) {
    byte = take_byte(in);
    if (!byte || i > 7) return std::nullopt;
    value = ((value + 1) << 7U) | (*byte & 0x7FU);
  }
  return value;
}

struct EndInflate {
  void operator()(z_stream* stream) const { inflateEnd(stream); }
};

// Exactly `size` bytes; takes the deflated ones off `in`.
Result<std::string> take_inflated(std::string_view& in, std::uint64_t size) {
  std::string out(size, '\0');
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return fail(ErrorCode::internal, "zlib does not start");
  const std::unique_ptr<z_stream, EndInflate> guard(&stream);
  // zlib takes its input as not const, and does not write to it.
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(in.data()));  // NOLINT
  stream.avail_in = static_cast<uInt>(in.size());
  Bytef beyond = 0;  // where a byte too many, or none of an empty object, goes
  stream.next_out = size == 0 ? &beyond : reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(size == 0 ? 1 : size);
  int code = inflate(&stream, Z_FINISH);
  if (code == Z_BUF_ERROR && stream.avail_out == 0 && size != 0) {
    stream.next_out = &beyond;  // the end mark may follow the last byte
    stream.avail_out = 1;
    code = inflate(&stream, Z_FINISH);
  }
  if (code != Z_STREAM_END) return bad_pack("an object is cut off, damaged or larger than it says");
  if (stream.total_out != size) {
    return bad_pack("an object has {} bytes, its header says {}", stream.total_out, size);
  }
  in.remove_prefix(stream.total_in);
  return out;
}

struct Copy {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

std::optional<Copy> take_copy(std::string_view& in, std::uint8_t command) {
  Copy copy;
  for (unsigned int i = 0; i < 7; ++i) {
    if ((command & (1U << i)) == 0) continue;
    const auto byte = take_byte(in);
    if (!byte) return std::nullopt;
    if (i < 4) {
      copy.offset |= static_cast<std::uint64_t>(*byte) << (8 * i);
    } else {
      copy.length |= static_cast<std::uint64_t>(*byte) << (8 * (i - 4));
    }
  }
  if (copy.length == 0) copy.length = 0x10000;
  return copy;
}

Result<std::string> apply_delta(std::string_view base, std::string_view delta, std::uint64_t size) {
  std::string out;
  out.reserve(size);
  while (!delta.empty()) {
    const std::uint8_t command = *take_byte(delta);
    std::string_view piece;
    if ((command & 0x80U) != 0) {
      const auto copy = take_copy(delta, command);
      if (!copy || copy->offset > base.size() || copy->length > base.size() - copy->offset) {
        return bad_pack("a delta copies from beyond its base");
      }
      piece = base.substr(copy->offset, copy->length);
    } else {
      if (command == 0 || command > delta.size()) return bad_pack("a delta is cut off");
      piece = delta.substr(0, command);
      delta.remove_prefix(command);
    }
    if (piece.size() > size - out.size()) return bad_pack("a delta makes more than it says");
    out.append(piece);
  }
  if (out.size() != size) return bad_pack("a delta makes {} bytes, it says {}", out.size(), size);
  return out;
}

class Reader {
 public:
  Reader(std::string_view pack, const PackLimits& limits) : pack_(pack), limits_(limits) {}

  Result<std::vector<PackedObject>> run() {
    if (pack_.size() > limits_.max_pack_bytes) {
      return bad_pack("has {} bytes, expected at most {}", pack_.size(), limits_.max_pack_bytes);
    }
    if (pack_.size() < kHeaderBytes + kTrailerBytes || pack_.substr(0, 4) != "PACK") {
      return bad_pack("is no git pack");
    }
    const std::uint32_t version = big_endian(pack_.substr(4));
    if (version != 2) return bad_pack("has version {}, expected 2", version);
    const std::uint32_t count = big_endian(pack_.substr(8));
    if (count > limits_.max_objects) {
      return bad_pack("has {} objects, expected at most {}", count, limits_.max_objects);
    }
    rest_ = pack_.substr(kHeaderBytes, pack_.size() - kHeaderBytes - kTrailerBytes);
    for (std::uint32_t i = 0; i < count; ++i) SWARMLAB_CHECK(read_object());
    if (!rest_.empty()) return bad_pack("has {} bytes after its last object", rest_.size());
    return std::move(objects_);
  }

 private:
  Result<void> read_object() {
    const std::size_t offset = pack_.size() - kTrailerBytes - rest_.size();
    const auto first = take_byte(rest_);
    if (!first) return bad_pack("is cut off");
    const auto type = static_cast<int>((*first >> 4U) & 7U);
    std::optional<std::uint64_t> size = *first & 0x0FU;
    if ((*first & 0x80U) != 0) size = take_size(rest_, *size, 4);
    if (!size) return bad_pack("is cut off");
    if (type == kOffsetDelta || type == kReferenceDelta) {
      SWARMLAB_TRY(base, find_base(type, offset));
      SWARMLAB_CHECK(charge(*size));
      SWARMLAB_TRY(delta, take_inflated(rest_, *size));
      return add_delta(offset, base, delta);
    }
    if (type < 1 || type > 3) {
      return bad_pack("has an object of type {}, expected 1 to 3 or a delta", type);
    }
    SWARMLAB_CHECK(charge(*size));
    SWARMLAB_TRY(bytes, take_inflated(rest_, *size));
    return add(offset, static_cast<ObjectKind>(type), std::move(bytes));
  }

  // Bases come before their deltas, as git and libgit2 write them: so no chain can be circular, or
  // make us look twice.
  Result<std::size_t> find_base(int type, std::size_t offset) {
    if (type == kOffsetDelta) {
      const auto distance = take_distance(rest_);
      if (!distance || *distance > offset) return bad_pack("a delta's base lies before the pack");
      const auto found = by_offset_.find(offset - *distance);
      if (found == by_offset_.end()) return bad_pack("a delta's base is no object before it");
      return found->second;
    }
    ObjectId id;
    if (rest_.size() < id.bytes.size()) return bad_pack("is cut off");
    for (std::uint8_t& byte : id.bytes) byte = *take_byte(rest_);
    const auto found = by_id_.find(id);
    if (found == by_id_.end())
      return bad_pack("a delta's base {} is no object before it", id.hex());
    return found->second;
  }

  Result<void> add_delta(std::size_t offset, std::size_t base, std::string_view delta) {
    const auto base_size = take_size(delta);
    const auto size = take_size(delta);
    if (!base_size || !size) return bad_pack("a delta is cut off");
    if (*base_size != objects_[base].bytes.size()) return bad_pack("a delta is for another base");
    SWARMLAB_CHECK(charge(*size));
    SWARMLAB_TRY(bytes, apply_delta(objects_[base].bytes, delta, *size));
    return add(offset, objects_[base].kind, std::move(bytes));
  }

  // Before any memory is taken: what a header claims counts, whether or not it comes.
  Result<void> charge(std::uint64_t size) {
    if (size > limits_.max_object_bytes) {
      return bad_pack("an object has {} bytes, expected at most {}", size,
                      limits_.max_object_bytes);
    }
    total_ += size;
    if (total_ > limits_.max_total_bytes) {
      return bad_pack("inflates to more than {} bytes", limits_.max_total_bytes);
    }
    return {};
  }

  Result<void> add(std::size_t offset, ObjectKind kind, std::string bytes) {
    if (kind == ObjectKind::tree) SWARMLAB_CHECK(named_by_tree(bytes));
    if (kind == ObjectKind::commit) SWARMLAB_CHECK(named_by_commit(bytes));
    const ObjectId id = hash_object(kind, bytes);
    by_offset_.emplace(offset, objects_.size());
    by_id_.emplace(id, objects_.size());
    objects_.push_back({kind, id, std::move(bytes)});
    return {};
  }

  std::string_view pack_;
  const PackLimits& limits_;
  std::string_view rest_;
  std::uint64_t total_ = 0;
  std::vector<PackedObject> objects_;
  std::map<std::size_t, std::size_t> by_offset_;
  std::map<ObjectId, std::size_t> by_id_;
};

}  // namespace

Result<std::vector<PackedObject>> read_pack(std::string_view pack, const PackLimits& limits) {
  return Reader(pack, limits).run();
}

}  // namespace swarmlab::git
