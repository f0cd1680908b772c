#include "common/git/stored_objects.h"

#include <dirent.h>
#include <git2.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "common/git/byte_file.h"
#include "common/git/handle.h"
#include "common/git/pack_writer.h"
#include "common/git/sha1.h"
#include "common/os/folder_handle.h"

namespace swarmlab::git {
namespace {

constexpr std::size_t kNamesAt = 8 + 4 * 256;  // in an index of version 2
constexpr std::size_t kTrailerBytes = 20;
constexpr std::size_t kInflated = 256U << 10U;
constexpr std::size_t kMostHeader = 32;

std::uint32_t number_at(const unsigned char* at) {
  return (static_cast<std::uint32_t>(at[0]) << 24U) | (static_cast<std::uint32_t>(at[1]) << 16U) |
         (static_cast<std::uint32_t>(at[2]) << 8U) | at[3];
}

// Inflates a range of a file.
Result<void> inflate_range(int fd, std::uint64_t offset, std::uint64_t length, const Sink& sink) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return fail(ErrorCode::internal, "zlib does not start");
  struct End {
    void operator()(z_stream* used) const { inflateEnd(used); }
  };
  const std::unique_ptr<z_stream, End> guard(&stream);
  std::string out(kInflated, '\0');
  int code = Z_OK;
  const auto take = [&](std::string_view piece) -> Result<void> {
    // zlib takes its input as not const, and does not write to it.
    stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(piece.data()));  // NOLINT
    stream.avail_in = static_cast<uInt>(piece.size());
    do {
      stream.next_out = reinterpret_cast<Bytef*>(out.data());
      stream.avail_out = static_cast<uInt>(out.size());
      code = inflate(&stream, Z_NO_FLUSH);
      if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
        return fail(ErrorCode::corrupt, "an object does not inflate");
      }
      SWARMLAB_CHECK(sink({out.data(), out.size() - stream.avail_out}));
    } while (code == Z_OK && stream.avail_out == 0);
    return {};
  };
  SWARMLAB_CHECK(read_range(fd, offset, length, take));
  if (code != Z_STREAM_END) return fail(ErrorCode::corrupt, "an object is cut off");
  return {};
}

}  // namespace

struct StoredObjects::Place {
  const Pack* pack = nullptr;
  ObjectKind kind = ObjectKind::blob;
  std::uint64_t size = 0;  // inflated
  std::uint64_t entry = 0;
  std::uint64_t begin = 0;  // of the deflated bytes
  std::uint64_t end = 0;
  std::uint32_t crc = 0;  // from `entry` to `end`
};

class StoredObjects::Pack {
 public:
  // Nothing: no pack, or none of a kind that we read; libgit2 may.
  static std::unique_ptr<Pack> open(const std::string& stem) {
    auto index = open_to_read(stem + ".idx");
    auto data = open_to_read(stem + ".pack");
    struct stat about {};
    if (!index || !data || ::fstat(index->get(), &about) != 0) return nullptr;
    const auto size = static_cast<std::size_t>(about.st_size);
    constexpr std::string_view kMagic("\377tOc\0\0\0\2", 8);
    if (size < kNamesAt + 2 * kTrailerBytes) return nullptr;
    void* mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, index->get(), 0);
    if (mapped == MAP_FAILED) return nullptr;
    std::unique_ptr<Pack> pack(
        new Pack(*std::move(data), static_cast<unsigned char*>(mapped), size));
    if (std::memcmp(mapped, kMagic.data(), kMagic.size()) != 0) return nullptr;
    pack->count_ = number_at(pack->index_ + kNamesAt - 4);
    if (pack->count_ > (size - kNamesAt) / 28) return nullptr;
    if (::fstat(pack->data_.get(), &about) != 0) return nullptr;
    pack->data_bytes_ = static_cast<std::uint64_t>(about.st_size);
    return pack;
  }
  Pack(const Pack&) = delete;
  Pack& operator=(const Pack&) = delete;
  Pack(Pack&&) = delete;
  Pack& operator=(Pack&&) = delete;
  ~Pack() { ::munmap(index_, index_bytes_); }

  [[nodiscard]] int data() const { return data_.get(); }

  // Nothing: it is not here, or here as a delta.
  [[nodiscard]] Result<std::optional<Place>> find(const ObjectId& id) const {
    const auto at = position_of(id);
    if (!at) return std::optional<Place>();
    Place place{.pack = this, .entry = offset_of(*at)};
    place.crc = number_at(index_ + kNamesAt + 20ULL * count_ + 4ULL * *at);
    place.end = end_of(place.entry);
    std::array<unsigned char, kMostHeader> head{};
    const ssize_t got =
        ::pread(data_.get(), head.data(), head.size(), static_cast<off_t>(place.entry));
    if (got <= 0) return fail(ErrorCode::corrupt, "object {}: cannot be read", id.hex());
    const int type = (head[0] >> 4U) & 7;
    if (type < 1 || type > 3) return std::optional<Place>();
    place.kind = static_cast<ObjectKind>(type);
    place.size = head[0] & 0x0FU;
    std::size_t length = 1;
    for (unsigned shift = 4; (head[length - 1] & 0x80U) != 0; shift += 7) {
      if (length >= static_cast<std::size_t>(got) || shift > 60) {
        return fail(ErrorCode::corrupt, "object {}: its header is cut off", id.hex());
      }
      place.size |= static_cast<std::uint64_t>(head[length++] & 0x7FU) << shift;
    }
    place.begin = place.entry + length;
    if (place.begin >= place.end) return fail(ErrorCode::corrupt, "object {}: is empty", id.hex());
    return std::optional(place);
  }

 private:
  Pack(UniqueFd data, unsigned char* index, std::size_t bytes)
      : data_(std::move(data)), index_(index), index_bytes_(bytes) {}

  [[nodiscard]] std::optional<std::uint32_t> position_of(const ObjectId& id) const {
    const unsigned char* fanout = index_ + 8;
    const std::size_t first = id.bytes[0];
    std::uint32_t low = first == 0 ? 0 : number_at(fanout + 4 * (first - 1));
    std::uint32_t high = std::min(number_at(fanout + 4 * first), count_);
    while (low < high) {
      const std::uint32_t middle = low + (high - low) / 2;
      const int order = std::memcmp(index_ + kNamesAt + 20ULL * middle, id.bytes.data(), 20);
      if (order == 0) return middle;
      (order < 0 ? low : high) = order < 0 ? middle + 1 : middle;
    }
    return std::nullopt;
  }

  [[nodiscard]] std::uint64_t offset_of(std::uint32_t position) const {
    const unsigned char* offsets = index_ + kNamesAt + 24ULL * count_;
    const std::uint32_t small = number_at(offsets + 4ULL * position);
    if ((small & 0x80000000U) == 0) return small;
    const std::size_t at = kNamesAt + 28ULL * count_ + 8ULL * (small & 0x7FFFFFFFU);
    if (at + 8 > index_bytes_) return data_bytes_;
    return (static_cast<std::uint64_t>(number_at(index_ + at)) << 32U) | number_at(index_ + at + 4);
  }

  // Where the next entry begins.
  [[nodiscard]] std::uint64_t end_of(std::uint64_t entry) const {
    if (entries_.empty()) {
      entries_.reserve(count_ + 1ULL);
      for (std::uint32_t i = 0; i < count_; ++i) entries_.push_back(offset_of(i));
      entries_.push_back(data_bytes_ - std::min<std::uint64_t>(data_bytes_, kTrailerBytes));
      std::sort(entries_.begin(), entries_.end());
    }
    const auto next = std::upper_bound(entries_.begin(), entries_.end(), entry);
    return next == entries_.end() ? entry : *next;
  }

  UniqueFd data_;
  unsigned char* index_;
  std::size_t index_bytes_;
  std::uint32_t count_ = 0;
  std::uint64_t data_bytes_ = 0;
  mutable std::vector<std::uint64_t> entries_;  // where they begin, sorted; made when needed
};

StoredObjects::StoredObjects(const Repository& repository) : repository_(repository) {
  const std::string folder = repository.git_folder() + "/objects/pack/";
  const FolderHandle listing(::opendir(folder.c_str()));
  if (!listing) return;
  while (const dirent* entry = ::readdir(listing.get())) {
    const std::string_view name = entry->d_name;
    if (!name.ends_with(".idx")) continue;
    if (auto pack = Pack::open(folder + std::string(name.substr(0, name.size() - 4)))) {
      packs_.push_back(std::move(pack));
    }
  }
}

StoredObjects::~StoredObjects() = default;

Result<std::optional<StoredObjects::Place>> StoredObjects::find(const ObjectId& id) const {
  for (const auto& pack : packs_) {
    SWARMLAB_TRY(place, pack->find(id));
    if (place) return place;
  }
  return std::optional<Place>();
}

Result<bool> StoredObjects::read_loose(
    const ObjectId& id, const std::function<Result<void>(ObjectKind, std::uint64_t)>& begin,
    const Sink& sink) const {
  const std::string hex = id.hex();
  const auto file =
      open_to_read(repository_.git_folder() + "/objects/" + hex.substr(0, 2) + "/" + hex.substr(2));
  struct stat about {};
  if (!file || ::fstat(file->get(), &about) != 0) return false;
  std::string head;
  bool begun = false;
  const auto take = [&](std::string_view piece) -> Result<void> {
    if (begun) return sink(piece);
    head.append(piece);
    const std::size_t zero = head.find('\0');
    if (zero == std::string::npos) return {};
    const ObjectKind kind = head.starts_with("blob ")   ? ObjectKind::blob
                            : head.starts_with("tree ") ? ObjectKind::tree
                                                        : ObjectKind::commit;
    const std::size_t space = head.find(' ');
    begun = true;
    SWARMLAB_CHECK(begin(kind, std::strtoull(head.c_str() + space + 1, nullptr, 10)));
    return sink(std::string_view(head).substr(zero + 1));
  };
  auto done = inflate_range(file->get(), 0, static_cast<std::uint64_t>(about.st_size), take);
  if (!done) return within("object " + hex, done.error());
  return true;
}

Result<void> StoredObjects::copy(const ObjectId& id, PackWriter& to) const {
  SWARMLAB_TRY(place, find(id));
  if (place) {
    SWARMLAB_CHECK(to.begin_raw(place->kind, place->size));
    uLong crc = 0;
    SWARMLAB_CHECK(read_range(
        place->pack->data(), place->entry, place->end - place->entry,
        [&, head = place->begin - place->entry](std::string_view piece) mutable -> Result<void> {
          crc = crc32_z(crc, reinterpret_cast<const Bytef*>(piece.data()), piece.size());
          const std::size_t skipped = std::min<std::size_t>(head, piece.size());
          head -= skipped;
          return to.raw(piece.substr(skipped));
        }));
    if (crc == place->crc) return {};
    return fail(ErrorCode::corrupt, "object {}: is damaged", id.hex());
  }
  SWARMLAB_TRY(loose,
               read_loose(
                   id, [&](ObjectKind kind, std::uint64_t size) { return to.begin(kind, size); },
                   [&](std::string_view piece) -> Result<void> {
                     return piece.empty() ? Result<void>() : to.piece(piece);
                   }));
  if (loose) return to.end();
  SWARMLAB_TRY(odb, odb_of(repository_));
  const git_oid oid = to_oid(id);
  git_odb_object* object = nullptr;
  const int code = git_odb_read(&object, odb.get(), &oid);
  if (code != 0) return git_failed("object " + id.hex(), code);
  const Owned<git_odb_object> owned(object);
  return to.add(
      static_cast<ObjectKind>(git_odb_object_type(object)),
      {static_cast<const char*>(git_odb_object_data(object)), git_odb_object_size(object)});
}

Result<void> StoredObjects::read_blob(const ObjectId& id, const Sink& sink) const {
  Sha1 hash;
  const auto take = [&](std::string_view piece) {
    hash.add(piece);
    return sink(piece);
  };
  const auto begin = [&](ObjectKind kind, std::uint64_t size) -> Result<void> {
    hash.add(object_header(kind, size));
    if (kind == ObjectKind::blob) return {};
    return fail(ErrorCode::corrupt, "object {} is no blob", id.hex());
  };
  SWARMLAB_TRY(place, find(id));
  bool read = place.has_value();
  if (place) {
    SWARMLAB_CHECK(begin(place->kind, place->size));
    SWARMLAB_CHECK(
        inflate_range(place->pack->data(), place->begin, place->end - place->begin, take));
  } else {
    SWARMLAB_TRY(loose, read_loose(id, begin, take));
    read = loose;
  }
  if (!read) {
    SWARMLAB_TRY(bytes, repository_.read_blob(id, std::numeric_limits<std::uint64_t>::max()));
    return sink(bytes);  // libgit2 looked at its hash
  }
  if (hash.finish() == id) return {};
  return fail(ErrorCode::corrupt, "object {}: is damaged", id.hex());
}

}  // namespace swarmlab::git
