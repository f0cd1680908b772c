// The latest experiments of each lab in memory: what briefs are written from, so that handing out a
// task reads nothing from disk. Bounded; everything older is in the store.
#pragma once

#include <deque>
#include <map>

#include "common/model/experiment.h"

namespace swarmlab::server {

class History {
 public:
  explicit History(std::size_t limit) : limit_(limit) {}

  void add(const Experiment& experiment) {
    auto& recent = labs_[experiment.lab];
    recent.push_back(experiment);
    if (recent.size() > limit_) recent.pop_front();
  }
  /// A person took one out: briefs tell.
  void reject(LabId lab, ExperimentNumber number, const Rejection& rejection) {
    for (Experiment& experiment : labs_[lab]) {
      if (experiment.number == number) experiment.rejection = rejection;
    }
  }
  /// Decided lately, oldest first. Valid until the next add().
  [[nodiscard]] const std::deque<Experiment>& of(LabId lab) const {
    static const std::deque<Experiment> none;
    const auto found = labs_.find(lab);
    return found == labs_.end() ? none : found->second;
  }

 private:
  std::size_t limit_;
  std::map<LabId, std::deque<Experiment>> labs_;
};

}  // namespace swarmlab::server
