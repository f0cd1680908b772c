// SHA-1 of bytes that come in pieces, as git names its objects and packs. For the files of this
// room only.
#pragma once

#include <memory>
#include <string_view>

#include "common/git/hash.h"
#include "common/model/object_id.h"

struct evp_md_ctx_st;

namespace swarmlab::git {

class Sha1 {
 public:
  Sha1();
  void add(std::string_view bytes);
  /// Of all that was added; begins anew.
  [[nodiscard]] ObjectId finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  void begin();
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

/// What git hashes before an object's bytes.
[[nodiscard]] std::string object_header(ObjectKind kind, std::uint64_t size);

}  // namespace swarmlab::git
