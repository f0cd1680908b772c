#include "common/os/sha256.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "common/result.h"

namespace swarmlab {

void Sha256::Free::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  begin();
}

void Sha256::begin() {
  SWARMLAB_ASSERT(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

void Sha256::add(std::string_view bytes) {
  SWARMLAB_ASSERT(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

std::string Sha256::hex() {
  std::array<unsigned char, 32> sum{};
  unsigned int length = 0;
  SWARMLAB_ASSERT(EVP_DigestFinal_ex(context_.get(), sum.data(), &length) == 1 &&
                  length == sum.size());
  begin();
  std::string text;
  for (const unsigned char byte : sum) text += fmt::format("{:02x}", byte);
  return text;
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 sum;
  sum.add(bytes);
  return sum.hex();
}

}  // namespace swarmlab
