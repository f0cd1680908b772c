#include "coordinator/store/migration.h"

#include <gtest/gtest.h>

#include "coordinator/store/meta.h"
#include "tests/coordinator/store/stored_swarm.h"

namespace swarmlab::store {
namespace {

Database open_database(const Folder& folder) {
  std::filesystem::create_directories(folder.store());
  auto database = Database::open(folder.store(), Database::Mode::read_write);
  if (!database) throw std::runtime_error(database.error().message);
  return std::move(*database);
}

std::string value_of(const Database& database, Family family, std::string_view key) {
  return (*database.get(family, key)).value_or("none");
}

// Ten blobs of version 1, which version 2 writes in capitals; three of them a batch.
class Capitals {
 public:
  static void fill(Database& database) {
    Batch batch;
    batch.put(Family::meta, meta::kVersionKey, "1");
    for (char key = 'a'; key < 'k'; ++key) {
      batch.put(Family::blobs, std::string(1, key), std::string(2, key));
    }
    ASSERT_TRUE(database.write(std::move(batch)));
  }

  MigrationStep step() {
    return {.to = 2,
            .what = "capitals",
            .part = [this](const Database& database, std::string_view done,
                           Batch& batch) -> Result<std::string> {
              if (parts_left_-- == 0) return fail(ErrorCode::internal, "the power went");
              std::string last(done);
              int count = 0;
              SWARMLAB_CHECK(
                  database.scan(Family::blobs, {.from = last + std::string(1, '\0'), .to = {}},
                                [&](std::string_view key, std::string_view value) -> Result<bool> {
                                  if (count++ == 3) return false;
                                  last = key;
                                  std::string capitals(value);
                                  for (char& letter : capitals) {
                                    EXPECT_GE(letter, 'a') << "written twice";
                                    letter = static_cast<char>(letter - 'a' + 'A');
                                  }
                                  batch.put(Family::blobs, key, capitals);
                                  return true;
                                }));
              return count > 3 ? last : std::string();
            }};
  }
  void fail_after(int parts) { parts_left_ = parts; }

 private:
  int parts_left_ = -1;
};

TEST(Migration, ANewStoreIsOfTheNewestVersion) {
  const Folder folder;
  { open_store(folder.store()); }
  const Database database = open_database(folder);
  EXPECT_EQ(value_of(database, Family::meta, meta::kVersionKey), std::to_string(kSchemaVersion));
}

TEST(Migration, AStoreOfTheFirstVersionIsBroughtToThisOneAndKeepsAll) {
  const Folder folder;
  swarm::State before;
  {
    Store store = open_store(folder.store());
    StoredSwarm swarm(store);
    swarm.start(swarm::settings_named("lab"));
    ASSERT_TRUE(swarm.commit());
    before = swarm.state;
  }
  {
    Database database = open_database(folder);
    Batch batch;
    batch.put(Family::meta, meta::kVersionKey, "1");
    ASSERT_TRUE(database.write(std::move(batch)));
  }
  { EXPECT_TRUE(open_store(folder.store()).load()->same_facts(before)); }
  EXPECT_EQ(value_of(open_database(folder), Family::meta, meta::kVersionKey),
            std::to_string(kSchemaVersion));
}

TEST(Migration, AStepThatIsInterruptedGoesOnWhereItWas) {
  for (int parts = 0; parts < 4; ++parts) {
    const Folder folder;
    Database database = open_database(folder);
    Capitals::fill(database);
    Capitals capitals;
    capitals.fail_after(parts);
    const std::vector<MigrationStep> steps = {capitals.step()};
    const auto interrupted = migrate(database, steps);
    ASSERT_FALSE(interrupted);
    EXPECT_NE(interrupted.error().message.find("schema version 2 (capitals): the power went"),
              std::string::npos);
    // From its first part on it is of the new version: an older release keeps away.
    const auto older = migrate(database, {});
    EXPECT_EQ(older.has_value(), parts == 0);
    capitals.fail_after(-1);
    ASSERT_TRUE(migrate(database, steps));
    for (char key = 'a'; key < 'k'; ++key) {
      EXPECT_EQ(value_of(database, Family::blobs, std::string(1, key)),
                std::string(2, static_cast<char>(key - 'a' + 'A')));
    }
    EXPECT_EQ(value_of(database, Family::meta, meta::kVersionKey), "2");
    EXPECT_EQ(value_of(database, Family::meta, meta::kUnfinishedKey), "none");
    ASSERT_TRUE(migrate(database, steps)) << "once is enough";
  }
}

TEST(Migration, AHalfMigratedStoreIsNotReadByQueries) {
  const Folder folder;
  { open_store(folder.store()); }
  {
    Database database = open_database(folder);
    Batch batch;
    batch.put(Family::meta, meta::kUnfinishedKey, "c");
    ASSERT_TRUE(database.write(std::move(batch)));
  }
  const auto refused = Store::open_read_only(folder.store(), small_options());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  EXPECT_NE(refused.error().message.find("a migration was interrupted"), std::string::npos);
}

TEST(Migration, AnOlderReleaseRefusesANewerStoreAndChangesNothing) {
  const Folder folder;
  Database database = open_database(folder);
  Batch batch;
  batch.put(Family::meta, meta::kVersionKey, "9");
  ASSERT_TRUE(database.write(std::move(batch)));
  const auto refused = migrate(database, migration_steps());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_input);
  EXPECT_EQ(refused.error().message,
            fmt::format("schema version 9, this build reads 1 to {}; use a newer swarmlab",
                        kSchemaVersion));
  EXPECT_EQ(value_of(database, Family::meta, meta::kVersionKey), "9");
}

}  // namespace
}  // namespace swarmlab::store
