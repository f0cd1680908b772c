#include "worker/sandbox/status.h"

#include <charconv>

namespace swarmlab::sandbox {

std::optional<int> StatusReader::number(std::string_view key) const {
  auto at = text_.find(key);
  if (at == std::string::npos) return std::nullopt;
  at = text_.find_first_not_of(' ', at + key.size());
  if (at == std::string::npos) return std::nullopt;
  int value = 0;
  const char* const end = text_.data() + text_.size();
  const auto read = std::from_chars(text_.data() + at, end, value);
  // Digits at the very end may go on with the next bytes.
  if (read.ec != std::errc() || read.ptr == end) return std::nullopt;
  return value;
}

}  // namespace swarmlab::sandbox
