#include "bench/search/landscape.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace swarmlab::search {
namespace {

constexpr double kChangesNothing = 1.0 / 3.0;  // of the useless ideas

// SplitMix64 (Steele, Lea, Flood 2014).
std::uint64_t mixed(std::uint64_t z) {
  z += 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31U);
}

double harm_of(Idea idea) {
  const double drawn = static_cast<double>(mixed(idea) >> 11U) * 0x1p-53;
  return drawn < kChangesNothing ? 0.0 : -std::log((1.0 - drawn) / (1.0 - kChangesNothing));
}

// One of `count` ideas, from `first` on.
Idea one_of(Idea count, Random& random, Idea first = 0) {
  return std::uniform_int_distribution<Idea>(first, first + count - 1)(random);
}

class Additive final : public Landscape {
 public:
  explicit Additive(std::uint64_t seed) {
    Random random(seed);
    std::exponential_distribution<double> size;
    for (double& one : sizes_) one = size(random);
  }
  [[nodiscard]] double reachable() const override {
    return std::accumulate(sizes_.begin(), sizes_.end(), 0.0);
  }
  [[nodiscard]] Ideas useful(const Ideas& /*parent*/, Random& random) const override {
    return {one_of(kIdeas, random)};
  }

 private:
  static constexpr Idea kIdeas = 40;
  [[nodiscard]] double gain(const Ideas& ideas) const override {
    double sum = 0.0;
    for (const Idea idea : ideas) {
      if (idea < kIdeas) sum += sizes_.at(idea);
    }
    return sum;
  }
  std::array<double, kIdeas> sizes_{};
};

class Deceptive final : public Landscape {
 public:
  [[nodiscard]] double reachable() const override { return kLong; }
  [[nodiscard]] Ideas useful(const Ideas& /*parent*/, Random& random) const override {
    const bool obvious = std::bernoulli_distribution(0.5)(random);
    return {obvious ? one_of(kShort, random) : one_of(kLong, random, kShort)};
  }

 private:
  static constexpr Idea kShort = 3;
  static constexpr Idea kLong = 24;
  static constexpr double kLargeStep = 3.0;
  // Of both ways in one candidate, the better one works.
  [[nodiscard]] double gain(const Ideas& ideas) const override {
    double dead_end = 0.0;
    double way = 0.0;
    for (const Idea idea : ideas) {
      if (idea < kShort) {
        dead_end += kLargeStep;
      } else if (idea < kShort + kLong) {
        way += 1.0;
      }
    }
    return std::max(dead_end, way);
  }
};

class Plateau final : public Landscape {
 public:
  [[nodiscard]] double reachable() const override { return kGroups * kGain; }
  // The next steps of one group: mostly one, seldom all.
  [[nodiscard]] Ideas useful(const Ideas& parent, Random& random) const override {
    const Idea group = one_of(kGroups, random);
    std::discrete_distribution<int> draw({0.6, 0.3, 0.1});
    int steps = 1 + draw(random);
    Ideas found;
    for (Idea step = 0; step < kSteps && steps > 0; ++step) {
      const Idea idea = group * kSteps + step;
      if (has(parent, idea)) continue;
      found.push_back(idea);
      --steps;
    }
    return found;
  }

 private:
  static constexpr Idea kGroups = 12;
  static constexpr Idea kSteps = 3;
  static constexpr double kGain = 2.0;
  [[nodiscard]] double gain(const Ideas& ideas) const override {
    std::array<Idea, kGroups> steps{};
    for (const Idea idea : ideas) {
      if (idea < kGroups * kSteps) steps.at(idea / kSteps) += 1;
    }
    return kGain * static_cast<double>(std::ranges::count(steps, kSteps));
  }
};

}  // namespace

ObjectId tree_of(const Ideas& ideas) {
  ObjectId tree;
  std::uint64_t low = 1;
  std::uint64_t high = 2;
  for (const Idea idea : ideas) {
    low = mixed(low ^ idea);
    high = mixed(high + idea);
  }
  for (unsigned i = 0; i < 8; ++i) {
    tree.bytes.at(i) = static_cast<std::uint8_t>(low >> (8 * i));
    tree.bytes.at(8 + i) = static_cast<std::uint8_t>(high >> (8 * i));
  }
  return tree;
}

void add(Ideas& ideas, Idea idea) {
  const auto place = std::ranges::lower_bound(ideas, idea);
  if (place == ideas.end() || *place != idea) ideas.insert(place, idea);
}

void remove(Ideas& ideas, Idea idea) {
  std::erase(ideas, idea);
}

std::uint64_t lines_of(const Ideas& ideas) {
  std::uint64_t lines = 100;
  for (const Idea idea : ideas) lines += 1 + mixed(idea + 1'000'000'007ULL) % 19;
  return lines;
}

bool has(const Ideas& ideas, Idea idea) {
  return std::ranges::binary_search(ideas, idea);
}

std::string_view name_of(Terrain terrain) {
  switch (terrain) {
    case Terrain::additive:
      return "additive";
    case Terrain::deceptive:
      return "deceptive";
    case Terrain::plateau:
      return "plateau";
  }
  return {};
}

double Landscape::worth(const Ideas& ideas) const {
  double worth = gain(ideas);
  for (auto one = std::ranges::lower_bound(ideas, kFirstUseless); one != ideas.end(); ++one) {
    worth -= harm_of(*one);
  }
  return worth;
}

std::unique_ptr<Landscape> make_landscape(Terrain terrain, std::uint64_t seed) {
  switch (terrain) {
    case Terrain::additive:
      return std::make_unique<Additive>(seed);
    case Terrain::deceptive:
      return std::make_unique<Deceptive>();
    case Terrain::plateau:
      return std::make_unique<Plateau>();
  }
  return nullptr;
}

}  // namespace swarmlab::search
