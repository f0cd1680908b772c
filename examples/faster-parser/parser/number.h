// Hypothesis: the standard library's conversion is good enough
// Mechanism: std::stod, then rounding to cents
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

inline std::int64_t cents(std::string_view text) {
  if (text.empty()) return 0;
  return std::llround(std::stod(std::string(text)) * 100.0);
}
