// Which packs were offered to whom: who reads in chunks reads what it was allowed to fetch, not
// what another was. Forgets the oldest of each; who still reads it fetches it again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <string>

namespace swarmlab::server {

class Offers {
 public:
  void add(const std::string& whom, std::uint64_t transfer) {
    if (has(whom, transfer)) return;
    std::deque<std::uint64_t>& offered = of_[whom];
    offered.push_back(transfer);
    if (offered.size() > kMost) offered.pop_front();
  }
  [[nodiscard]] bool has(const std::string& whom, std::uint64_t transfer) const {
    const auto found = of_.find(whom);
    return found != of_.end() && std::ranges::find(found->second, transfer) != found->second.end();
  }
  /// Of a name that is another key's now.
  void forget(const std::string& whom) { of_.erase(whom); }

 private:
  static constexpr std::size_t kMost = 256;  // of each: a few for every slot of a worker
  std::map<std::string, std::deque<std::uint64_t>> of_;
};

}  // namespace swarmlab::server
