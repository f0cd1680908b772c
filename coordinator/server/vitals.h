// How the coordinator is: its metrics, and what keeps it from its work. The loop makes it between
// turns, for whoever serves it on another thread; labels are bounded, whatever peers do.
#pragma once

#include <cstddef>
#include <vector>

#include "common/http/health.h"
#include "common/metrics/page.h"
#include "coordinator/server/refusals.h"
#include "coordinator/server/tally.h"
#include "coordinator/store/disk_space.h"
#include "coordinator/swarm/rules.h"
#include "coordinator/swarm/state.h"

namespace swarmlab::server {

struct Vitals {
  metrics::Page page;
  std::vector<http::Reason> reasons;
};

// What there is to tell.
struct VitalsSource {
  const swarm::State& state;
  const swarm::Rules& rules;
  const Tally& tally;
  const Refusals& refusals;
  store::DiskRoom disk;
  std::uint64_t reserve_bytes = 0;
  Sequence last_event;
  std::size_t peers = 0;
  Timestamp started_at;
  Timestamp now;
  Milliseconds ahead{0};  // of the machine's clock, which was set back
};

inline constexpr std::size_t kMostLabsTold = 100;  // those that are open go first, then new ones
inline constexpr std::size_t kMostPoolsTold = 64;

/// \complexity  linear in labs, workers and leases
[[nodiscard]] Vitals vitals_of(const VitalsSource& source);

/// A count, as metrics have it.
[[nodiscard]] inline double number(std::uint64_t count) {
  return static_cast<double>(count);
}

// Its parts.
void tell_labs(metrics::Page& page, const VitalsSource& source);
void tell_pools(metrics::Page& page, const VitalsSource& source);
void tell_work(metrics::Page& page, const VitalsSource& source);

}  // namespace swarmlab::server
