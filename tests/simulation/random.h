// Random numbers that are the same on every machine: all that a simulation draws comes from one.
#pragma once

#include <cstdint>

namespace swarmlab::simulation {

// SplitMix64.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBULL;
    return mixed ^ (mixed >> 31U);
  }
  // UniformRandomBitGenerator, for std::shuffle alone: distributions differ between libraries.
  using result_type = std::uint64_t;
  static constexpr std::uint64_t min() { return 0; }
  static constexpr std::uint64_t max() { return ~std::uint64_t{0}; }
  std::uint64_t operator()() { return next(); }

  // 0 up to, not including, `bound` (1 or more).
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  // Both ends are in.
  std::uint64_t between(std::uint64_t first, std::uint64_t last) {
    return first + below(last - first + 1);
  }
  bool one_in(std::uint64_t bound) { return below(bound) == 0; }
  // In millionths: floating point would do, but is not needed.
  bool chance(std::uint32_t per_million) { return below(1'000'000) < per_million; }

 private:
  std::uint64_t state_;
};

// Of any bytes; to name trees, to draw scores, to compare runs.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  for (unsigned shift = 0; shift < 64; shift += 8) {
    hash = (hash ^ ((value >> shift) & 0xffU)) * 1099511628211ULL;
  }
  return hash;
}

}  // namespace swarmlab::simulation
