// A worker with a lab of its own: a git repository, a coordinator that plays its part, and the real
// sandbox.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "common/git/library.h"
#include "common/git/pack.h"
#include "common/git/repository.h"
#include "common/os/clock.h"
#include "tests/worker/server/scripted_coordinator.h"
#include "worker/sandbox/sandbox.h"

namespace swarmlab::worker {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

// The user's repository: pipeline/solve.sh prints the score.
class LabRepository {
 public:
  explicit LabRepository(const std::string& path)
      : repository(must(git::Repository::init_bare(path))) {
    const ObjectId nothing = *ObjectId::from_hex("4b825dc642cb6eb9a060e54bf8d69288fbee4904");
    ObjectId tree = must(repository.replace_paths(nothing, {}));
    tree = with(tree, "lab.toml", "[lab]\n");
    base = commit(with(tree, "pipeline/solve.sh", "echo METRIC score=10\n"), {});
  }

  ObjectId with(const ObjectId& tree, const std::string& path, const std::string& text) {
    const ObjectId blob = must(repository.write_blob(text));
    return must(repository.replace_paths(
        tree, {{.path = path, .leaf = git::Leaf{.mode = git::FileMode::regular, .id = blob}}}));
  }
  ObjectId commit(const ObjectId& tree, const std::vector<ObjectId>& parents) {
    return must(repository.commit(tree, parents,
                                  {.author_name = "ann",
                                   .author_email = "ann@example.com",
                                   .at = Timestamp(Milliseconds(1'700'000'000'000)),
                                   .message = "change"}));
  }
  [[nodiscard]] std::string pack_of(const ObjectId& wanted) const {
    return must(git::make_pack(repository, {wanted}, {}));
  }

  git::Library library;
  git::Repository repository;
  ObjectId base;
};

inline CommandEvaluator evaluator(const std::string& command) {
  CommandEvaluator how;
  how.command = command;
  return how;
}

inline LabSettings lab_settings() {
  LabSettings settings;
  settings.name = "lab";
  settings.artifact.editable = {"pipeline/**"};
  settings.evaluator.how = evaluator("sh pipeline/solve.sh");
  settings.evaluator.timeout = std::chrono::seconds(60);
  settings.agent.command = "echo echo METRIC score=9 > pipeline/solve.sh";
  settings.agent.timeout = std::chrono::seconds(60);
  settings.limits.memory_bytes = 256ULL << 20U;
  settings.limits.processes = 64;
  settings.limits.disk_bytes = 64ULL << 20U;
  return settings;
}

class WithSandbox : public testing::Test {
 protected:
  void SetUp() override {
    auto made = sandbox::make_bubblewrap({});
    if (!made) GTEST_SKIP() << "no bubblewrap here: " << made.error().message;
    sandbox = std::move(*made);
    coordinator.offer(lab.pack_of(lab.base));
  }

  [[nodiscard]] Assignment task(std::uint64_t number, const LabSettings& settings) const {
    Assignment assignment;
    assignment.task = TaskId(number);
    assignment.token = FencingToken(10 * number);
    assignment.lab = LabId(1);
    assignment.experiment = ExperimentNumber(number);
    assignment.parent = ExperimentNumber(1);
    assignment.parent_commit = lab.base;
    assignment.lab_commit = lab.base;
    assignment.evaluator_hash = *ObjectId::from_hex(std::string(40, '7'));
    assignment.settings = settings;
    return assignment;
  }
  [[nodiscard]] Assignment baseline(const LabSettings& settings) const {
    Assignment assignment = task(1, settings);
    assignment.kind = TaskKind::baseline;
    assignment.parent.reset();
    return assignment;
  }

  LinkFolder folder;
  LabRepository lab{folder.path("user.git")};
  ScriptedCoordinator coordinator{folder.address()};
  SystemClock clock;
  std::unique_ptr<sandbox::Sandbox> sandbox;
};

}  // namespace swarmlab::worker
