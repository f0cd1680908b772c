// A lab in a git repository of its own, and the store that a coordinator left after some
// experiments: made by the real engine, without workers.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "common/git/library.h"
#include "common/git/repository.h"
#include "common/lab/lab.h"
#include "common/os/file.h"
#include "coordinator/server/engine.h"
#include "coordinator/store/objects.h"
#include "coordinator/store/refs.h"
#include "tests/cli/command_line.h"

namespace swarmlab::cli {

class FixedClock final : public Clock {
 public:
  Timestamp now() override { return now_ += std::chrono::seconds(1); }

 private:
  Timestamp now_{std::chrono::seconds(1'800'000'000)};
};

class SwarmOnDisk : public testing::Test {
 protected:
  void SetUp() override {
    auto folder = TempFolder::create(testing::TempDir(), "swarmlab-cli");
    ASSERT_TRUE(folder);
    folder_.emplace(std::move(*folder));
    const Ran made = cli("init", {"--quiet", "lab"});
    ASSERT_EQ(made.exit_code, kDone) << made.err;
  }

  [[nodiscard]] std::filesystem::path root() const { return folder_->path(); }
  [[nodiscard]] std::filesystem::path lab() const { return root() / "lab"; }
  [[nodiscard]] git::Repository repository() const {
    return std::move(*git::Repository::open(lab().string()));
  }

  [[nodiscard]] Ran cli(const std::string& command, std::vector<std::string> rest = {}) const {
    rest.insert(rest.begin(), command);
    const std::filesystem::path cwd = std::filesystem::exists(lab()) ? lab() : root();
    return run(rest, cwd,
               {{"PATH", "/usr/local/bin:/usr/bin:/bin"},
                {"HOME", root().string()},
                {"TMPDIR", root().string()}});
  }

  // Opens the lab and measures its baseline, which scores 10.
  void start() {
    SystemClock wall;
    const std::filesystem::path state = lab() / ".swarmlab";
    ASSERT_TRUE(make_folders(state.string(), 0700));
    std::ofstream(state / ".gitignore") << "*\n";
    auto store = store::Store::open(state / "store");
    ASSERT_TRUE(store) << store.error().message;
    auto objects = store::Objects::open(state / "objects.git");
    ASSERT_TRUE(objects) << objects.error().message;
    auto refs = store::Refs::open(state / "objects.git");
    ASSERT_TRUE(refs) << refs.error().message;
    auto engine = server::Engine::open(std::move(*store),
                                       std::make_unique<store::Objects>(std::move(*objects)),
                                       std::move(*refs), swarm::Rules{}, clock_);
    ASSERT_TRUE(engine) << engine.error().message;
    engine_ = std::move(*engine);
    const ObjectId head = *repository().head_commit();
    ASSERT_TRUE(engine_->objects().import_commit(lab(), head));
    swarm::OpenLab open;
    std::ifstream file(lab() / "lab.toml");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    open.settings = *read_lab(text, "", "lab");
    open.segment.lab_commit = head;
    open.segment.evaluator_hash = head;
    turn(open);
    swarm::WorkerArrived arrived;
    arrived.worker.name = WorkerName("w1");
    arrived.worker.slots = 1;
    arrived.session = SessionId(7);
    turn(arrived);
    measure({.score = 10.0});
  }

  struct Attempt {
    std::optional<double> score;  // none: it crashed
    std::string hypothesis = {};
  };

  // Asks for a task and reports it. \return  the experiment's number
  std::uint64_t measure(const Attempt& attempt) {
    const swarm::Reply reply =
        turn(swarm::WorkAsked{.worker = WorkerName("w1"), .session = SessionId(7)});
    const auto* granted = std::get_if<swarm::Granted>(&reply);
    EXPECT_NE(granted, nullptr);
    if (granted == nullptr) return 0;
    const Assignment assignment = *engine_->assignment(granted->task);
    Report report;
    report.task = assignment.task;
    report.token = assignment.token;
    report.lab = assignment.lab;
    report.experiment = assignment.experiment;
    report.outcome = attempt.score ? Outcome::measured : Outcome::crash;
    report.reason = attempt.score ? "" : "agent: exit code 1";
    report.notes.hypothesis = attempt.hypothesis;
    report.host_class = "cpu";
    if (attempt.score) add_measurement(report, assignment, *attempt.score);
    turn(swarm::ReportArrived{.worker = WorkerName("w1"), .report = report, .decided = {}});
    return assignment.experiment.value();
  }

  // As a coordinator that ended.
  void stop() { engine_.reset(); }

 private:
  swarm::Reply turn(swarm::Command command) {
    std::vector<server::Step> steps;
    steps.push_back({.command = std::move(command), .attachments = {}, .pack = {}});
    auto replies = engine_->turn(std::move(steps));
    EXPECT_TRUE(replies) << replies.error().message;
    if (const auto* error = std::get_if<Error>(&replies->front())) ADD_FAILURE() << error->message;
    return replies->front();
  }

  // The candidate is written to the coordinator's objects at once, so that no pack is needed.
  void add_measurement(Report& report, const Assignment& assignment, double score) {
    auto objects = *git::Repository::open((lab() / ".swarmlab/objects.git").string());
    ObjectId tree = *objects.tree_of(assignment.parent_commit);
    if (assignment.kind == TaskKind::explore) {
      const ObjectId blob =
          *objects.write_blob(fmt::format("# {}\n", assignment.experiment.value()));
      tree =
          *objects.replace_paths(tree, {{"solution.py", git::Leaf{git::FileMode::regular, blob}}});
      report.commit = *objects.commit(tree, {assignment.parent_commit},
                                      {.author_name = "w1",
                                       .author_email = "w1@localhost",
                                       .at = clock_.now(),
                                       .message = "candidate"});
      report.tree = tree;
    } else {
      report.commit = assignment.parent_commit;
      report.tree = tree;
    }
    Measurement measurement;
    measurement.identity.evaluator = assignment.evaluator_hash;
    measurement.identity.tree = tree;
    measurement.identity.scale = assignment.settings.scale;
    measurement.identity.host_class = "cpu";
    measurement.score = score;
    measurement.metrics = {{"mean_error", score / 2}};
    measurement.took = Milliseconds(5);
    measurement.worker = WorkerName("w1");
    report.measurement = measurement;
  }

  git::Library library_{{.fsync = false}};
  std::optional<TempFolder> folder_;
  FixedClock clock_;
  std::unique_ptr<server::Engine> engine_;
};

}  // namespace swarmlab::cli
