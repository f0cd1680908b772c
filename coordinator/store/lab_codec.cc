// The record of a lab.
#include "common/wire/lab_codec.h"

#include <algorithm>

#include "common/wire/bytes_codec.h"
#include "common/wire/field_codec.h"
#include "common/wire/record_codec.h"
#include "coordinator/store/codec.h"
#include "coordinator/store/people_codec.h"
#include "coordinator/store/state_codec.h"

namespace swarmlab::store {

namespace {

void write(schema::Lab::Counters::Builder to, const swarm::Counters& counters) {
  to.setExperiments(counters.experiments);
  to.setIterations(counters.iterations);
  to.setWithoutKeep(counters.without_keep);
  auto counts = to.initByVerdict(static_cast<unsigned>(counters.by_verdict.size()));
  unsigned place = 0;
  for (const auto& [verdict, count] : counters.by_verdict) {
    counts[place].setVerdict(wire::to_schema(verdict));
    counts[place].setCount(count);
    ++place;
  }
}

Result<swarm::Counters> read(schema::Lab::Counters::Reader from) {
  swarm::Counters counters{.experiments = from.getExperiments(),
                           .iterations = from.getIterations(),
                           .by_verdict = {},
                           .without_keep = from.getWithoutKeep()};
  for (const auto count : from.getByVerdict()) {
    SWARMLAB_TRY(verdict, wire::read(count.getVerdict()));
    counters.by_verdict[verdict] = count.getCount();
  }
  return counters;
}

void write(schema::Lab::Budget::Builder to, const swarm::Budget& budget) {
  to.setSpentMicroUsd(budget.spent.value());
  to.setReservedMicroUsd(budget.reserved.value());
  to.setCharged(budget.charged);
  to.setActiveMs(budget.active.count());
  store::write(to.initRunningSince(), budget.running_since);
}

swarm::Budget read(schema::Lab::Budget::Reader from) {
  return {.spent = MicroUsd(from.getSpentMicroUsd()),
          .reserved = MicroUsd(from.getReservedMicroUsd()),
          .charged = from.getCharged(),
          .active = Milliseconds(from.getActiveMs()),
          .running_since = store::read(from.getRunningSince())};
}

void write(schema::Lab::Prospects::Builder to, const judge::Prospects& prospects) {
  auto memories = to.initMemories(static_cast<unsigned>(prospects.memories.size()));
  for (unsigned i = 0; i < prospects.memories.size(); ++i) {
    memories[i].setSuccesses(prospects.memories.at(i).successes);
    memories[i].setFailures(prospects.memories.at(i).failures);
    memories[i].setWeight(prospects.memories.at(i).weight);
  }
  to.setGain(prospects.gain);
  to.setGains(prospects.gains);
  to.setCostUsd(prospects.cost_usd);
  to.setCosts(prospects.costs);
}

// Of a build that remembered otherwise, and of none: as a lab that begins.
Result<judge::Prospects> read(schema::Lab::Prospects::Reader from) {
  judge::Prospects prospects;
  const auto memories = from.getMemories();
  if (memories.size() != prospects.memories.size()) return prospects;
  for (unsigned i = 0; i < memories.size(); ++i) {
    SWARMLAB_TRY(successes, wire::finite("successes", memories[i].getSuccesses()));
    SWARMLAB_TRY(failures, wire::finite("failures", memories[i].getFailures()));
    SWARMLAB_TRY(weight, wire::finite("weight", memories[i].getWeight()));
    prospects.memories.at(i) = {.successes = successes, .failures = failures, .weight = weight};
  }
  SWARMLAB_TRY(gain, wire::finite("gain", from.getGain()));
  SWARMLAB_TRY(gains, wire::finite("gains", from.getGains()));
  SWARMLAB_TRY(cost_usd, wire::finite("costUsd", from.getCostUsd()));
  SWARMLAB_TRY(costs, wire::finite("costs", from.getCosts()));
  prospects.gain = gain;
  prospects.gains = gains;
  prospects.cost_usd = cost_usd;
  prospects.costs = costs;
  return prospects;
}

void write(capnp::List<schema::Lab::LearnedOther>::Builder to,
           const std::map<std::string, judge::Learned>& others) {
  unsigned place = 0;
  for (const auto& [metric, learned] : others) {
    to[place].setMetric(wire::text_of(metric));
    store::write(to[place].initLearned(), learned);
    ++place;
  }
}

Result<std::map<std::string, judge::Learned>> read(
    capnp::List<schema::Lab::LearnedOther>::Reader from) {
  std::map<std::string, judge::Learned> others;
  for (const auto other : from) {
    SWARMLAB_TRY(learned, store::read(other.getLearned()));
    others.emplace(wire::string_of(other.getMetric()), std::move(learned));
  }
  return others;
}

Result<swarm::Lab> read(schema::Lab::Reader from) {
  SWARMLAB_TRY(id, from_one("id", from.getId()));
  SWARMLAB_TRY(settings, wire::read(from.getSettings()));
  SWARMLAB_TRY(segment, store::read(from.getSegment()));
  SWARMLAB_TRY(status, store::read(from.getStatus()));
  SWARMLAB_TRY(next_experiment, from_one("nextExperiment", from.getNextExperiment()));
  SWARMLAB_TRY(counters, read(from.getCounters()));
  SWARMLAB_TRY(prospects, read(from.getProspects()));
  SWARMLAB_TRY(learned_others, read(from.getLearnedOthers()));
  SWARMLAB_TRY(learned, store::read(from.getLearned()));
  swarm::Lab lab{.id = LabId(id),
                 .settings = std::move(settings),
                 .origin = std::nullopt,
                 .segment = segment,
                 .status = status,
                 .stop_reason = wire::string_of(from.getStopReason()),
                 .next_experiment = ExperimentNumber(next_experiment),
                 .counters = std::move(counters),
                 .budget = read(from.getBudget()),
                 .best = std::nullopt,
                 .frontier = {},
                 .islands = {},
                 .trees = {},
                 .learned = std::move(learned),
                 .prospects = prospects,
                 .simplifying = std::nullopt,
                 .learned_others = std::move(learned_others)};
  if (from.hasSimplifying()) {
    lab.simplifying =
        swarm::Simplifying{.champion = ExperimentNumber(from.getSimplifying().getChampion()),
                           .step = ExperimentNumber(from.getSimplifying().getStep())};
  }
  lab.next_hint = HintNumber(std::max<std::uint64_t>(from.getNextHint(), 1));
  for (const auto hint : from.getHints()) {
    lab.hints.emplace(HintNumber(hint.getNumber()), store::read(hint));
  }
  for (const auto island : from.getIslands()) {
    lab.islands.push_back({.founder = ExperimentNumber(island.getFounder()),
                           .since = ExperimentNumber(island.getSince())});
  }
  for (const auto one : from.getRungs()) {
    SWARMLAB_TRY(rung, store::read(one));
    lab.rungs.push_back(std::move(rung));
  }
  for (const auto entry : from.getRejected()) {
    SWARMLAB_TRY(rejected, read_kept(entry));
    SWARMLAB_CHECK(put_back_rejected(lab, std::move(rejected)));
  }
  if (from.hasBackoff()) {
    SWARMLAB_TRY(backoff, store::read(from.getBackoff()));
    lab.backoff = std::move(backoff);
  }
  if (from.hasBest()) {
    SWARMLAB_TRY(best, store::read(from.getBest()));
    lab.best = best;
  }
  if (from.hasOrigin()) {
    SWARMLAB_TRY(origin, store::read(from.getOrigin()));
    lab.origin = std::move(origin);
  }
  return lab;
}

// What people said and did.
void write_people(schema::Lab::Builder to, const swarm::Lab& lab) {
  to.setNextHint(lab.next_hint.value());
  auto hints = to.initHints(static_cast<unsigned>(lab.hints.size()));
  unsigned place = 0;
  for (const auto& [number, hint] : lab.hints) store::write(hints[place++], number, hint);
  auto rejected = to.initRejected(static_cast<unsigned>(lab.rejected.size()));
  place = 0;
  for (const auto& [number, entry] : lab.rejected)
    store::write(rejected[place++], kept_of(lab, entry));
}

}  // namespace

std::string to_bytes(const swarm::Lab& lab) {
  return wire::encode<schema::Lab>([&](schema::Lab::Builder to) {
    to.setId(lab.id.value());
    wire::write(to.initSettings(), lab.settings);
    write(to.initSegment(), lab.segment);
    to.setStatus(to_schema(lab.status));
    to.setStopReason(wire::text_of(lab.stop_reason));
    to.setNextExperiment(lab.next_experiment.value());
    write(to.initCounters(), lab.counters);
    write(to.initBudget(), lab.budget);
    if (lab.best) write(to.initBest(), *lab.best);
    auto islands = to.initIslands(static_cast<unsigned>(lab.islands.size()));
    for (unsigned i = 0; i < lab.islands.size(); ++i) {
      islands[i].setFounder(lab.islands[i].founder.value());
      islands[i].setSince(lab.islands[i].since.value());
    }
    if (lab.origin) write(to.initOrigin(), *lab.origin);
    write(to.initProspects(), lab.prospects);
    if (lab.simplifying) {
      auto simplifying = to.initSimplifying();
      simplifying.setChampion(lab.simplifying->champion.value());
      simplifying.setStep(lab.simplifying->step.value());
    }
    write_people(to, lab);
    if (lab.backoff) store::write(to.initBackoff(), *lab.backoff);
    write(to.initLearnedOthers(wire::length_of(lab.learned_others)), lab.learned_others);
    store::write(to.initLearned(), lab.learned);
    auto rungs = to.initRungs(static_cast<unsigned>(lab.rungs.size()));
    for (unsigned i = 0; i < lab.rungs.size(); ++i) store::write(rungs[i], lab.rungs[i]);
  });
}

Result<swarm::Lab> lab_from(std::string_view bytes) {
  return wire::decode<schema::Lab>("lab", wire::bytes_of(bytes),
                                   [](schema::Lab::Reader from) { return read(from); });
}

}  // namespace swarmlab::store
