// Hypothesis: long double needs no rounding care, so it can be simpler and as fast
// Mechanism: 64 bits of mantissa hold every amount
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

inline std::int64_t cents(std::string_view text) {
  return std::llround(std::strtold(std::string(text).c_str(), nullptr) * 100.0L);
}
