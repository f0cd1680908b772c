#include "coordinator/server/engine.h"

#include <algorithm>
#include <utility>

#include "common/lab/scope.h"
#include "common/log/log.h"
#include "common/os/stopwatch.h"

namespace swarmlab::server {
namespace {

constexpr std::size_t kRemembered = 300;  // experiments a lab that briefs and results.tsv see

using swarm::ReportArrived;

ReportArrived* report_of(Step& step) {
  return std::get_if<ReportArrived>(&step.command);
}

// The task that a report may end, if its lease is the current one.
const swarm::Task* current_task(const swarm::State& state, const Report& report) {
  const auto found = state.tasks.find(report.task);
  if (found == state.tasks.end() || !found->second.lease ||
      found->second.lease->token != report.token) {
    return nullptr;
  }
  return &found->second;
}

// The candidate cannot be had or is not what the report says: the attempt failed, with the reason.
void refuse_candidate(Report& report, std::string reason) {
  report.outcome = Outcome::crash;
  report.reason = "the candidate was refused: " + std::move(reason);
  report.commit.reset();
  report.tree.reset();
  report.measurement.reset();
}

// Whether there is a candidate to look at. Half of one is none: nothing would have checked it when
// the record names it (I5). A duplicate has a tree alone, and the core looks that up.
bool names_candidate(Report& report) {
  if (report.outcome == Outcome::returned) return false;  // nothing of it is recorded
  if (report.commit && report.tree) return true;
  if (report.outcome == Outcome::measured) return false;  // the core refuses it
  if (report.commit) refuse_candidate(report, "it has a commit without its tree");
  if (report.outcome != Outcome::duplicate) report.tree.reset();
  return false;
}

bool brings_pack(const Step& step) {
  const auto* arrived = std::get_if<ReportArrived>(&step.command);
  return arrived != nullptr && (!step.pack.empty() || step.staged != nullptr);
}

// The answer to what is not done while the disk is this full; nothing: it is done.
std::optional<swarm::Reply> when_disk_is_full(const Step& step, const store::DiskRoom& room,
                                              const swarm::Rules& rules) {
  if (room.level == store::DiskLevel::ok) return std::nullopt;
  if (std::holds_alternative<swarm::Heartbeat>(step.command) ||
      std::holds_alternative<swarm::Restarted>(step.command)) {
    return std::nullopt;
  }
  if (std::holds_alternative<swarm::WorkAsked>(step.command)) {
    return swarm::NothingToDo{.because = room.text, .retry_after = 10 * rules.retry_ask};
  }
  const bool later = room.level == store::DiskLevel::read_only ||
                     (room.level == store::DiskLevel::no_packs && brings_pack(step));
  if (!later) return std::nullopt;
  return Error{ErrorCode::unavailable, room.text};
}

}  // namespace

// What a turn gathers before it is committed.
struct Engine::Draft {
  std::vector<swarm::Change> changes;
  std::vector<swarm::Reply> replies;
  std::vector<store::AttachmentsOf> attachments;
  std::map<TaskId, Experiment> decided;  // in this burst: the store does not have them yet
  std::map<TaskId, std::vector<FencingToken>> charged;  // in this burst, whatever the task became
  store::DiskRoom room;  // how full the disk is: what is not done for it is answered by "later"
};

Engine::Engine(store::Store store, std::unique_ptr<store::ObjectStore> objects, store::Refs refs,
               swarm::Rules rules, Clock& clock, swarm::State state)
    : store_(std::move(store)),
      objects_(std::move(objects)),
      refs_(std::move(refs)),
      rules_(rules),
      clock_(clock),
      state_(std::move(state)),
      history_(kRemembered) {}

Result<std::unique_ptr<Engine>> Engine::open(store::Store store,
                                             std::unique_ptr<store::ObjectStore> objects,
                                             store::Refs refs, swarm::Rules rules, Clock& clock) {
  SWARMLAB_TRY(state, store.load());
  std::unique_ptr<Engine> engine(new Engine(std::move(store), std::move(objects), std::move(refs),
                                            rules, clock, std::move(state)));
  SWARMLAB_CHECK(engine->fill_history());
  std::vector<Step> steps;
  SWARMLAB_TRY(newest, engine->go_on_from_newest());
  steps.push_back(
      Step{.command = swarm::Restarted{.newest = newest}, .attachments = {}, .pack = {}});
  SWARMLAB_CHECK(engine->turn(std::move(steps)));
  return engine;
}

// What is stored happened: time goes on from there, even if the machine's clock was set back.
Result<std::optional<Timestamp>> Engine::go_on_from_newest() {
  const std::uint64_t last = store_.last_sequence().value();
  if (last == 0) return std::optional<Timestamp>();
  SWARMLAB_TRY(events, store_.events(Sequence(last - 1), 1));
  if (events.empty()) return std::optional<Timestamp>();
  const Timestamp newest = events.front().at;
  const Timestamp clock = clock_.now();
  if (clock < newest) {
    ahead_ = newest - clock;
    log::warning("the clock of this machine is {} s behind what is stored: time goes on from there",
                 std::chrono::ceil<std::chrono::seconds>(ahead_).count());
  }
  // On a full disk nothing can be stored: that no coordinator ran is not told then.
  return store_.has_room() ? std::optional(newest) : std::optional<Timestamp>();
}

Result<void> Engine::fill_history() {
  for (const auto& [id, lab] : state_.labs) {
    SWARMLAB_TRY(newest, store_.newest(id, kRemembered));
    for (auto it = newest.rbegin(); it != newest.rend(); ++it) {
      history_.add(*it);
      if (!it->parent || it->measurements.empty()) continue;
      SWARMLAB_TRY(sketch, store_.sketch(id, it->number));
      similar_.add(id, *it->parent, it->number, std::move(sketch));
    }
  }
  return {};
}

Result<std::vector<swarm::Reply>> Engine::turn(std::vector<Step> steps) {
  const Timestamp now = this->now();  // read once: a burst happens at one instant
  Draft draft;
  std::uint64_t incoming = 0;
  for (const Step& step : steps) incoming += step.pack.size();
  draft.room = store_.disk_room(incoming);
  SWARMLAB_CHECK(look_up_decided(steps));
  SWARMLAB_CHECK(ingest_candidates(steps, draft.room));
  mark_near_duplicates(steps);
  count_lines(steps);
  for (Step& step : steps) decide_step(draft, step, now);
  const Stopwatch committing;
  if (const Result<void> done = store_.commit(draft.changes, state_, now, draft.attachments);
      !done) {
    return within("commit of a turn", done.error());
  }
  if (std::ranges::any_of(draft.changes, swarm::is_stored)) {
    tally_.commits.add(committing.seconds());
    tally_.batches.add(static_cast<double>(steps.size()));
  }
  fact_log_.write();
  for (const swarm::Change& change : draft.changes) {
    if (const auto* finished = std::get_if<swarm::ExperimentFinished>(&change)) {
      history_.add(finished->experiment);
    } else if (const auto* rejected = std::get_if<swarm::ExperimentRejected>(&change)) {
      history_.reject(rejected->lab, rejected->experiment, rejected->rejection);
    }
  }
  return std::move(draft.replies);
}

Result<void> Engine::look_up_decided(std::vector<Step>& steps) const {
  for (Step& step : steps) {
    ReportArrived* arrived = report_of(step);
    if (arrived == nullptr || current_task(state_, arrived->report) != nullptr) continue;
    SWARMLAB_TRY(decided, store_.experiment(arrived->report.lab, arrived->report.experiment));
    arrived->decided = decided;
  }
  return {};
}

// What was given to be measured is here: anything else was never asked for.
void Engine::check_baseline(Report& report, const swarm::Task& task) const {
  if (*report.commit != task.parent_commit) {
    return refuse_candidate(report, "what was to be measured is " + task.parent_commit.brief() +
                                        ", not " + report.commit->brief());
  }
  const Result<ObjectId> tree = objects_->tree_of(*report.commit);
  if (!tree || *tree != *report.tree) {
    refuse_candidate(report, "its commit has another tree than the report says");
  }
}

// What was to be measured is known here: nothing else counts.
void Engine::check_candidate(Report& report, const swarm::Candidate& candidate) {
  if (*report.commit == candidate.commit && *report.tree == candidate.tree) return;
  refuse_candidate(report, "the task is to measure " + candidate.commit.brief() + ", not " +
                               report.commit->brief());
}

Result<void> Engine::ingest_candidates(std::vector<Step>& steps, const store::DiskRoom& room) {
  std::vector<store::IncomingPack> packs;
  std::vector<Report*> owners;
  for (Step& step : steps) {
    ReportArrived* arrived = report_of(step);
    if (arrived == nullptr || when_disk_is_full(step, room, rules_)) continue;
    Report& report = arrived->report;
    const swarm::Task* task = current_task(state_, report);
    if (task == nullptr) continue;
    if (task->pending) {  // its candidate is here
      report.commit.reset();
      report.tree.reset();
      continue;
    }
    if (!names_candidate(report)) continue;
    if (task->kind == TaskKind::baseline || !makes_experiment(task->kind)) {
      check_baseline(report, *task);
      continue;
    }
    if (task->candidate) {  // here already
      check_candidate(report, *task->candidate);
      continue;
    }
    if (!step.broken.empty()) {
      refuse_candidate(report, step.broken);
      continue;
    }
    SWARMLAB_TRY(scope, Scope::from(state_.labs.at(task->lab).settings.artifact));
    packs.push_back(  // without bytes: an earlier try of the same report brought it
        {.bytes = {reinterpret_cast<const char*>(step.pack.data()), step.pack.size()},
         .staged = step.staged.get(),
         .commit = *report.commit,
         .tree = *report.tree,
         .parent = task->parent_commit,
         .merged =
             task->kind == TaskKind::merge ? std::optional(task->merge->commit) : std::nullopt,
         .is_editable = [scope = scope](std::string_view path) { return scope.editable(path); }});
    owners.push_back(&report);
  }
  if (packs.empty()) return {};
  const Stopwatch ingesting;
  SWARMLAB_TRY(results, objects_->ingest(packs));
  tally_.ingests.add(ingesting.seconds());
  for (std::size_t i = 0; i < owners.size(); ++i) {
    // Not the candidate's fault: what we have is damaged.
    if (!results[i] && results[i].error().code == ErrorCode::corrupt) {
      return within("the object store is damaged; restore a backup", results[i].error());
    }
    if (!results[i]) refuse_candidate(*owners[i], results[i].error().message);
  }
  return {};
}

void Engine::decide_step(Draft& draft, Step& step, Timestamp now) {
  if (auto later = when_disk_is_full(step, draft.room, rules_); later) {
    draft.replies.push_back(*std::move(later));
    return;
  }
  if (ReportArrived* arrived = report_of(step); arrived != nullptr && !arrived->decided) {
    const auto found = draft.decided.find(arrived->report.task);
    if (found != draft.decided.end()) arrived->decided = found->second;
  }
  if (ReportArrived* arrived = report_of(step); arrived != nullptr && arrived->decided) {
    // What the store has is from before the burst: a report that came twice in it costs once.
    const std::vector<FencingToken>& charged = draft.charged[arrived->decided->task];
    std::vector<FencingToken>& known = arrived->decided->charged;
    known.insert(known.end(), charged.begin(), charged.end());
  }
  swarm::Decision decision = decide(state_, rules_, step.command, now);
  for (const swarm::Change& change : decision.changes) {
    fact_log_.note(state_, change);
    tally_.note(state_, change, now);
    evolve(state_, change);
    const auto* finished = std::get_if<swarm::ExperimentFinished>(&change);
    if (const auto* spent = std::get_if<swarm::CostSpent>(&change)) {
      draft.charged[spent->task].push_back(spent->token);
    }
    if (finished != nullptr) draft.decided.emplace(finished->experiment.task, finished->experiment);
    if (report_of(step) != nullptr) keep_attachments(draft, step, change);
    draft.changes.push_back(change);
  }
  fact_log_.note(step.command, decision.reply);
  tally_.note(step.command, decision.reply, !decision.changes.empty());
  draft.replies.push_back(std::move(decision.reply));
}

std::optional<NearDuplicate> Engine::near_duplicate(const swarm::Task& task,
                                                    std::string_view sketch) const {
  if (!task.parent) return std::nullopt;
  return similar_.nearest(task.lab, *task.parent, sketch,
                          state_.labs.at(task.lab).settings.search.similarity);
}

// What was decided since its worker asked counts as well. Of what was not measured, the worker says
// what it was told.
void Engine::mark_near_duplicates(std::vector<Step>& steps) const {
  for (Step& step : steps) {
    ReportArrived* arrived = report_of(step);
    if (arrived == nullptr || arrived->report.outcome != Outcome::measured) continue;
    const swarm::Task* task = current_task(state_, arrived->report);
    if (task == nullptr || task->pending) continue;
    arrived->report.near_duplicate = near_duplicate(*task, step.attachments.sketch);
  }
}

// Of candidates that are here by now, where the lab wants what is small.
void Engine::count_lines(std::vector<Step>& steps) {
  for (Step& step : steps) {
    ReportArrived* arrived = report_of(step);
    if (arrived == nullptr || !arrived->report.measurement || !arrived->report.commit) continue;
    const swarm::Task* task = current_task(state_, arrived->report);
    if (task == nullptr || task->pending || !makes_experiment(task->kind)) continue;
    const LabSettings& settings = state_.labs.at(task->lab).settings;
    const Simplicity& simplicity = settings.search.simplicity;
    if (!simplicity.counts || !simplicity.metric.empty()) continue;
    const auto scope = Scope::from(settings.artifact);
    if (!scope) continue;
    const auto lines = lines_.count(*objects_, *arrived->report.commit, *scope);
    if (lines) arrived->lines = *lines;
  }
}

// The texts of the first report are the experiment's: of a further measurement only what went
// wrong.
void Engine::keep_attachments(Draft& draft, Step& step, const swarm::Change& change) {
  const Experiment* experiment = nullptr;
  if (const auto* finished = std::get_if<swarm::ExperimentFinished>(&change)) {
    experiment = &finished->experiment;
  } else if (const auto* measured = std::get_if<swarm::CandidateMeasured>(&change)) {
    experiment = &measured->pending.experiment;
  }
  if (experiment == nullptr || !makes_experiment(experiment->kind)) return;
  if (experiment->measured_under.size() > 1) {
    if (report_of(step)->report.outcome == Outcome::measured) return;
    step.attachments.samples.clear();
  } else if (experiment->parent && !experiment->measurements.empty()) {
    similar_.add(experiment->lab, *experiment->parent, experiment->number, step.attachments.sketch);
  }
  draft.attachments.push_back({.lab = experiment->lab,
                               .number = experiment->number,
                               .attachments = std::move(step.attachments)});
}

Result<void> Engine::tidy() {
  while (true) {
    SWARMLAB_TRY(more, refs_.follow(store_, state_));
    if (!more) break;
  }
  return objects_->compact_if_needed();
}

Result<void> Engine::close(const std::function<bool()>& hurry) {
  while (!hurry()) {
    SWARMLAB_TRY(more, refs_.follow(store_, state_));
    if (!more) break;
  }
  return refs_.flush();
}

}  // namespace swarmlab::server
