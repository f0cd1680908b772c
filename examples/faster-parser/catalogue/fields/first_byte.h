// Hypothesis: only a field's first byte needs a look to know whether it is quoted
// Mechanism: plain fields are scanned for one character only, without carrying a flag from byte to byte
#pragma once

#include <string_view>

inline const char* end_of_field(const char* at, const char* end) {
  if (at < end && *at == '"') {
    for (++at; at < end; ++at) {
      if (*at != '"') continue;
      if (at + 1 < end && at[1] == '"') {
        ++at;
      } else {
        return at + 1;
      }
    }
    return end;
  }
  while (at < end && *at != ',') ++at;
  return at;
}

inline std::string_view amount_of(std::string_view line) {
  const char* at = line.data();
  const char* const end = at + line.size();
  for (int column = 0; column < 3; ++column) {
    at = end_of_field(at, end);
    if (at >= end) return {};
    ++at;
  }
  const char* stop = end_of_field(at, end);
  if (at < stop && *at == '"') {
    ++at;
    --stop;
  }
  return {at, static_cast<size_t>(stop - at)};
}
