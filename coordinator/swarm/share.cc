#include "coordinator/swarm/share.h"

#include <algorithm>
#include <tuple>

#include "common/result.h"

namespace swarmlab::swarm {
namespace {

constexpr Milliseconds kUnknown = std::chrono::minutes(1);  // how long a lease lasts
constexpr std::uint64_t kScale = 1000;                      // of virtual time, so that weights fit
constexpr Milliseconds::rep kOld = 7;                       // of 8 parts of a mean that moves

std::uint64_t weight_of(const Lab& lab) {
  return std::max<std::uint64_t>(1, lab.settings.weight);
}

std::uint64_t start_of(const Shares& shares, LabId lab) {
  const auto known = shares.labs.find(lab);
  return known == shares.labs.end() ? shares.now : std::max(shares.now, known->second.next);
}

}  // namespace

std::size_t whose_turn(const Shares& shares, std::span<const Contender> contenders) {
  SWARMLAB_ASSERT(!contenders.empty());
  std::uint64_t weights = 0;
  std::uint64_t leases = 1;  // with the one that is given now
  for (const Contender& one : contenders) {
    weights += weight_of(*one.lab);
    leases += one.running;
  }
  const auto is_behind = [&](const Contender& one) {
    return leases * weight_of(*one.lab) >= (one.running + 1) * weights;
  };
  const auto goes_before = [&](const Contender& a, const Contender& b) {
    if (is_behind(a) != is_behind(b)) return is_behind(a);
    const std::uint64_t by_weight_a = a.running * weight_of(*b.lab);
    const std::uint64_t by_weight_b = b.running * weight_of(*a.lab);
    if (is_behind(a) && by_weight_a != by_weight_b) return by_weight_a < by_weight_b;
    return std::tuple(start_of(shares, a.lab->id), a.lab->id) <
           std::tuple(start_of(shares, b.lab->id), b.lab->id);
  };
  const auto first = std::ranges::min_element(contenders, goes_before);
  return static_cast<std::size_t>(first - contenders.begin());
}

void note_granted(Shares& shares, const Lab& lab) {
  const std::uint64_t start = start_of(shares, lab.id);
  Shares::OfLab& share = shares.labs[lab.id];
  const Milliseconds lasts = share.mean.count() > 0 ? share.mean : kUnknown;
  shares.now = start;
  share.next = start + std::max<std::uint64_t>(
                           1, static_cast<std::uint64_t>(lasts.count()) * kScale / weight_of(lab));
}

void note_ended(Shares& shares, LabId lab, Milliseconds lasted) {
  Milliseconds& mean = shares.labs[lab].mean;
  lasted = std::max(lasted, Milliseconds(1));
  mean = mean.count() == 0 ? lasted : (kOld * mean + lasted) / (kOld + 1);
}

}  // namespace swarmlab::swarm
