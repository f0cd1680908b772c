#include "coordinator/server/inject.h"

#include <fmt/format.h>

#include "common/lab/scope.h"
#include "coordinator/server/queries.h"

namespace swarmlab::server {
namespace {

constexpr std::size_t kMostHypothesis = 1000;
constexpr std::size_t kMostMechanism = 8000;

Result<const swarm::FrontierEntry*> parent_of(const swarm::Lab& lab, const InjectWish& wish) {
  if (!lab.segment.baseline_measured) {
    return fail(ErrorCode::conflict, "lab {}: the baseline is not measured yet: try again later",
                wish.lab);
  }
  const ExperimentNumber number = wish.parent.value_or(lab.segment.baseline);
  const auto entry = lab.frontier.find(number);
  if (entry != lab.frontier.end()) return &entry->second;
  if (lab.rejected.contains(number)) {
    return fail(ErrorCode::conflict, "experiment {} of {} was rejected: nothing starts from it",
                number.value(), wish.lab);
  }
  return fail(ErrorCode::invalid_input,
              "experiment {} of {} is not in the frontier, expected one that was kept",
              number.value(), wish.lab);
}

std::string message_of(const InjectWish& wish) {
  const std::string subject =
      wish.hypothesis.empty() ? std::string("A candidate of a person") : wish.hypothesis;
  return fmt::format("{}\n\nInjected by {} from commit {}.\n", subject, wish.who,
                     wish.commit.hex());
}

}  // namespace

Result<swarm::InjectCandidate> plan_injection(const swarm::State& state,
                                              store::ObjectStore& objects, const InjectWish& wish,
                                              Timestamp now) {
  SWARMLAB_TRY(lab, server::find_lab(state, wish.lab));
  if (wish.hypothesis.size() > kMostHypothesis || wish.mechanism.size() > kMostMechanism) {
    return fail(ErrorCode::invalid_input,
                "the hypothesis has {} bytes, the mechanism {}: expected {} and {} at most",
                wish.hypothesis.size(), wish.mechanism.size(), kMostHypothesis, kMostMechanism);
  }
  if (!objects.has(wish.commit)) {
    return fail(ErrorCode::not_found, "commit {} is not here: it is to be sent first",
                wish.commit.hex());
  }
  SWARMLAB_TRY(parent, parent_of(*lab, wish));
  SWARMLAB_TRY(scope, Scope::from(lab->settings.artifact));
  SWARMLAB_TRY(
      grafted,
      objects.graft(
          {.commit = wish.commit,
           .parent = parent->commit,
           .is_editable = [scope = scope](std::string_view path) { return scope.editable(path); },
           .message = message_of(wish),
           .at = now}));
  return swarm::InjectCandidate{
      .lab = wish.lab,
      .candidate = {.commit = grafted.commit,
                    .tree = grafted.tree,
                    .notes = {.hypothesis = wish.hypothesis,
                              .mechanism = wish.mechanism,
                              .mechanism_confirmed = std::nullopt,
                              .notes = {},
                              .ideas = {}},
                    .injection = Injection{.who = wish.who, .from = wish.commit}},
      .parent = parent->number};
}

}  // namespace swarmlab::server
