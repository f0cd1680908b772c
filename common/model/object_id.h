// The name of a git object: what every commit, tree and content hash in swarmlab is.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace swarmlab {

struct ObjectId {
  std::array<std::uint8_t, 20> bytes{};
  auto operator<=>(const ObjectId&) const = default;

  [[nodiscard]] bool is_zero() const { return *this == ObjectId{}; }
  /// 40 lower-case hexadecimal digits.
  [[nodiscard]] std::string hex() const;
  /// The first 8 digits, for people.
  [[nodiscard]] std::string brief() const { return hex().substr(0, 8); }
  /// Nothing unless `text` is 40 hexadecimal digits.
  [[nodiscard]] static std::optional<ObjectId> from_hex(std::string_view text);
};

}  // namespace swarmlab
