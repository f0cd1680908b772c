// Keys of CURVE (Curve25519): what a peer proves to be, and what it proves it with. As text they
// are Z85, 40 printable characters without blanks or quotes. Pure but for the making of a pair.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace swarmlab::keys {

inline constexpr std::size_t kKeyBytes = 32;
inline constexpr std::size_t kKeyText = 40;  // characters

class PublicKey {
 public:
  /// Z85 of 32 bytes. \return invalid_input if it is not.
  static Result<PublicKey> parse(std::string_view text);
  [[nodiscard]] static PublicKey of(const std::array<std::uint8_t, kKeyBytes>& bytes);

  [[nodiscard]] const std::string& text() const { return text_; }
  auto operator<=>(const PublicKey&) const = default;

 private:
  friend class SecretKey;
  explicit PublicKey(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// Never printed, and wiped from memory at its end. Moved or copied only where a socket needs it.
class SecretKey {
 public:
  /// \return invalid_input if it is no Z85 of 32 bytes; the message does not repeat the text.
  static Result<SecretKey> parse(std::string_view text);

  SecretKey(const SecretKey&) = default;
  SecretKey(SecretKey&& other) noexcept : text_(other.text_) {}
  SecretKey& operator=(const SecretKey&) = default;
  SecretKey& operator=(SecretKey&&) = default;
  ~SecretKey();

  [[nodiscard]] PublicKey public_key() const;
  /// For the socket and the key's file only.
  [[nodiscard]] std::string_view reveal() const { return {text_.data(), text_.size()}; }

 private:
  explicit SecretKey(std::string_view text);
  std::array<char, kKeyText> text_{};
};

/// A new key, from the kernel's random numbers. \return internal if libzmq has no CURVE.
[[nodiscard]] Result<SecretKey> make_secret_key();

}  // namespace swarmlab::keys
