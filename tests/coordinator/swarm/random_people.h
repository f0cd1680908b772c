// What people do to a random swarm while it works: hints, candidates of their own, rejections;
// right and wrong.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {

/// `below` draws a number below its argument.
inline std::pair<std::string, Command> any_wish_of_people(
    const State& state, const std::string& lab,
    const std::function<std::uint64_t(std::uint64_t)>& below) {
  const auto number = [&](std::uint64_t end) { return ExperimentNumber(1 + below(end)); };
  switch (below(6)) {
    case 0:
      return {"ann hints",
              GiveHint{
                  .lab = lab, .text = below(8) == 0 ? "" : std::to_string(below(5)), .who = "ann"}};
    case 1:
      return {"ann withdraws a hint",
              WithdrawHint{.lab = lab, .number = HintNumber(below(6)), .who = "ann"}};
    case 2:
    case 3: {
      InjectCandidate command{
          .lab = lab,
          .candidate = {.commit = object(90, 1),
                        .tree = object(60, static_cast<std::uint8_t>(below(40))),
                        .notes = {},
                        .injection = Injection{.who = "ann", .from = object(91)}},
          .parent = number(12)};
      command.candidate.commit = object(90, command.candidate.tree.bytes[1]);
      for (const auto& [id, one] : state.labs) {
        if (one.settings.name != lab || one.frontier.empty() || below(4) == 0) continue;
        auto entry = one.frontier.begin();
        std::advance(entry, below(one.frontier.size()));
        command.parent = entry->first;
      }
      return {"ann injects a candidate", command};
    }
    default: {
      RejectExperiment command{.lab = lab,
                               .experiment = number(12),
                               .why = below(8) == 0 ? "" : "it cheats",
                               .descendants = below(3) == 0,
                               .who = "ann"};
      for (const auto& [id, one] : state.labs) {
        if (one.settings.name == lab && one.best && below(2) == 0) {
          command.experiment = one.best->number;
        }
      }
      return {"ann rejects an experiment", command};
    }
  }
}

}  // namespace swarmlab::swarm
