// A coordinator without its socket: an engine on a real disk with real git objects, driven turn by
// turn, by a clock that stands still unless it is told.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "coordinator/server/engine.h"
#include "coordinator/store/objects.h"
#include "tests/coordinator/store/git_lab.h"
#include "tests/coordinator/store/stored_swarm.h"

namespace swarmlab::server {

using store::must;
using Candidate = store::GitLab::Candidate;

class ManualClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() override { return now_; }
  void pass(Milliseconds time) { now_ += time; }

 private:
  Timestamp now_{Milliseconds(1'700'000'000'000)};
};

inline Step step(swarm::Command command) {
  return Step{.command = std::move(command), .attachments = {}, .pack = {}};
}

inline LabSettings lab_named(const std::string& name) {
  LabSettings settings = swarm::settings_named(name);
  settings.artifact.editable = {"pipeline/**"};
  return settings;
}

class CoordinatorUnderTest {
 public:
  explicit CoordinatorUnderTest(const store::StoreOptions& options = store::small_options())
      : lab(folder.path()) {
    start(options);
  }

  // A new life on the same disk.
  void start(const store::StoreOptions& options = store::small_options()) {
    engine.reset();
    store::Store store = store::open_store(folder.store(), options);
    engine = must(
        Engine::open(std::move(store),
                     std::make_unique<store::Objects>(must(store::Objects::open(objects_folder()))),
                     must(store::Refs::open(objects_folder())), rules, clock));
  }
  // The next life finds a disk that has no room.
  void start_on_full_disk() {
    store::StoreOptions greedy = store::small_options();
    greedy.reserve_bytes = 1ULL << 60U;
    start(greedy);
  }

  [[nodiscard]] std::filesystem::path objects_folder() const {
    return folder.path() / "objects.git";
  }

  std::vector<swarm::Reply> turn(std::vector<Step> steps) {
    auto replies = engine->turn(std::move(steps));
    EXPECT_TRUE(replies) << replies.error().message;
    return replies ? std::move(*replies) : std::vector<swarm::Reply>();
  }
  swarm::Reply tell(Step one) {
    std::vector<Step> steps;
    steps.push_back(std::move(one));
    auto replies = turn(std::move(steps));
    return replies.empty() ? swarm::Reply(Error{ErrorCode::internal, "no reply"}) : replies.front();
  }
  // The reply, which must be of this kind.
  template <class Kind>
  Kind expect(Step one) {
    const swarm::Reply reply = tell(std::move(one));
    if (const Kind* kind = std::get_if<Kind>(&reply)) return *kind;
    ADD_FAILURE() << "another kind of reply: " << swarm::SwarmUnderTest::said(reply);
    return Kind{};
  }

  swarm::OpenLab opening(const LabSettings& settings) {
    const auto imported = engine->objects().import_commit(lab.path(), lab.base());
    EXPECT_TRUE(imported) << imported.error().message;
    swarm::Segment segment = swarm::measured_by(7);
    segment.lab_commit = lab.base();
    return {.settings = settings, .segment = segment, .who = "ann"};
  }
  void open_lab(const LabSettings& settings = lab_named("lab")) {
    expect<swarm::LabIsOpen>(step(opening(settings)));
  }

  static swarm::WorkerArrived arrival(const std::string& name, std::uint64_t session) {
    return {.worker = {.name = WorkerName(name),
                       .host_class = "epyc",
                       .slots = 4,
                       .joined_at = Timestamp{}},
            .session = SessionId(session),
            .held = {}};
  }
  void arrive(const std::string& name, std::uint64_t session = 1) {
    expect<swarm::Welcome>(step(arrival(name, session)));
  }
  swarm::Task work_for(const std::string& name, std::uint64_t session = 1) {
    const auto granted = expect<swarm::Granted>(
        step(swarm::WorkAsked{.worker = WorkerName(name), .session = SessionId(session)}));
    const auto found = engine->state().tasks.find(granted.task);
    return found == engine->state().tasks.end() ? swarm::Task{} : found->second;
  }

  [[nodiscard]] Report ended(const swarm::Task& task, Outcome outcome) const {
    Report report;
    report.task = task.id;
    report.token = task.lease ? task.lease->token : FencingToken();
    report.lab = task.lab;
    report.experiment = task.experiment;
    report.outcome = outcome;
    report.reason = "as the worker saw it";
    return report;
  }
  [[nodiscard]] Report scored(const swarm::Task& task, double score, const ObjectId& commit,
                              const ObjectId& tree) const {
    Report report = ended(task, Outcome::measured);
    report.reason.clear();
    report.commit = commit;
    report.tree = tree;
    Measurement& measurement = report.measurement.emplace();
    measurement.score = score;
    measurement.identity.tree = tree;
    measurement.identity.evaluator = engine->state().labs.at(task.lab).segment.evaluator_hash;
    return report;
  }
  [[nodiscard]] Report scored(const swarm::Task& task, double score, const Candidate& made) const {
    return scored(task, score, made.commit, made.tree);
  }
  [[nodiscard]] Report baseline(const swarm::Task& task, double score = 10) const {
    return scored(task, score, lab.base(), must(engine->objects().tree_of(lab.base())));
  }

  static Step handing_in(const std::string& worker, Report report, std::string_view pack = {}) {
    return Step{.command =
                    swarm::ReportArrived{
                        .worker = WorkerName(worker), .report = std::move(report), .decided = {}},
                .attachments = {},
                .pack = std::as_bytes(std::span(pack))};
  }
  swarm::ReportCounted counted(const std::string& worker, Report report,
                               std::string_view pack = {}) {
    return expect<swarm::ReportCounted>(handing_in(worker, std::move(report), pack));
  }

  // An open lab whose baseline is measured, and a worker "w" that is there.
  void begin(const LabSettings& settings = lab_named("lab")) {
    open_lab(settings);
    arrive("w");
    counted("w", baseline(work_for("w")));
  }

  // A change of the task's parent that nobody made before.
  Candidate candidate(const swarm::Task& task) {
    return lab.candidate(task.parent_commit, "pipeline/solve.py",
                         fmt::format("print({})\n", task.id.value()));
  }
  // An experiment of "w" from the ask to the report.
  ExperimentNumber run(double score, const std::string& hypothesis = {}) {
    const swarm::Task task = work_for("w");
    const Candidate made = candidate(task);
    Report report = scored(task, score, made);
    report.notes.hypothesis = hypothesis;
    counted("w", std::move(report), made.pack);
    return task.experiment;
  }

  [[nodiscard]] Experiment stored(ExperimentNumber number) const {
    auto found = must(engine->store().experiment(LabId(1), number));
    EXPECT_TRUE(found) << "experiment " << number.value() << " is not in the store";
    return found.value_or(Experiment{});
  }

  store::Folder folder;
  store::GitLab lab;
  ManualClock clock;
  swarm::Rules rules;
  std::unique_ptr<Engine> engine;
};

}  // namespace swarmlab::server
