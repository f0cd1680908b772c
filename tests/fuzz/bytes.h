// An input as a script: a target takes numbers and texts off it until it is used up.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

namespace swarmlab::fuzz {

class Bytes {
 public:
  explicit Bytes(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  /// 0 when the input is used up.
  std::uint8_t number() {
    if (rest_.empty()) return 0;
    const std::uint8_t value = rest_.front();
    rest_ = rest_.subspan(1);
    return value;
  }
  std::uint8_t below(std::uint8_t end) { return static_cast<std::uint8_t>(number() % end); }
  std::uint64_t large() {
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value = (value << 8U) | number();
    return value;
  }
  std::string text(std::size_t most) {
    const std::size_t size = std::min(most, rest_.size());
    std::string taken(reinterpret_cast<const char*>(rest_.data()), size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  std::string rest() { return text(rest_.size()); }

 private:
  std::span<const std::uint8_t> rest_;
};

/// What must hold; else the input is a finding.
inline void hold(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

}  // namespace swarmlab::fuzz

/// What libFuzzer, and the tests that give it the corpus again (replay.cc), call.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
