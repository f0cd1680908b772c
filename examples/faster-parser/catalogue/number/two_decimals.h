// Hypothesis: amounts always have two decimals, so the dot need not be looked for
// Mechanism: every byte but the third from the end is a digit; no branch in the loop
#pragma once

#include <cstdint>
#include <string_view>

inline std::int64_t cents(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.size() < 4) return 0;
  std::int64_t value = 0;
  for (const char c : text.substr(0, text.size() - 3)) value = value * 10 + (c - '0');
  value = value * 100 + (text[text.size() - 2] - '0') * 10 + (text[text.size() - 1] - '0');
  return negative ? -value : value;
}
