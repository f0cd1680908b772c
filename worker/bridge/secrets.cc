#include "worker/bridge/secrets.h"

#include <algorithm>

namespace swarmlab::worker {

void Secrets::add(std::string value) {
  if (value.size() < kShortest) return;
  if (std::find(values_.begin(), values_.end(), value) != values_.end()) return;
  values_.push_back(std::move(value));
  std::stable_sort(values_.begin(), values_.end(),
                   [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

bool Secrets::are_in(std::string_view text) const {
  return std::any_of(values_.begin(), values_.end(), [&](const std::string& value) {
    return text.find(value) != std::string_view::npos;
  });
}

std::string Secrets::redacted(std::string text) const {
  for (const std::string& value : values_) {
    std::size_t at = 0;
    while ((at = text.find(value, at)) != std::string::npos) {
      text.replace(at, value.size(), kMark);
      at += kMark.size();
    }
  }
  return text;
}

}  // namespace swarmlab::worker
