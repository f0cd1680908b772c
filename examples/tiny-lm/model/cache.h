// A model that copies: it counts what followed the last kCacheOrder symbols before.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "config.h"

class Cache {
 public:
  explicit Cache(int vocabulary) : vocabulary_(vocabulary) {}

  void observe(std::uint8_t symbol) {
    std::vector<float>& counts = counts_[recent_];
    counts.resize(static_cast<std::size_t>(vocabulary_));
    counts[symbol] += 1.0F;
    // Symbols are below 256: a 64-bit word holds the last eight.
    constexpr int kept_bits = 8 * std::clamp(kCacheOrder, 1, 7);
    recent_ = (recent_ << 8U | symbol) & ((1ULL << kept_bits) - 1);
  }

  /// Moves `probabilities` towards what was counted, the more often it was the further.
  void mix_into(std::span<float> probabilities) const {
    const auto found = counts_.find(recent_);
    if (found == counts_.end()) return;
    float total = 0.0F;
    for (const float count : found->second) total += count;
    const float share = static_cast<float>(kCacheWeight) * total / (total + 1.0F);
    for (std::size_t i = 0; i < probabilities.size(); ++i) {
      probabilities[i] = (1.0F - share) * probabilities[i] + share * found->second[i] / total;
    }
  }

 private:
  int vocabulary_;
  std::uint64_t recent_ = 0;
  std::unordered_map<std::uint64_t, std::vector<float>> counts_;
};
