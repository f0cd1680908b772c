// Training, and prediction with what came out.
#include <algorithm>
#include <random>
#include <vector>

#include "budget.h"
#include "cache.h"
#include "config.h"
#include "network.h"
#include "optimizer.h"
#include "predictor.h"

namespace {

class Model : public Predictor {
 public:
  Model(int vocabulary, std::span<const std::uint8_t> text)
      : network_(vocabulary, 42),
        optimizer_(network_.weights().size()),
        cache_(vocabulary),
        context_(kContext) {
    fit(text);
    for (const std::uint8_t symbol : text) cache_.observe(symbol);
    std::copy_n(text.end() - kContext, kContext, context_.begin());
  }

  void predict(std::span<float> probabilities) override {
    std::ranges::copy(network_.forward(context_.data()), probabilities.begin());
    cache_.mix_into(probabilities);
    for (float& p : probabilities)
      p = (p + 1e-6F) / (1.0F + 1e-6F * static_cast<float>(probabilities.size()));
  }

  void observe(std::uint8_t symbol) override {
    if (kOnlineRate > 0.0) {
      network_.forward(context_.data());
      network_.backward(context_.data(), symbol);
      update(static_cast<float>(kOnlineRate));
    }
    cache_.observe(symbol);
    std::rotate(context_.begin(), context_.begin() + 1, context_.end());
    context_.back() = symbol;
  }

 private:
  void fit(std::span<const std::uint8_t> text) {
    const double step_cost =
        network_.cost() * kBatch + 3.0 * static_cast<double>(network_.weights().size());
    const int steps = static_cast<int>(kBudget / step_cost);
    std::mt19937 random(7);
    std::uniform_int_distribution<std::size_t> anywhere(0, text.size() - kContext - 1);
    for (int step = 0; step < steps; ++step) {
      for (int example = 0; example < kBatch; ++example) {
        const std::size_t at = anywhere(random);
        network_.forward(&text[at]);
        network_.backward(&text[at], text[at + kContext]);
      }
      for (float& slope : network_.gradient()) slope /= kBatch;
      const double left = 1.0 - static_cast<double>(step) / steps;
      update(static_cast<float>(kLearningRate * (left < kWarmdown ? left / kWarmdown : 1.0)));
    }
  }

  void update(float rate) {
    optimizer_.step(network_.weights(), network_.gradient(), rate);
    std::ranges::fill(network_.gradient(), 0.0F);
  }

  Network network_;
  Optimizer optimizer_;
  Cache cache_;
  std::vector<std::uint8_t> context_;
};

}  // namespace

std::unique_ptr<Predictor> train(int vocabulary, std::span<const std::uint8_t> text) {
  return std::make_unique<Model>(vocabulary, text);
}
