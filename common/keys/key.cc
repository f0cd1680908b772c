#include "common/keys/key.h"

#include <string.h>  // NOLINT(modernize-deprecated-headers): explicit_bzero is not in <cstring>
#include <zmq.h>

#include <algorithm>

namespace swarmlab::keys {
namespace {

using Terminated = std::array<char, kKeyText + 1>;

// Z85 is one to one: what decodes and encodes to itself is right in every character.
bool is_key_text(std::string_view text) {
  if (text.size() != kKeyText || text.find('\0') != std::string_view::npos) return false;
  Terminated terminated{};
  std::copy(text.begin(), text.end(), terminated.begin());
  std::array<std::uint8_t, kKeyBytes> bytes{};
  Terminated again{};
  const bool same = zmq_z85_decode(bytes.data(), terminated.data()) != nullptr &&
                    zmq_z85_encode(again.data(), bytes.data(), bytes.size()) != nullptr &&
                    again == terminated;
  explicit_bzero(terminated.data(), terminated.size());
  explicit_bzero(bytes.data(), bytes.size());
  explicit_bzero(again.data(), again.size());
  return same;
}

tl::unexpected<Error> no_key(std::string_view text) {
  return fail(
      ErrorCode::invalid_input,
      "no key: {} characters, expected the {} of a key's Z85 text as `swarmlab keys` writes",
      text.size(), kKeyText);
}

}  // namespace

Result<PublicKey> PublicKey::parse(std::string_view text) {
  if (!is_key_text(text)) return no_key(text);
  return PublicKey(std::string(text));
}

PublicKey PublicKey::of(const std::array<std::uint8_t, kKeyBytes>& bytes) {
  Terminated text{};
  SWARMLAB_ASSERT(zmq_z85_encode(text.data(), bytes.data(), bytes.size()) != nullptr);
  return PublicKey(std::string(text.data(), kKeyText));
}

SecretKey::SecretKey(std::string_view text) {
  std::copy_n(text.begin(), kKeyText, text_.begin());
}

SecretKey::~SecretKey() {
  explicit_bzero(text_.data(), text_.size());
}

Result<SecretKey> SecretKey::parse(std::string_view text) {
  if (!is_key_text(text)) return no_key(text);
  return SecretKey(text);
}

PublicKey SecretKey::public_key() const {
  Terminated secret{};
  std::copy(text_.begin(), text_.end(), secret.begin());
  Terminated text{};
  const int failed = zmq_curve_public(text.data(), secret.data());
  explicit_bzero(secret.data(), secret.size());
  SWARMLAB_ASSERT(failed == 0);  // there is no key without CURVE, and each has its public half
  return PublicKey(std::string(text.data(), kKeyText));
}

Result<SecretKey> make_secret_key() {
  Terminated public_text{};
  Terminated secret_text{};
  if (zmq_has("curve") == 0 || zmq_curve_keypair(public_text.data(), secret_text.data()) != 0) {
    return fail(ErrorCode::internal, "this libzmq was built without CURVE");
  }
  auto key = SecretKey::parse({secret_text.data(), kKeyText});
  explicit_bzero(secret_text.data(), secret_text.size());
  return key;
}

}  // namespace swarmlab::keys
