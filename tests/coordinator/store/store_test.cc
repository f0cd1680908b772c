#include "coordinator/store/store.h"

#include <gtest/gtest.h>

#include <fstream>

#include "coordinator/store/database.h"
#include "coordinator/store/keys.h"
#include "coordinator/store/meta.h"
#include "tests/coordinator/store/stored_swarm.h"

namespace swarmlab::store {
namespace {

const LabId kLab{1};
const SegmentNumber kSegment{1};

std::vector<std::uint64_t> numbers_of(const std::vector<Experiment>& experiments) {
  std::vector<std::uint64_t> numbers;
  for (const Experiment& one : experiments) numbers.push_back(one.number.value());
  return numbers;
}

TEST(Store, ANewOneIsEmpty) {
  const Folder folder;
  const Store store = open_store(folder.store());
  EXPECT_TRUE(store.load()->same_facts(swarm::State{}));
  EXPECT_EQ(store.last_sequence(), Sequence(0));
  EXPECT_TRUE(store.events(Sequence(0), 10)->empty());
}

TEST(Store, LoadsWhatWasCommittedAfterItWasClosed) {
  const Folder folder;
  swarm::State before;
  {
    Store store = open_store(folder.store());
    StoredSwarm swarm(store);
    swarm.start(swarm::settings_named("lab"));
    swarm.run(9.0);
    swarm.work_for("w");  // stays open
    ASSERT_TRUE(swarm.commit());
    before = swarm.state;
  }
  const Store store = open_store(folder.store());
  const auto loaded = store.load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_TRUE(loaded->same_facts(before));
  EXPECT_EQ(loaded->index, before.index);
  EXPECT_EQ(loaded->tasks.size(), 1U);
}

TEST(Store, RecordsEqualTheReplayOfTheLogAfterAnyWalk) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Folder folder;
    Store store = open_store(folder.store());
    StoredSwarm swarm(store);
    Walk walk(swarm, seed);
    for (int turn = 0; turn < 30; ++turn) {
      for (int step = 0; step < 12; ++step) walk.step();
      ASSERT_TRUE(swarm.commit());
    }
    const auto loaded = store.load();
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_TRUE(loaded->same_facts(swarm.state)) << "seed " << seed;
    EXPECT_TRUE(loaded->same_facts(*store.replay())) << "seed " << seed;
    for (const auto& [key, experiment] : swarm.stored) {
      const auto found = store.experiment(key.first, key.second);
      ASSERT_TRUE(found && *found) << "seed " << seed;
      EXPECT_EQ((*found)->charged, experiment.charged) << "seed " << seed;
      EXPECT_EQ((*found)->cost, experiment.cost) << "seed " << seed;
    }
  }
}

TEST(Store, ATurnWithoutStoredChangesWritesNothing) {
  const Folder folder;
  Store store = open_store(folder.store());
  StoredSwarm swarm(store);
  swarm.arrive("w");
  ASSERT_TRUE(swarm.commit());
  const Sequence last = store.last_sequence();
  swarm.tell(
      swarm::Heartbeat{.worker = WorkerName("w"), .session = swarm.sessions["w"], .held = {}});
  ASSERT_TRUE(swarm.commit());
  EXPECT_EQ(store.last_sequence(), last);
}

TEST(Store, FindsExperimentsByNumberAgeScoreAndParent) {
  const Folder folder;
  Store store = open_store(folder.store());
  StoredSwarm swarm(store);
  swarm.start(swarm::settings_named("lab"), 5.0);
  for (const double score : {7.0, 4.0, 7.0, -1.0}) swarm.run(score);
  ASSERT_TRUE(swarm.commit());

  EXPECT_EQ(numbers_of(*store.experiments(kLab, ExperimentNumber(0), 2)),
            (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(numbers_of(*store.experiments(kLab, ExperimentNumber(2), 9)),
            (std::vector<std::uint64_t>{3, 4, 5}));
  EXPECT_EQ(numbers_of(*store.newest(kLab, 2)), (std::vector<std::uint64_t>{5, 4}));
  EXPECT_EQ(numbers_of(*store.experiments_by_score(kLab, kSegment, 9, Direction::minimize)),
            (std::vector<std::uint64_t>{5, 3, 1, 2, 4}));
  EXPECT_EQ(numbers_of(*store.experiments_by_score(kLab, kSegment, 9, Direction::maximize)),
            (std::vector<std::uint64_t>{2, 4, 1, 3, 5}));
  EXPECT_EQ(numbers_of(*store.experiments_by_score(kLab, kSegment, 1, Direction::maximize)),
            (std::vector<std::uint64_t>{2}));
  EXPECT_EQ(*store.children(kLab, ExperimentNumber(1), ExperimentNumber(2), 9),
            (std::vector{ExperimentNumber(3)}));
  EXPECT_EQ(store.experiment(kLab, ExperimentNumber(6))->has_value(), false);
  EXPECT_TRUE(store.experiments(LabId(2), ExperimentNumber(0), 9)->empty());
  EXPECT_TRUE(store.newest(kLab, 0)->empty());
}

TEST(Store, KnowsWhoHadATreeFirstAlsoInAnOldSegment) {
  const Folder folder;
  Store store = open_store(folder.store());
  StoredSwarm swarm(store);
  swarm.start(swarm::settings_named("lab"));
  const auto number = swarm.run(3.0);
  const auto tree = *swarm.stored.at({kLab, number}).tree;
  swarm.open(swarm::settings_named("lab"), swarm::measured_by(8));  // in the same turn
  ASSERT_TRUE(swarm.commit());
  EXPECT_EQ(*store.tree(kLab, kSegment, tree), number);
  EXPECT_EQ(*store.tree(kLab, SegmentNumber(2), tree), std::nullopt);
  EXPECT_TRUE(store.load()->labs.at(kLab).trees.empty());
  EXPECT_TRUE(store.load()->labs.at(kLab).frontier.empty());
}

TEST(Store, KeepsAttachmentsBesideTheExperiment) {
  const Folder folder;
  Store store = open_store(folder.store());
  StoredSwarm swarm(store);
  swarm.start(swarm::settings_named("lab"));
  const Attachments texts{
      .samples = {{.id = "s1", .score = 0.5, .error = "", .extra = "{}"}},
      .agent_log = std::string("no\0text", 7),
      .guard_log = "",
      .evaluator_log = "score: 0.5",
      .transcript = {{.kind = StepKind::tool, .tool = "Bash", .text = "ls", .result = "AGENT.md"}}};
  ASSERT_TRUE(swarm.commit({{.lab = kLab, .number = ExperimentNumber(1), .attachments = texts}}));
  EXPECT_EQ(*store.attachments(kLab, ExperimentNumber(1)), texts);
  EXPECT_EQ(*store.attachments(kLab, ExperimentNumber(2)), Attachments{});
}

TEST(Store, TellsEventsInOrderInPages) {
  const Folder folder;
  Store store = open_store(folder.store());
  StoredSwarm swarm(store);
  swarm.start(swarm::settings_named("lab"));
  ASSERT_TRUE(swarm.commit());
  const auto all = *store.events(Sequence(0), 100);
  ASSERT_GT(all.size(), 4U);
  EXPECT_EQ(all.front().sequence, Sequence(1));
  EXPECT_EQ(all.front().at, swarm.now);
  EXPECT_TRUE(std::holds_alternative<swarm::LabOpened>(all.front().change));
  EXPECT_EQ(all.back().sequence, store.last_sequence());
  const auto page = *store.events(Sequence(1), 2);
  EXPECT_EQ(page, (std::vector<StoredEvent>{all[1], all[2]}));
}

TEST(Store, LateCostIsAddedToTheDecidedExperimentOnce) {
  const Folder folder;
  Store store = open_store(folder.store());
  StoredSwarm swarm(store);
  swarm.start(swarm::settings_named("lab"));
  swarm.arrive("late");
  const swarm::Task lost = swarm.work_for("late");
  swarm.arrive("late");  // came back without it
  const swarm::Task again = swarm.work_for("w");
  ASSERT_EQ(again.id, lost.id);
  swarm.counted("w", swarm.scored(again, 3.0, 10));
  ASSERT_TRUE(swarm.commit());
  swarm.stale("late", swarm.scored(lost, 3.0, 7));
  ASSERT_TRUE(swarm.commit());
  swarm.stale("late", swarm.scored(lost, 3.0, 7));
  ASSERT_TRUE(swarm.commit());

  const auto experiment = **store.experiment(kLab, lost.experiment);
  EXPECT_EQ(experiment.cost.usd, MicroUsd(17));
  EXPECT_EQ(experiment.charged, (std::vector{again.lease->token, lost.lease->token}));
  EXPECT_TRUE(store.load()->same_facts(*store.replay()));
}

// Opening

TEST(Store, IsRefusedToASecondProcessWithTheIdOfTheFirst) {
  const Folder folder;
  const Store store = open_store(folder.store());
  const auto second = Store::open(folder.store(), small_options());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  EXPECT_EQ(second.error().message, fmt::format("store at {}: process {} has it open",
                                                folder.store().string(), ::getpid()));
  const auto reader = Store::open_read_only(folder.store());
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, ErrorCode::conflict);
}

TEST(Store, CanBeReadButNotWrittenWhenOpenedForReading) {
  const Folder folder;
  EXPECT_EQ(Store::open_read_only(folder.store()).error().code, ErrorCode::not_found);
  {
    Store store = open_store(folder.store());
    StoredSwarm swarm(store);
    swarm.start(swarm::settings_named("lab"));
    ASSERT_TRUE(swarm.commit());
  }
  auto reader = Store::open_read_only(folder.store(), small_options());
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ(reader->load()->labs.size(), 1U);
  StoredSwarm swarm(*reader);
  swarm.open(swarm::settings_named("other"));
  EXPECT_EQ(swarm.commit().error().code, ErrorCode::invalid_input);
  const Store writer = open_store(folder.store());  // readers do not keep a coordinator out
}

void stamp(const std::filesystem::path& path, std::string_view version) {
  auto database = Database::open(path, Database::Mode::read_write);
  ASSERT_TRUE(database);
  Batch batch;
  batch.put(Family::meta, meta::kVersionKey, version);
  ASSERT_TRUE(database->write(std::move(batch)));
}

// Name, size and time of all files: what a refused open must not touch.
std::map<std::string, std::pair<std::uintmax_t, std::filesystem::file_time_type>> files_in(
    const std::filesystem::path& path) {
  std::map<std::string, std::pair<std::uintmax_t, std::filesystem::file_time_type>> files;
  for (const auto& file : std::filesystem::directory_iterator(path)) {
    files[file.path().filename()] = {file.file_size(), file.last_write_time()};
  }
  return files;
}

TEST(Store, OfANewerSchemaIsRefusedAndLeftAsItIs) {
  const Folder folder;
  { open_store(folder.store()); }
  stamp(folder.store(), "7");
  const auto before = files_in(folder.store());
  const auto store = Store::open(folder.store(), small_options());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::invalid_input);
  EXPECT_EQ(store.error().message,
            fmt::format("store at {}: schema version 7, this build reads 1 to 4; use a newer "
                        "swarmlab",
                        folder.store().string()));
  EXPECT_EQ(files_in(folder.store()), before);
  EXPECT_EQ(Store::open_read_only(folder.store()).error().code, ErrorCode::invalid_input);
  EXPECT_EQ(files_in(folder.store()), before);
}

TEST(Store, OfAnUnreadableVersionIsCorrupt) {
  const Folder folder;
  { open_store(folder.store()); }
  stamp(folder.store(), "one");
  EXPECT_EQ(Store::open(folder.store(), small_options()).error().code, ErrorCode::corrupt);
}

TEST(Store, ThatLostItsFirstFileIsCorruptAndNotMadeAnew) {
  const Folder folder;
  { open_store(folder.store()); }
  std::filesystem::remove(folder.store() / "CURRENT");
  const auto store = Store::open(folder.store(), small_options());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::corrupt);
  EXPECT_NE(store.error().message.find("CURRENT is missing"), std::string::npos);
}

TEST(Store, ARecordThatIsDamagedIsNamed) {
  const Folder folder;
  {
    Store store = open_store(folder.store());
    StoredSwarm swarm(store);
    swarm.start(swarm::settings_named("lab"));
    ASSERT_TRUE(swarm.commit());
  }
  {
    auto database = Database::open(folder.store(), Database::Mode::read_write);
    Batch batch;
    batch.put(Family::labs, keys::of(kLab), "no lab");
    batch.put(Family::experiments, keys::of(kLab, ExperimentNumber(1)), "no experiment");
    ASSERT_TRUE(database->write(std::move(batch)));
  }
  const Store store = open_store(folder.store());
  const auto state = store.load();
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().code, ErrorCode::corrupt);
  EXPECT_NE(state.error().message.find("labs 0000000000000001"), std::string::npos)
      << state.error().message;
  const auto experiment = store.experiment(kLab, ExperimentNumber(1));
  ASSERT_FALSE(experiment);
  EXPECT_EQ(experiment.error().code, ErrorCode::corrupt);
  EXPECT_NE(experiment.error().message.find("experiments 00000000000000010000000000000001"),
            std::string::npos)
      << experiment.error().message;
}

}  // namespace
}  // namespace swarmlab::store
