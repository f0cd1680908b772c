#include "network.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "activation.h"
#include "config.h"

std::size_t Network::input_row(int place, int symbol) const { return static_cast<std::size_t>((place * vocabulary_ + symbol) * kHidden); }
std::size_t Network::hidden_bias() const { return input_row(kContext, 0); }
std::size_t Network::output_row(int unit) const { return hidden_bias() + static_cast<std::size_t>(kHidden + unit * vocabulary_); }
std::size_t Network::direct_row(int place, int symbol) const {
  return output_row(kHidden) + static_cast<std::size_t>((place * vocabulary_ + symbol) * vocabulary_);
}
std::size_t Network::output_bias() const { return direct_row(kDirect, 0); }

Network::Network(int vocabulary, unsigned seed) : vocabulary_(vocabulary), hidden_(kHidden), output_(static_cast<std::size_t>(vocabulary)) {
  weights_.resize(output_bias() + output_.size());
  gradient_.resize(weights_.size());
  std::mt19937 random(seed);
  std::normal_distribution<float> first(0.0F, static_cast<float>(kInitScale));
  for (std::size_t i = 0; i < hidden_bias(); ++i) weights_[i] = first(random);
  for (std::size_t i = output_row(0); i < output_row(kHidden); ++i) weights_[i] = first(random) / std::sqrt(static_cast<float>(kHidden));
}

std::span<const float> Network::forward(const std::uint8_t* context) {
  std::copy_n(&weights_[hidden_bias()], kHidden, hidden_.begin());
  for (int place = 0; place < kContext; ++place) {
    const float* row = &weights_[input_row(place, context[place])];
    for (int unit = 0; unit < kHidden; ++unit) hidden_[unit] += row[unit];
  }
  std::copy_n(&weights_[output_bias()], vocabulary_, output_.begin());
  for (int unit = 0; unit < kHidden; ++unit) {
    hidden_[unit] = activate(hidden_[unit]);
    const float* row = &weights_[output_row(unit)];
    for (int out = 0; out < vocabulary_; ++out) output_[out] += hidden_[unit] * row[out];
  }
  for (int place = 0; place < std::min(kDirect, kContext); ++place) {
    const float* row = &weights_[direct_row(place, context[kContext - 1 - place])];
    for (int out = 0; out < vocabulary_; ++out) output_[out] += row[out];
  }
  const float highest = *std::max_element(output_.begin(), output_.end());
  float sum = 0.0F;
  for (float& out : output_) sum += out = std::exp(out - highest);
  for (float& out : output_) out /= sum;
  return output_;
}

void Network::backward(const std::uint8_t* context, std::uint8_t target) {
  output_[target] -= 1.0F;  // now the gradient at the output
  for (int out = 0; out < vocabulary_; ++out) gradient_[output_bias() + out] += output_[out];
  for (int place = 0; place < std::min(kDirect, kContext); ++place) {
    float* row = &gradient_[direct_row(place, context[kContext - 1 - place])];
    for (int out = 0; out < vocabulary_; ++out) row[out] += output_[out];
  }
  for (int unit = 0; unit < kHidden; ++unit) {
    const float* row = &weights_[output_row(unit)];
    float* gradient = &gradient_[output_row(unit)];
    float back = 0.0F;
    for (int out = 0; out < vocabulary_; ++out) {
      gradient[out] += hidden_[unit] * output_[out];
      back += row[out] * output_[out];
    }
    hidden_[unit] = back * slope_at(hidden_[unit]);  // now the gradient at the unit
    gradient_[hidden_bias() + unit] += hidden_[unit];
  }
  for (int place = 0; place < kContext; ++place) {
    float* row = &gradient_[input_row(place, context[place])];
    for (int unit = 0; unit < kHidden; ++unit) row[unit] += hidden_[unit];
  }
}

double Network::cost() const {
  const double output = kHidden * vocabulary_;
  const double direct = kDirect * vocabulary_;
  return 2.0 * kContext * kHidden + 3.0 * output + 2.0 * direct + 20.0 * (kHidden + vocabulary_);
}
