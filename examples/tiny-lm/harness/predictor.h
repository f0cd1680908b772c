// What a candidate implements: training, then a distribution over the next symbol, one symbol after the other.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

class Predictor {
 public:
  virtual ~Predictor() = default;

  /// Writes the probability of each symbol to come next: all above 0, together 1.
  virtual void predict(std::span<float> probabilities) = 0;

  /// Tells which symbol came. The model may learn from it.
  virtual void observe(std::uint8_t symbol) = 0;
};

/// Trains on `text`, whose symbols are below `vocabulary`. What is predicted later does not continue the text.
std::unique_ptr<Predictor> train(int vocabulary, std::span<const std::uint8_t> text);
