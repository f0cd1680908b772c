#include "common/git/sha1.h"

#include <openssl/evp.h>

#include "common/result.h"

namespace swarmlab::git {

void Sha1::Free::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

Sha1::Sha1() : context_(EVP_MD_CTX_new()) {
  begin();
}

void Sha1::begin() {
  SWARMLAB_ASSERT(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha1(), nullptr) == 1);
}

void Sha1::add(std::string_view bytes) {
  SWARMLAB_ASSERT(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

ObjectId Sha1::finish() {
  ObjectId id;
  unsigned int length = 0;
  SWARMLAB_ASSERT(EVP_DigestFinal_ex(context_.get(), id.bytes.data(), &length) == 1 &&
                  length == id.bytes.size());
  begin();
  return id;
}

std::string object_header(ObjectKind kind, std::uint64_t size) {
  const char* name = kind == ObjectKind::commit ? "commit"
                     : kind == ObjectKind::tree ? "tree"
                                                : "blob";
  std::string header = fmt::format("{} {}", name, size);
  header.push_back('\0');
  return header;
}

}  // namespace swarmlab::git
