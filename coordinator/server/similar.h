// Sketches of the changes that were measured lately, by parent: what a new candidate is nearly the
// same as. Bounded, whatever the history: the newest of each parent, and of each lab. Derived from
// the store: a restart reads the newest anew.
//
// Threads: the coordinator's own thread only.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/model/experiment.h"

namespace swarmlab::server {

class Similar {
 public:
  struct Limits {
    std::size_t of_a_parent = 64;
    std::size_t of_a_lab = 1000;
  };
  Similar() = default;
  explicit Similar(const Limits& limits) : limits_(limits) {}

  /// Bytes that are no sketch are not taken.
  void add(LabId lab, ExperimentNumber parent, ExperimentNumber number, std::string sketch);

  /// The most similar change to the same parent, if it is at least `least` similar; of equal ones
  /// the oldest. Costs some 10 microseconds, whatever the history.
  [[nodiscard]] std::optional<NearDuplicate> nearest(LabId lab, ExperimentNumber parent,
                                                     std::string_view sketch, double least) const;

  [[nodiscard]] std::size_t size() const;  // sketches, for tests

 private:
  struct Known {
    ExperimentNumber number;
    std::string sketch;
  };
  struct OfLab {
    std::map<ExperimentNumber, std::deque<Known>> by_parent;
    std::deque<std::pair<ExperimentNumber, ExperimentNumber>> order;  // parent and number
  };
  static void forget(OfLab& lab, ExperimentNumber parent, ExperimentNumber number);

  Limits limits_;
  std::map<LabId, OfLab> labs_;
};

}  // namespace swarmlab::server
