// Disks that lose their power or fail to sync. What a commit promises is held against a disk that
// forgets all that was not synced.
#include <gtest/gtest.h>

#include "tests/coordinator/store/faulty_disk.h"
#include "tests/coordinator/store/stored_swarm.h"

namespace swarmlab::store {
namespace {

StoreOptions on(const Disk& disk) {
  StoreOptions options = small_options();
  options.env = disk.env();
  return options;
}

TEST(StoreSync, ABurstIsOneSyncedWriteHoweverManyChangesItHas) {
  const Folder folder;
  const Disk disk;
  Store store = open_store(folder.store(), on(disk));
  StoredSwarm swarm(store);
  swarm.start(swarm::settings_named("lab"));
  const std::uint64_t before = disk.log_syncs();
  ASSERT_TRUE(swarm.commit());
  EXPECT_EQ(disk.log_syncs(), before + 1);
  for (int experiment = 0; experiment < 40; ++experiment) swarm.run(5.0);
  ASSERT_TRUE(swarm.commit());
  EXPECT_EQ(disk.log_syncs(), before + 2);
  ASSERT_TRUE(swarm.commit());  // nothing to store
  EXPECT_EQ(disk.log_syncs(), before + 2);
}

// A commit whose sync failed may be there: once a next life has read it and gone on, it must stay,
// or the power takes all that came after it too.
TEST(StoreSync, WhatALaterLifeBuildsOnIsSyncedWhenItIsOpened) {
  const Folder folder;
  Disk disk;
  std::mt19937_64 random(1);
  for (int round = 0; round < 10; ++round) {
    {
      Store store = open_store(folder.store(), on(disk));
      StoredSwarm swarm(store);
      swarm.state = *store.load();
      if (swarm.state.labs.empty()) swarm.start(swarm::settings_named("lab"));
      Walk walk(swarm, static_cast<std::uint64_t>(round));
      for (int step = 0; step < 20; ++step) walk.step();
      disk.fail_log_sync_after(0);
      ASSERT_FALSE(swarm.commit());
    }
    disk.lose_process();
    swarm::State acknowledged;
    {
      Store store = open_store(folder.store(), on(disk));
      StoredSwarm swarm(store);
      swarm.state = *store.load();
      swarm.start(swarm::settings_named(fmt::format("lab of round {}", round)));
      ASSERT_TRUE(swarm.commit());
      acknowledged = swarm.state;
    }
    disk.lose_power(random);
    Store store = open_store(folder.store(), on(disk));
    ASSERT_TRUE(store.load()->same_facts(acknowledged)) << "round " << round;
    ASSERT_TRUE(store.replay()->same_facts(acknowledged)) << "round " << round;
  }
}

// Goes on from what is stored, until the power is gone. \return  the last acknowledged state.
swarm::State work_until_off(const Disk& disk, Store& store, std::uint64_t seed) {
  StoredSwarm swarm(store);
  swarm.state = *store.load();
  for (const auto& [id, lab] : swarm.state.labs) {
    const auto known = *store.experiments(id, ExperimentNumber(0), 1'000'000);
    for (const Experiment& one : known) swarm.stored.emplace(std::pair(id, one.number), one);
  }
  swarm::State acknowledged = swarm.state;
  Walk walk(swarm, seed);
  for (int turn = 0; turn < 200; ++turn) {
    for (int step = 0; step < 6; ++step) walk.step();
    const auto done = swarm.commit();
    if (disk.is_off()) return acknowledged;
    EXPECT_TRUE(done) << done.error().message;
    acknowledged = swarm.state;
  }
  ADD_FAILURE() << "the disk was hardly used";
  return acknowledged;
}

// In parts, as a slow disk takes its time for all of them.
class StoreWithoutPower : public testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Part, StoreWithoutPower,
                         testing::Range(std::uint64_t{0}, std::uint64_t{5}));

TEST_P(StoreWithoutPower, HasWhatItAcknowledgedWheneverItWasLost) {
  std::optional<Folder> folder;
  Disk disk;
  std::mt19937_64 random(GetParam());
  for (std::uint64_t round = 20 * GetParam(); round < 20 * (GetParam() + 1); ++round) {
    SCOPED_TRACE(fmt::format("power loss {}", round));
    if (round % 10 == 0) folder.emplace();
    swarm::State acknowledged;
    Sequence last;
    {
      Store store = open_store(folder->store(), on(disk));
      disk.lose_power_after(random() % 40);
      acknowledged = work_until_off(disk, store, round);
      last = store.last_sequence();
    }
    disk.lose_power(random);
    const auto store = Store::open(folder->store(), on(disk));
    ASSERT_TRUE(store) << store.error().message;
    const auto loaded = store->load();
    ASSERT_TRUE(loaded) << loaded.error().message;
    ASSERT_TRUE(loaded->same_facts(*store->replay()));
    // The turn that was never answered may be there, as a whole, or not at all.
    EXPECT_TRUE(loaded->same_facts(acknowledged) || store->last_sequence() == last);
  }
}

TEST(StoreSync, ACommitThatFailedIsUnknownUntilTheStoreIsOpenedAgain) {
  for (std::uint64_t syncs = 0; syncs < 10; ++syncs) {
    const Folder folder;
    Disk disk;
    swarm::State acknowledged;
    swarm::State attempted;
    {
      Store store = open_store(folder.store(), on(disk));
      StoredSwarm swarm(store);
      disk.fail_log_sync_after(syncs);
      swarm.start(swarm::settings_named("lab"));
      Result<void> done = swarm.commit();
      for (int turn = 0; done && turn < 40; ++turn) {
        acknowledged = swarm.state;
        swarm.run(5.0);
        done = swarm.commit();
      }
      attempted = swarm.state;
      ASSERT_FALSE(done);
      EXPECT_EQ(done.error().code, ErrorCode::internal);
      EXPECT_NE(done.error().message.find("may or may not be there; restart"), std::string::npos)
          << done.error().message;
      const Sequence last = store.last_sequence();
      swarm.run(5.0);
      EXPECT_NE(swarm.commit().error().message.find("an earlier commit failed; restart"),
                std::string::npos);
      EXPECT_EQ(store.last_sequence(), last);
    }
    const Store store = open_store(folder.store());
    const auto loaded = *store.load();
    EXPECT_TRUE(loaded.same_facts(acknowledged) || loaded.same_facts(attempted));
    EXPECT_TRUE(loaded.same_facts(*store.replay()));
  }
}

}  // namespace
}  // namespace swarmlab::store
