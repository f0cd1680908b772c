// Hypothesis: eight digits at a time (SWAR) beat a loop over them
// Mechanism: three multiplications combine eight digits in one register; the dot is taken out by shifting
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

inline std::int64_t digit_by_digit(std::string_view text) {
  std::int64_t value = 0;
  size_t at = 0;
  while (at < text.size() && text[at] != '.') value = value * 10 + (text[at++] - '0');
  value *= 100;
  if (at + 1 < text.size()) value += 10 * (text[at + 1] - '0');
  if (at + 2 < text.size()) value += text[at + 2] - '0';
  return value;
}

/// The value of eight ASCII digits; the first stands in the lowest byte (little endian).
inline std::int64_t eight_digits(std::uint64_t ascii) {
  std::uint64_t value = ascii & 0x0f0f0f0f0f0f0f0fULL;
  value = (value * 2561) >> 8U;
  value = ((value & 0x00ff00ff00ff00ffULL) * 6553601) >> 16U;
  return static_cast<std::int64_t>(((value & 0x0000ffff0000ffffULL) * 42949672960001ULL) >> 32U);
}

inline std::int64_t cents(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const size_t size = text.size();
  if (size < 4 || size > 9 || text[size - 3] != '.') {
    const std::int64_t value = digit_by_digit(text);
    return negative ? -value : value;
  }
  char digits[8] = {'0', '0', '0', '0', '0', '0', '0', '0'};
  std::memcpy(digits + 9 - size, text.data(), size - 3);
  std::memcpy(digits + 6, text.data() + size - 2, 2);
  std::uint64_t ascii = 0;
  std::memcpy(&ascii, digits, 8);
  const std::int64_t value = eight_digits(ascii);
  return negative ? -value : value;
}
