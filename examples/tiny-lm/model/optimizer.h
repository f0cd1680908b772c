// How a gradient becomes a step.
#pragma once

#include <cstddef>
#include <vector>

#include "config.h"

/// Plain gradient descent, with momentum.
class Optimizer {
 public:
  explicit Optimizer(std::size_t size) : velocity_(size) {}

  void step(std::vector<float>& weights, const std::vector<float>& gradient, float rate) {
    const float decay = 1.0F - rate * static_cast<float>(kWeightDecay);
    const auto momentum = static_cast<float>(kMomentum);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      velocity_[i] = momentum * velocity_[i] + gradient[i];
      weights[i] = decay * weights[i] - rate * velocity_[i];
    }
  }

 private:
  std::vector<float> velocity_;
};
