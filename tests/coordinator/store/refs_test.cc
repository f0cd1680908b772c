#include "coordinator/store/refs.h"

#include <gtest/gtest.h>

#include "coordinator/store/packed_refs.h"
#include "tests/coordinator/store/git_lab.h"
#include "tests/coordinator/store/stored_swarm.h"

namespace swarmlab::store {
namespace {

// A swarm whose candidates are real commits.
class RefsTest : public testing::Test {
 protected:
  RefsTest()
      : lab(folder.path()),
        objects(must(Objects::open(path()))),
        store(open_store(folder.store())),
        swarm(store) {
    if (!objects.import_commit(lab.path(), lab.base())) throw std::runtime_error("import failed");
    auto segment = swarm::measured_by(7);
    segment.lab_commit = lab.base();
    auto settings = swarm::settings_named("my lab");
    settings.stop.max_iterations = 0;
    settings.metric.direction = Direction::maximize;
    swarm.open(settings, segment);
    swarm.arrive("w");
    const swarm::Task baseline = swarm.work_for("w");
    auto report = swarm.scored(baseline, 5.0);
    report.commit = lab.base();
    report.tree = must(objects.tree_of(lab.base()));
    report.measurement->identity.tree = *report.tree;
    swarm.counted("w", report);
  }

  [[nodiscard]] std::filesystem::path path() const { return folder.path() / "objects.git"; }

  // An experiment with a candidate of its own: kept if its score is the best so far.
  ObjectId run(double score) {
    const swarm::Task task = swarm.work_for("w");
    const auto candidate =
        lab.candidate(task.parent_commit, "pipeline/solve.py", std::to_string(task.id.value()));
    EXPECT_TRUE(must(objects.ingest(std::array{candidate.incoming()})).front());
    auto report = swarm.scored(task, score);
    report.commit = candidate.commit;
    report.tree = candidate.tree;
    report.measurement->identity.tree = candidate.tree;
    swarm.counted("w", report);
    return candidate.commit;
  }

  void follow(Refs& refs) {
    ASSERT_TRUE(swarm.commit());
    while (*refs.follow(store, swarm.state)) {
    }
  }

  [[nodiscard]] std::string ref(const std::string& name) const {
    const Said said = run_git(path(), "rev-parse --verify -q " + name);
    return said.text.substr(0, said.text.find('\n'));
  }

  Folder folder;
  GitLab lab;
  Objects objects;
  Store store;
  StoredSwarm swarm;
};

TEST_F(RefsTest, EveryCandidateHasOneTheKeptOnesAndTheBestHaveMore) {
  const ObjectId kept = run(9.0);
  const ObjectId discarded = run(1.0);
  auto refs = must(Refs::open(path()));
  follow(refs);
  EXPECT_EQ(ref("refs/swarmlab/my%20lab/exp/1"), lab.base().hex());
  EXPECT_EQ(ref("refs/swarmlab/my%20lab/exp/2"), kept.hex());
  EXPECT_EQ(ref("refs/swarmlab/my%20lab/exp/3"), discarded.hex());
  EXPECT_EQ(ref("refs/swarmlab/my%20lab/kept/2"), kept.hex());
  EXPECT_EQ(ref("refs/swarmlab/my%20lab/kept/3"), "");
  EXPECT_EQ(ref("refs/swarmlab/my%20lab/best"), kept.hex());
}

TEST_F(RefsTest, GitShowsTheLineOfTheBestAndFindsTheRepositorySound) {
  run(9.0);
  const ObjectId best = run(10.0);
  auto refs = must(Refs::open(path()));
  follow(refs);
  const Said log = run_git(path(), "log --format=%H refs/swarmlab/my%20lab/best");
  EXPECT_TRUE(log.well) << log.text;
  EXPECT_TRUE(log.text.starts_with(best.hex() + "\n")) << log.text;
  EXPECT_TRUE(log.text.ends_with(lab.base().hex() + "\n")) << log.text;
  const Said checked = run_git(path(), "fsck --full --strict --unreachable");
  EXPECT_TRUE(checked.well) << checked.text;
  EXPECT_EQ(checked.text.find("unreachable"), std::string::npos) << checked.text;
}

TEST_F(RefsTest, WhatGitCleansUpNoCandidateIsLost) {
  std::vector<ObjectId> candidates;
  for (const double score : {9.0, 1.0, 2.0, 10.0, 3.0}) candidates.push_back(run(score));
  auto refs = must(Refs::open(path()));
  follow(refs);
  ASSERT_TRUE(refs.flush());
  const Said cleaned = run_git(path(), "gc --prune=now --quiet");
  ASSERT_TRUE(cleaned.well) << cleaned.text;
  const Objects again = must(Objects::open(path()));
  for (const ObjectId& one : candidates) EXPECT_TRUE(again.has(one)) << one.hex();
}

TEST_F(RefsTest, GoOnAfterACrashFromTheirMark) {
  const ObjectId first = run(9.0);
  {
    auto refs = must(Refs::open(path()));
    follow(refs);
  }
  const ObjectId second = run(10.0);
  ASSERT_TRUE(swarm.commit());  // and here it died: nobody followed
  auto refs = must(Refs::open(path()));
  follow(refs);
  EXPECT_EQ(ref("refs/swarmlab/my%20lab/exp/2"), first.hex());
  EXPECT_EQ(ref("refs/swarmlab/my%20lab/exp/3"), second.hex());
}

TEST_F(RefsTest, AreWrittenAnewWhenTheMarkIsLostOrOfAnotherHistory) {
  const ObjectId first = run(9.0);
  ASSERT_TRUE(swarm.commit());
  for (const char* mark : {"no number\n", "99999999\n"}) {
    ASSERT_TRUE(write_file((path() / "swarmlab-refs").string(), mark));
    std::filesystem::remove(path() / "packed-refs");
    auto refs = must(Refs::open(path()));
    follow(refs);
    EXPECT_EQ(ref("refs/swarmlab/my%20lab/exp/2"), first.hex()) << mark;
  }
}

TEST_F(RefsTest, AreOneFileAndLeaveThoseOfOthersAlone) {
  const ObjectId candidate = run(9.0);
  ASSERT_TRUE(run_git(path(), "update-ref refs/heads/mine " + lab.base().hex()).well);
  ASSERT_TRUE(
      run_git(path(), "tag -a -m tagged v1 " + lab.base().hex()).well ||
      run_git(path(), "-c user.name=a -c user.email=a@b tag -a -m tagged v1 " + lab.base().hex())
          .well);
  ASSERT_TRUE(run_git(path(), "pack-refs --all").well);
  auto refs = must(Refs::open(path()));
  follow(refs);
  EXPECT_EQ(ref("refs/heads/mine"), lab.base().hex());
  EXPECT_EQ(ref("v1^{commit}"), lab.base().hex());
  EXPECT_EQ(ref("refs/swarmlab/my%20lab/best"), candidate.hex());
  EXPECT_FALSE(std::filesystem::exists(path() / "refs/swarmlab"));
  EXPECT_EQ(must(look_at_packed_refs(path())).count,
            7U);  // mine, v1; exp and kept of 1 and 2, best
}

TEST(RefFolder, IsANameThatGitTakesWhateverTheLabIsCalled) {
  for (const char* name : {"plain-1_x", "a b", "a..b", ".a", "a.lock", "a/b", "a.", "@{x}",
                           "~^:?*[", "\xc3\xa4", "a.b"}) {
    const Said said = run_git("/nonexistent", "check-ref-format '" + ref_folder(name) + "/exp/1'");
    EXPECT_TRUE(said.well) << ref_folder(name) << ": " << said.text;
  }
  EXPECT_EQ(ref_folder("plain-1_x"), "refs/swarmlab/plain-1_x");
  EXPECT_NE(ref_folder("a b"), ref_folder("a%20b"));
}

}  // namespace
}  // namespace swarmlab::store
