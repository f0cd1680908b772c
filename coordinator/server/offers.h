// Which packs were offered to whom: a worker reads in chunks what it was allowed to fetch, not what
// another was. Forgets the oldest of a worker; who still reads it fetches it again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>

#include "common/strong_id.h"

namespace swarmlab::server {

class Offers {
 public:
  void add(const WorkerName& worker, std::uint64_t transfer) {
    if (has(worker, transfer)) return;
    std::deque<std::uint64_t>& offered = of_[worker];
    offered.push_back(transfer);
    if (offered.size() > kMost) offered.pop_front();
  }
  [[nodiscard]] bool has(const WorkerName& worker, std::uint64_t transfer) const {
    const auto found = of_.find(worker);
    return found != of_.end() && std::ranges::find(found->second, transfer) != found->second.end();
  }
  /// Of a name that is another key's now.
  void forget(const WorkerName& worker) { of_.erase(worker); }

 private:
  static constexpr std::size_t kMost = 256;  // of a worker: a few for each slot
  std::map<WorkerName, std::deque<std::uint64_t>> of_;
};

}  // namespace swarmlab::server
