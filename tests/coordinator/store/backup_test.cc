#include "coordinator/store/backup.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <thread>

#include "coordinator/store/restore.h"
#include "tests/coordinator/store/saved_swarm.h"

namespace swarmlab::store {
namespace {

namespace fs = std::filesystem;

constexpr Timestamp kNow{Milliseconds(1'795'000'000'000)};

BackupOrder order_for(const fs::path& to, std::uint32_t keep = 0, Timestamp now = kNow) {
  return {.destination = to, .keep = keep, .version = "1.2", .now = now};
}

Contents contents_of(const fs::path& folder) {
  const Store store = open_store(folder / "store");
  const Objects objects = must(Objects::open(folder / "objects.git"));
  return must(read_all(store, objects));
}

std::map<LabId, swarm::Lab> labs_without_numbers(const Contents& contents) {
  std::map<LabId, swarm::Lab> labs(contents.state.labs.begin(), contents.state.labs.end());
  for (auto& [id, lab] : labs) lab.next_experiment = ExperimentNumber(0);
  return labs;
}

// All but the event of the restore and the numbers that it changed.
void expect_restored(const Contents& restored, const Contents& saved) {
  EXPECT_EQ(restored.experiments, saved.experiments);
  EXPECT_EQ(restored.attachments, saved.attachments);
  EXPECT_EQ(restored.by_score, saved.by_score);
  EXPECT_EQ(restored.diffs, saved.diffs);
  EXPECT_EQ(restored.state.tasks, saved.state.tasks);
  EXPECT_EQ(labs_without_numbers(restored), labs_without_numbers(saved));
  ASSERT_EQ(restored.events.size(), saved.events.size() + 1);
  EXPECT_TRUE(std::holds_alternative<swarm::BackupRestored>(restored.events.back().change));
  EXPECT_GT(restored.state.next_token, saved.state.next_token);
}

class Backup : public testing::Test {
 protected:
  Backup() : swarm_(folder_.path() / "swarm") {
    swarm_.start();
    for (int experiment = 0; experiment < 5; ++experiment) swarm_.run();
  }
  [[nodiscard]] fs::path path(const char* name) const { return folder_.path() / name; }

  Folder folder_;
  SavedSwarm swarm_;
};

TEST_F(Backup, OfAnOpenStoreIsRestoredWithAllThatItHad) {
  const BackupInfo made = must(make_backup(swarm_.source(), order_for(path("backup"))));
  EXPECT_EQ(made.path, path("backup"));
  EXPECT_EQ(made.schema, kSchemaVersion);
  EXPECT_EQ(made.sequence, swarm_.store().last_sequence());
  const Contents saved = must(read_all(swarm_.store(), swarm_.objects()));
  swarm_.run();  // is not in it
  EXPECT_EQ(must(verify_backup(path("backup"))).sequence, made.sequence);
  ASSERT_TRUE(restore_backup(path("backup"), path("restored"), kNow));
  expect_restored(contents_of(path("restored")), saved);
  EXPECT_TRUE(run_git(path("restored") / "objects.git", "fsck --strict").well);
}

TEST_F(Backup, HasWhatWaitsToBeMeasuredAgainAndWhatWasLearnedOfTheNoise) {
  SavedSwarm noisy(path("noisy"));
  noisy.start(true);
  const swarm::Task task = noisy.run_scoring(0.01);
  const Contents saved = must(read_all(noisy.store(), noisy.objects()));
  ASSERT_TRUE(saved.state.tasks.at(task.id).pending);
  ASSERT_GT(saved.state.labs.at(task.lab).learned.noise.degrees, 0U);
  ASSERT_TRUE(make_backup(noisy.source(), order_for(path("backup"))));
  ASSERT_TRUE(restore_backup(path("backup"), path("restored"), kNow));
  expect_restored(contents_of(path("restored")), saved);

  SavedSwarm again(path("restored"));
  again.resume();
  const swarm::Task pair = again.swarm().work_for("w");
  EXPECT_EQ(pair.id, task.id);
  EXPECT_GT(pair.lease->token.value(), saved.state.next_token.value());
  for (auto done = again.swarm().counted("w", again.swarm().scored(pair, 0.01)); !done.decided;) {
    done = again.swarm().counted("w", again.swarm().scored(again.swarm().work_for("w"), 0.01));
  }
  EXPECT_TRUE(again.swarm().stored.contains({task.lab, task.experiment}));
}

TEST_F(Backup, WithoutACandidateThatWaitsToBeMeasuredAgainIsNotSound) {
  SavedSwarm noisy(path("noisy"));
  noisy.start(true);
  BackupSource source = noisy.source();
  ASSERT_TRUE(make_backup(source, order_for(path("before"))));
  noisy.run_scoring(0.01);
  const fs::path objects = path("noisy") / "objects.git/objects";
  fs::rename(objects, path("aside"));
  fs::copy(path("before") / "objects.git/objects", objects, fs::copy_options::recursive);
  ASSERT_TRUE(make_backup(source, order_for(path("backup"))));
  const auto refused = verify_backup(path("backup"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::corrupt);
}

TEST_F(Backup, LeavesNothingBesideItAndNotesThatItWasMade) {
  EXPECT_FALSE(last_backup(path("swarm")));
  ASSERT_TRUE(make_backup(swarm_.source(), order_for(path("backup"))));
  for (const auto& entry : fs::directory_iterator(folder_.path())) {
    EXPECT_FALSE(entry.path().filename().string().starts_with(".")) << entry.path();
  }
  EXPECT_FALSE(fs::exists(path("swarm") / "backup.checkpoint"));
  const BackupInfo last = must(last_backup(path("swarm")));
  EXPECT_EQ(last.path, path("backup"));
  EXPECT_EQ(last.taken, kNow);
}

TEST_F(Backup, LinksWhatNeverChangesAndCopiesTheRest) {
  for (int big = 0; big < 40; ++big) swarm_.run(1U << 20U);
  const BackupInfo made = must(make_backup(swarm_.source(), order_for(path("backup"))));
  EXPECT_LT(made.copied_bytes, made.bytes / 2 + (34U << 20U)) << "logs only";
  struct stat table {};
  for (const auto& entry : fs::directory_iterator(path("backup") / "store")) {
    if (entry.path().extension() == ".sst") ::stat(entry.path().c_str(), &table);
  }
  EXPECT_GE(table.st_nlink, 2U);
}

TEST_F(Backup, OfAClosedStoreIsMadeFromWhatLiesThere) {
  const Folder other;
  const fs::path folder = other.path() / "swarm";
  {
    SavedSwarm swarm(folder);
    swarm.start();
    swarm.run();
  }
  const Contents saved = contents_of(folder);
  ASSERT_TRUE(make_backup({.state_folder = folder}, order_for(other.path() / "backup")));
  ASSERT_TRUE(restore_backup(other.path() / "backup", other.path() / "restored", kNow));
  expect_restored(contents_of(other.path() / "restored"), saved);
}

TEST_F(Backup, KeepsAsManyAsItIsToldAndLinksThemToEachOther) {
  for (int day = 0; day < 5; ++day) {
    swarm_.run();
    const auto made = must(make_backup(
        swarm_.source(), order_for(path("backups"), 3, kNow + std::chrono::hours(24 * day))));
    EXPECT_EQ(must(find_backup(path("backups"))), made.path);
  }
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path("backups"))) {
    names.push_back(entry.path().filename());
    EXPECT_TRUE(verify_backup(entry.path()));
  }
  std::ranges::sort(names);
  EXPECT_EQ(names, (std::vector<std::string>{"swarmlab-20261120T110640.000Z",
                                             "swarmlab-20261121T110640.000Z",
                                             "swarmlab-20261122T110640.000Z"}));
}

TEST_F(Backup, RefusesAPlaceThatIsTakenOrWithinWhatItSaves) {
  fs::create_directories(path("taken"));
  const auto taken = make_backup(swarm_.source(), order_for(path("taken")));
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::invalid_input);
  EXPECT_FALSE(make_backup(swarm_.source(), order_for(path("swarm") / "store" / "backup")));
  EXPECT_FALSE(make_backup(swarm_.source(), order_for("relative")));
}

TEST_F(Backup, ThatIsCancelledLeavesNothing) {
  const auto cancel = must(CancelSource::make());
  cancel.cancel();
  EXPECT_FALSE(make_backup(swarm_.source(), order_for(path("backup")), cancel.token()));
  EXPECT_FALSE(fs::exists(path("backup")));
  EXPECT_FALSE(fs::exists(path("swarm") / "backup.checkpoint"));
}

TEST_F(Backup, ThatIsDamagedIsNotRestoredAndTheFileIsNamed) {
  ASSERT_TRUE(make_backup({.state_folder = path("swarm"), .checkpoint = swarm_.source().checkpoint},
                          order_for(path("backup"))));
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(path("backup"))) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  for (const fs::path& file : files) {
    SCOPED_TRACE(file.string());
    const fs::path aside = path("aside");
    fs::rename(file, aside);
    fs::copy_file(aside, file);  // the original may be linked to the live one
    {
      std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
      const auto at = static_cast<std::streamoff>(fs::file_size(file) / 2);
      bytes.seekg(at);
      const int byte = bytes.get();
      bytes.seekp(at);
      bytes.put(static_cast<char>(byte ^ 1));
    }
    const auto refused = restore_backup(path("backup"), path("restored"), kNow);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::corrupt) << refused.error().message;
    EXPECT_NE(refused.error().message.find(file.filename().string()), std::string::npos)
        << refused.error().message;
    EXPECT_FALSE(fs::exists(path("restored")));
    fs::rename(aside, file);
  }
  fs::remove(files.front());
  EXPECT_FALSE(verify_backup(path("backup")));
}

TEST_F(Backup, IsNotRestoredOverAStore) {
  ASSERT_TRUE(make_backup(swarm_.source(), order_for(path("backup"))));
  fs::create_directories(path("restored") / "workers/w/spool");
  ASSERT_TRUE(restore_backup(path("backup"), path("restored"), kNow)) << "spools may be there";
  const auto refused = restore_backup(path("backup"), path("restored"), kNow);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
}

TEST_F(Backup, ARestoreThatWasInterruptedKeepsTheStoreShutUntilItIsDoneAgain) {
  ASSERT_TRUE(make_backup(swarm_.source(), order_for(path("backup"))));
  ASSERT_TRUE(restore_backup(path("backup"), path("restored"), kNow));
  std::ofstream(path("restored") / "store.restoring") << "x";
  const auto shut = Store::open(path("restored") / "store", small_options());
  ASSERT_FALSE(shut);
  EXPECT_NE(shut.error().message.find("run swarmlab restore again"), std::string::npos);
  EXPECT_FALSE(Store::open_read_only(path("restored") / "store", small_options()));
  fs::remove_all(path("restored") / "store");  // as at the first points of a restore
  const auto empty = Store::open_read_only(path("restored") / "store", small_options());
  ASSERT_FALSE(empty);
  EXPECT_NE(empty.error().message.find("run swarmlab restore again"), std::string::npos);
  ASSERT_TRUE(restore_backup(path("backup"), path("restored"), kNow));
  EXPECT_TRUE(Store::open(path("restored") / "store", small_options()));
}

// SWARMLAB_BACKUPS: how many; scripts/faults.sh asks for more.
int backups_to_make() {
  const char* wish = std::getenv("SWARMLAB_BACKUPS");
  return wish == nullptr ? 8 : std::atoi(wish);
}

TEST_F(Backup, IsSoundHoweverBusyTheSwarmIs) {
  std::atomic<bool> done = false;
  std::atomic<int> sound = 0;
  std::thread saver([&] {
    for (int one = 0; one < backups_to_make(); ++one) {
      const fs::path to = path("backups") / std::to_string(one);
      const auto made = make_backup(swarm_.source(), order_for(to));
      EXPECT_TRUE(made) << made.error().message;
      if (made) ++sound;
    }
    done = true;
  });
  int experiments = 0;
  Milliseconds longest{0};
  while (!done) {
    const auto begin = std::chrono::steady_clock::now();
    swarm_.run(20'000);
    swarm_.tidy();
    const auto took = std::chrono::steady_clock::now() - begin;
    longest = std::max(longest, std::chrono::duration_cast<Milliseconds>(took));
    ++experiments;
  }
  saver.join();
  std::cout << fmt::format("{} backups while {} experiments; longest turn {} ms\n", sound.load(),
                           experiments, longest.count());
  for (int one = 0; one < backups_to_make(); ++one) {
    const fs::path backup = path("backups") / std::to_string(one);
    SCOPED_TRACE(backup.string());
    const fs::path restored = path("restored");
    const auto done_well = restore_backup(backup, restored, kNow);
    ASSERT_TRUE(done_well) << done_well.error().message;
    const Contents contents = contents_of(restored);  // it reads every candidate
    EXPECT_EQ(contents.events.size(), done_well->sequence.value() + 1);
    fs::remove_all(restored);
    fs::remove_all(backup);
  }
}

}  // namespace
}  // namespace swarmlab::store
