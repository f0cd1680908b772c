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

namespace {

// The length of the longest beginning of `value`, kShortest at least, that `text` ends with.
std::size_t begun(std::string_view text, std::string_view value) {
  for (std::size_t size = std::min(text.size(), value.size() - 1); size >= Secrets::kShortest;
       --size) {
    if (text.ends_with(value.substr(0, size))) return size;
  }
  return 0;
}

// The length of the longest end of it that `text` begins with.
std::size_t ended(std::string_view text, std::string_view value) {
  for (std::size_t size = std::min(text.size(), value.size() - 1); size >= Secrets::kShortest;
       --size) {
    if (text.starts_with(value.substr(value.size() - size))) return size;
  }
  return 0;
}

}  // namespace

void Secrets::redact_cut(std::string& text) const {
  for (const std::string& value : values_) {
    if (const std::size_t size = begun(text, value); size > 0) {
      text.replace(text.size() - size, size, kMark);
    }
    if (const std::size_t size = ended(text, value); size > 0) text.replace(0, size, kMark);
  }
}

std::string Secrets::redacted(std::string text) const {
  for (const std::string& value : values_) {
    std::size_t at = 0;
    while ((at = text.find(value, at)) != std::string::npos) {
      text.replace(at, value.size(), kMark);
      at += kMark.size();
    }
  }
  if (values_.empty()) return text;
  constexpr std::string_view kCut = "\n[... ";
  constexpr std::string_view kCutEnd = " bytes dropped ...]\n";
  const std::size_t cut = text.find(kCut);
  const std::size_t end = cut == std::string::npos ? cut : text.find(kCutEnd, cut);
  if (end == std::string::npos) {
    redact_cut(text);
    return text;
  }
  std::string before = text.substr(0, cut);
  std::string after = text.substr(end + kCutEnd.size());
  redact_cut(before);
  redact_cut(after);
  return before + text.substr(cut, end + kCutEnd.size() - cut) + after;
}

}  // namespace swarmlab::worker
