// Hypothesis: a loop over the digits beats every general conversion
// Mechanism: one multiplication and one addition a digit, nothing else
#pragma once

#include <cstdint>
#include <string_view>

inline std::int64_t cents(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const bool negative = at < end && *at == '-';
  if (at < end && (*at == '-' || *at == '+')) ++at;
  std::int64_t value = 0;
  while (at < end && *at != '.') value = value * 10 + (*at++ - '0');
  value *= 100;
  if (at + 1 < end) value += 10 * (at[1] - '0');
  if (at + 2 < end) value += at[2] - '0';
  return negative ? -value : value;
}
