// Stores that released builds wrote, opened by this one. See tests/golden/README.md.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "coordinator/store/database.h"
#include "coordinator/store/meta.h"
#include "coordinator/store/refs.h"
#include "tests/coordinator/store/git_lab.h"
#include "tests/coordinator/store/stored_swarm.h"

namespace swarmlab::store {
namespace {

namespace fs = std::filesystem;

// The store of a coordinator that was killed, in a folder of the test.
class GoldenStore : public testing::Test {
 protected:
  GoldenStore() {
    const fs::path tests = fs::path(__FILE__).parent_path().parent_path().parent_path();
    const fs::path packed = tests / "golden" / "store-1" / "store.tar.gz";
    int code = 0;
    git::shell("tar -xzf '" + packed.string() + "' -C '" + folder.path().string() + "'", &code);
    if (code != 0) throw std::runtime_error("the golden store cannot be unpacked");
  }

  [[nodiscard]] std::map<std::string, std::string> bytes() const {
    std::map<std::string, std::string> files;
    for (const auto& file : fs::recursive_directory_iterator(folder.path())) {
      if (!file.is_regular_file()) continue;
      std::ifstream in(file.path(), std::ios::binary);
      files[file.path().string()] = {std::istreambuf_iterator<char>(in), {}};
    }
    return files;
  }

  Folder folder;
};

TEST_F(GoldenStore, LoadsWithItsLabsExperimentsAndRunningLeases) {
  const Store store = open_store(folder.store());
  const swarm::State state = must(store.load());
  ASSERT_EQ(state.labs.size(), 2U);
  const swarm::Lab& ended = state.labs.at(LabId(1));
  EXPECT_EQ(ended.settings.name, "ended");
  EXPECT_EQ(ended.status, swarm::LabStatus::stopped);
  const swarm::Lab& running = state.labs.at(LabId(2));
  EXPECT_EQ(running.status, swarm::LabStatus::running);
  EXPECT_EQ(running.counters.experiments, 8U);
  ASSERT_TRUE(running.best);
  EXPECT_EQ(running.best->number, ExperimentNumber(7));
  std::size_t leased = 0;
  for (const auto& [id, task] : state.tasks) {
    if (!task.lease) continue;
    ++leased;
    EXPECT_EQ(task.lease->worker, WorkerName("golden"));
  }
  EXPECT_EQ(leased, 2U);
}

TEST_F(GoldenStore, HasTheFactsThatItsEventsAddUpTo) {
  const Store store = open_store(folder.store());
  EXPECT_TRUE(must(store.load()).same_facts(must(store.replay())));
}

TEST_F(GoldenStore, HasEveryExperimentWithItsCandidate) {
  const Store store = open_store(folder.store());
  const auto objects = Objects::open((folder.path() / "objects.git").string());
  ASSERT_TRUE(objects) << objects.error().message;
  const auto experiments = must(store.experiments(LabId(2), ExperimentNumber(0), 100));
  ASSERT_EQ(experiments.size(), 8U);
  for (const Experiment& experiment : experiments) {
    EXPECT_TRUE(!experiment.commit || objects->has(*experiment.commit));
  }
  EXPECT_EQ(experiments[0].kind, TaskKind::baseline);
  EXPECT_EQ(experiments[0].measurements.at(0).score, 1.0);
  EXPECT_EQ(experiments[6].verdict, Verdict::keep);
  EXPECT_EQ(experiments[6].measurements.at(0).score, 7.0);
  EXPECT_EQ(experiments[6].notes.hypothesis, "set it to 7");
}

// What a build of today does with a store of tomorrow.
TEST_F(GoldenStore, OfANewerSchemaIsRefusedAndNotAByteOfItChanges) {
  { open_store(folder.store()); }  // of today's schema
  {
    auto database = Database::open(folder.store(), Database::Mode::read_write, nullptr);
    ASSERT_TRUE(database) << database.error().message;
    Batch batch;
    batch.put(Family::meta, meta::kVersionKey, std::to_string(kSchemaVersion + 1));
    ASSERT_TRUE(database->write(std::move(batch)));
  }
  const auto before = bytes();
  for (const bool reading : {false, true}) {
    const auto store = reading ? Store::open_read_only(folder.store(), small_options())
                               : Store::open(folder.store(), small_options());
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, ErrorCode::invalid_input);
    EXPECT_NE(store.error().message.find("use a newer swarmlab"), std::string::npos)
        << store.error().message;
    EXPECT_TRUE(bytes() == before);
  }
}

}  // namespace
}  // namespace swarmlab::store
