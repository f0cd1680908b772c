// Packs written by hand, also such as no git would write.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>

#include "common/git/hash.h"

namespace swarmlab::git {

class RawPack {
 public:
  RawPack& add(ObjectKind kind, const std::string& bytes) {
    return add_raw(static_cast<int>(kind), bytes.size(), "", bytes);
  }
  /// `claimed`: what the header says the size is.
  RawPack& add_raw(int type, std::uint64_t claimed, const std::string& base,
                   const std::string& bytes) {
    ++count_;
    last_at_ = 12 + body_.size();
    auto first = static_cast<unsigned int>((type << 4) | static_cast<int>(claimed & 15U));
    claimed >>= 4U;
    if (claimed != 0) first |= 0x80U;
    body_.push_back(static_cast<char>(first));
    if (claimed != 0) body_ += size_of(claimed);
    body_ += base + deflated(bytes);
    return *this;
  }
  RawPack& add_bytes(const std::string& bytes) {
    body_ += bytes;
    return *this;
  }
  RawPack& claim_objects(std::uint32_t count) {
    count_ = count;
    return *this;
  }
  [[nodiscard]] std::string bytes() const {
    std::string all = "PACK";
    all.append({0, 0, 0, 2});
    for (int shift = 24; shift >= 0; shift -= 8) all.push_back(static_cast<char>(count_ >> shift));
    return all + body_ + std::string(20, '\0');
  }
  [[nodiscard]] std::size_t last_at() const { return last_at_; }

  static std::string size_of(std::uint64_t size) {
    std::string bytes;
    for (; size > 0x7FU; size >>= 7U) bytes.push_back(static_cast<char>((size & 0x7FU) | 0x80U));
    bytes.push_back(static_cast<char>(size));
    return bytes;
  }
  static std::string deflated(const std::string& bytes) {
    uLongf size = compressBound(bytes.size());
    std::string out(size, '\0');
    compress(reinterpret_cast<Bytef*>(out.data()), &size,
             reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
    out.resize(size);
    return out;
  }

 private:
  std::string body_;
  std::uint32_t count_ = 0;
  std::size_t last_at_ = 0;
};

inline std::string raw_id(const ObjectId& id) {
  return {id.bytes.begin(), id.bytes.end()};
}

inline std::string tree_line(const std::string& mode, const std::string& name, const ObjectId& id) {
  return mode + " " + name + std::string(1, '\0') + raw_id(id);
}

inline std::string commit_bytes(const ObjectId& tree, const std::string& parents = "") {
  return "tree " + tree.hex() + "\n" + parents +
         "author a <a@x> 1700000000 +0000\ncommitter a <a@x> 1700000000 +0000\n\nm\n";
}

}  // namespace swarmlab::git
