// ASCII letters in lower case: names of hosts and of HTTP's headers, whatever the locale is.
#pragma once

#include <string>
#include <string_view>

namespace swarmlab::worker {

[[nodiscard]] inline std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

}  // namespace swarmlab::worker
