// A person promotes a kept candidate past the rule, says yes to a promotion that waits, or rejects
// it.
#include "common/result.h"
#include "coordinator/swarm/climb.h"
#include "coordinator/swarm/find.h"
#include "coordinator/swarm/handlers.h"

namespace swarmlab::swarm {
namespace {

// The scale that the candidate is to climb to next: the lowest that it is not measured at.
std::uint32_t next_scale(const Lab& lab, ExperimentNumber number) {
  for (std::uint32_t scale = 1; scale <= lab.rungs.size(); ++scale) {
    const auto climb = lab.rungs[scale - 1].climbs.find(number);
    if (climb == lab.rungs[scale - 1].climbs.end() || !climb->second.has_score()) return scale;
  }
  return static_cast<std::uint32_t>(lab.rungs.size()) + 1;
}

// What is wrong with steering it at all; empty: nothing.
std::string against(const Lab& lab, const SteerCandidate& command) {
  const std::string& name = lab.settings.name;
  const auto number = command.experiment.value();
  if (lab.rungs.empty()) {
    return fmt::format("lab {} has one scale, expected a [[scale]] to climb to", name);
  }
  if (!lab.frontier.contains(command.experiment)) {
    return fmt::format("experiment {} of {} was not kept in this segment, expected one that was",
                       number, name);
  }
  if (command.experiment == lab.segment.baseline) {
    return fmt::format("experiment {} is the baseline, which is measured at each scale anyway",
                       number);
  }
  return {};
}

std::string standing_of(const Lab& lab, std::uint32_t scale, ExperimentNumber number) {
  const auto climb = lab.rungs[scale - 1].climbs.find(number);
  if (climb == lab.rungs[scale - 1].climbs.end()) return {};
  return std::string(name_of(climb->second.standing));
}

Decision promote(Draft draft, const Lab& lab, const SteerCandidate& command, std::uint32_t scale,
                 Timestamp now) {
  const std::string standing = standing_of(lab, scale, command.experiment);
  if (standing == "promoted" || standing == "running") {
    return std::move(draft).with(Done{});  // it is asked for already
  }
  if (std::string closed = why_closed(lab, scale); !closed.empty()) {
    return refuse(ErrorCode::conflict,
                  fmt::format("nothing climbs to {}: {}", lab.settings.scales[scale].name, closed));
  }
  draft.add(Promoted{.lab = lab.id,
                     .experiment = command.experiment,
                     .scale = scale,
                     .why = command.reason.empty() ? "by hand" : command.reason,
                     .who = command.who,
                     .at = now});
  return std::move(draft).with(Done{});
}

Decision reject(Draft draft, const Lab& lab, const SteerCandidate& command, std::uint32_t scale,
                Timestamp now) {
  const std::string standing = standing_of(lab, scale, command.experiment);
  if (standing == "rejected") return std::move(draft).with(Done{});
  if (standing == "running") {
    return refuse(
        ErrorCode::conflict,
        fmt::format("experiment {} is being measured at {}: it is too late to reject that",
                    command.experiment.value(), lab.settings.scales[scale].name));
  }
  draft.add(PromotionRejected{.lab = lab.id,
                              .experiment = command.experiment,
                              .scale = scale,
                              .why = command.reason,
                              .who = command.who,
                              .at = now});
  return std::move(draft).with(Done{});
}

}  // namespace

Decision on(const State& state, const Rules& /*rules*/, const SteerCandidate& command,
            Timestamp now) {
  const Lab* lab = find_lab(state, command.lab);
  if (lab == nullptr) {
    return refuse(ErrorCode::not_found, fmt::format("no lab is named {}", command.lab));
  }
  if (std::string wrong = against(*lab, command); !wrong.empty()) {
    return refuse(ErrorCode::invalid_input, std::move(wrong));
  }
  const std::uint32_t scale = next_scale(*lab, command.experiment);
  if (scale > lab->rungs.size()) {
    return refuse(ErrorCode::conflict,
                  fmt::format("experiment {} is measured at {}, the largest scale of {}",
                              command.experiment.value(), lab->settings.scales.back().name,
                              lab->settings.name));
  }
  Draft draft(state, now);
  return command.wish == SteerCandidate::Wish::promote
             ? promote(std::move(draft), *lab, command, scale, now)
             : reject(std::move(draft), *lab, command, scale, now);
}

}  // namespace swarmlab::swarm
