// A network with one hidden layer over the last symbols, each given as one of `vocabulary`.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

class Network {
 public:
  Network(int vocabulary, unsigned seed);

  /// Probabilities of the symbol after `context` (the newest last, kContext of them).
  std::span<const float> forward(const std::uint8_t* context);

  /// Adds the gradient of -log p(target) to gradient(). Follows a forward() of the same context.
  void backward(const std::uint8_t* context, std::uint8_t target);

  std::vector<float>& weights() { return weights_; }
  std::vector<float>& gradient() { return gradient_; }

  /// Multiplications that training on one example takes, roughly.
  [[nodiscard]] double cost() const;

 private:
  // Where each part begins in weights_ and gradient_: rows of inputs, hidden bias, rows of outputs, direct rows, output bias.
  [[nodiscard]] std::size_t input_row(int place, int symbol) const;
  [[nodiscard]] std::size_t hidden_bias() const;
  [[nodiscard]] std::size_t output_row(int unit) const;
  [[nodiscard]] std::size_t direct_row(int place, int symbol) const;
  [[nodiscard]] std::size_t output_bias() const;

  int vocabulary_;
  std::vector<float> weights_;
  std::vector<float> gradient_;
  std::vector<float> hidden_;
  std::vector<float> output_;
};
