// Agents as a search sees them: some of what they try is useful, most is not, and now and then they
// try exactly what was tried before. The same idea in another form is another candidate.
#pragma once

#include <optional>

#include "bench/search/landscape.h"

namespace swarmlab::search {

// Parts of all runs; the rest tries something useless.
struct AgentModel {
  double crashes = 0.05;
  double useful = 0.20;      // the parent may have it already
  double duplicates = 0.10;  // of what any agent of the lab tried before
  double conflicts = 0.20;   // of merges: those that take an agent
};

// The agents of one lab.
class Agents {
 public:
  Agents(const Landscape& landscape, const AgentModel& model)
      : landscape_(landscape), model_(model) {}

  /// What an agent makes of a parent. Nothing: it crashed.
  [[nodiscard]] std::optional<Ideas> change(const Ideas& parent, Random& random);

 private:
  [[nodiscard]] Ideas proposal(const Ideas& parent, Random& random);

  const Landscape& landscape_;
  AgentModel model_;
  std::vector<Ideas> tried_;
};

}  // namespace swarmlab::search
