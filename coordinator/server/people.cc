// What people on the edges ask of a running lab, read into steps, and answered: hints, candidates
// of their own, rejections.
#include <algorithm>

#include "common/wire/field_codec.h"
#include "common/wire/record_codec.h"
#include "coordinator/server/desk.h"
#include "coordinator/server/inject.h"
#include "coordinator/server/views.h"

namespace swarmlab::server {
namespace {

Step step_of(swarm::Command command) {
  return Step{.command = std::move(command), .attachments = {}, .pack = {}};
}

}  // namespace

void Desk::take_hint(Request& request, schema::Hint::Reader hint, std::vector<Step>& steps) {
  if (hint.getWithdraw() != 0) {
    steps.push_back(step_of(swarm::WithdrawHint{.lab = hint.getLab().cStr(),
                                                .number = HintNumber(hint.getWithdraw()),
                                                .who = hint.getWho().cStr()}));
  } else {
    steps.push_back(step_of(swarm::GiveHint{
        .lab = hint.getLab().cStr(), .text = hint.getText().cStr(), .who = hint.getWho().cStr()}));
  }
  request.step = steps.size() - 1;
}

void Desk::take_inject(Request& request, schema::Inject::Reader inject, std::vector<Step>& steps) {
  const auto commit = wire::object_id_of("commit", inject.getCommit());
  if (!commit) {
    request.refused = commit.error();
    return;
  }
  InjectWish wish{.lab = inject.getLab().cStr(),
                  .commit = *commit,
                  .hypothesis = inject.getHypothesis().cStr(),
                  .mechanism = inject.getMechanism().cStr(),
                  .who = inject.getWho().cStr()};
  if (inject.getParent() != 0) wish.parent = ExperimentNumber(inject.getParent());
  auto planned = plan_injection(engine_.state(), engine_.objects(), wish, engine_.now());
  if (!planned) {
    request.refused = planned.error();
    return;
  }
  steps.push_back(step_of(*std::move(planned)));
  request.step = steps.size() - 1;
}

void Desk::take_reject(Request& request, schema::Reject::Reader reject, std::vector<Step>& steps) {
  steps.push_back(
      step_of(swarm::RejectExperiment{.lab = reject.getLab().cStr(),
                                      .experiment = ExperimentNumber(reject.getExperiment()),
                                      .why = reject.getWhy().cStr(),
                                      .descendants = reject.getDescendants(),
                                      .who = reject.getWho().cStr()}));
  request.step = steps.size() - 1;
}

// False: the reply is of another kind.
bool Desk::write_people(const swarm::Reply& reply, schema::Envelope::Body::Builder body) const {
  const swarm::State& state = engine_.state();
  if (const auto* hint = std::get_if<swarm::HintStands>(&reply)) {
    write_view(body.initHinted(), state.labs.at(hint->lab), hint->number, hint->hint);
    body.getHinted().setHolds(hint->holds);
  } else if (const auto* injected = std::get_if<swarm::CandidateInjected>(&reply)) {
    write_view(body.initInjected(), state, *injected);
  } else if (const auto* rejected = std::get_if<swarm::Rejected>(&reply)) {
    write_view(body.initRejected(), state, *rejected);
  } else {
    return false;
  }
  return true;
}

}  // namespace swarmlab::server
