// What there is to find: a candidate is a set of ideas, and a landscape says what a set is worth.
//
// Ideas of the landscape are numbered from 0. The others are forms, which say how an idea was put
// into code and change nothing, and useless ideas: what one of them does to a candidate follows
// from its number alone, nothing or harm.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string_view>
#include <vector>

#include "common/model/object_id.h"

namespace swarmlab::search {

using Random = std::mt19937_64;
using Idea = std::uint32_t;

inline constexpr Idea kFirstForm = 1U << 30U;
inline constexpr Idea kFirstUseless = 1U << 31U;

// In order, each once.
using Ideas = std::vector<Idea>;

/// Equal sets have equal trees.
[[nodiscard]] ObjectId tree_of(const Ideas& ideas);

void add(Ideas& ideas, Idea idea);
[[nodiscard]] bool has(const Ideas& ideas, Idea idea);
void remove(Ideas& ideas, Idea idea);
/// Of a candidate with these ideas: each has some 1 to 19 of its own, beside 100 of the baseline.
[[nodiscard]] std::uint64_t lines_of(const Ideas& ideas);

// additive: 40 improvements of random size, in any order. deceptive: a way of three large steps
// that ends, and one of 24 small ones that leads further; they exclude each other, and agents think
// of the first as often as of the second. plateau: 12 improvements of three steps each, of which
// the first two change nothing.
enum class Terrain : std::uint8_t { additive, deceptive, plateau };

[[nodiscard]] std::string_view name_of(Terrain terrain);

class Landscape {
 public:
  Landscape() = default;
  Landscape(const Landscape&) = delete;
  Landscape& operator=(const Landscape&) = delete;
  virtual ~Landscape() = default;

  /// Over the baseline; the size of a typical improvement is 1. Lower for useless ideas that harm.
  [[nodiscard]] double worth(const Ideas& ideas) const;
  /// The most that any set is worth.
  [[nodiscard]] virtual double reachable() const = 0;
  /// What an agent that is on to something adds to a parent. The parent may have it.
  [[nodiscard]] virtual Ideas useful(const Ideas& parent, Random& random) const = 0;

 private:
  [[nodiscard]] virtual double gain(const Ideas& ideas) const = 0;
};

[[nodiscard]] std::unique_ptr<Landscape> make_landscape(Terrain terrain, std::uint64_t seed);

}  // namespace swarmlab::search
