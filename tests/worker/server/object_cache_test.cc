// The objects that slots share: fetched once, and made anew when they are of no use.
#include "worker/server/object_cache.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/worker/server/worker_under_test.h"

namespace swarmlab::worker {
namespace {

using Kind = ScriptedCoordinator::Kind;
using Asked = ScriptedCoordinator::Asked;
using Reply = ScriptedCoordinator::Reply;

class ObjectCacheTest : public testing::Test {
 protected:
  ObjectCacheTest() {
    const ObjectId tree = must(lab.repository.tree_of(lab.base));
    other = lab.commit(lab.with(tree, "pipeline/solve.sh", "echo METRIC score=8\n"), {lab.base});
    link = must(Link::connect(
        {.address = folder.address(), .name = "w", .host_class = "epyc", .version = "1"},
        holdings));
    // What is asked for, and what is said to be here.
    coordinator.on(Kind::FETCH, [this](Asked asked, Reply reply) {
      const auto fetch = asked.getFetch();
      had.clear();
      for (const auto id : fetch.getHave()) had.push_back(must(wire::object_id_of("have", id)));
      const ObjectId wanted = must(wire::object_id_of("wanted", fetch.getWanted()[0]));
      pack = must(git::make_pack(lab.repository, {wanted}, had));
      reply.initFetchReply().setSize(pack.size());
    });
    coordinator.on(Kind::FETCH_CHUNK, [this](Asked, Reply reply) {
      reply.initFetchData().setData(
          capnp::Data::Reader(reinterpret_cast<const capnp::byte*>(pack.data()), pack.size()));
    });
  }

  std::unique_ptr<ObjectCache> open(std::uint64_t max_bytes = 1U << 30U) {
    return must(ObjectCache::open(path(), max_bytes));
  }
  [[nodiscard]] std::string path() const { return folder.path("cache.git"); }
  Result<void> bring(ObjectCache& cache, std::vector<ObjectId> commits) {
    SWARMLAB_TRY(opened, cache.repository());
    git::Repository& repository = opened.repository;
    const auto brought = cache.bring(*link, LabId(1), commits, opened, {});
    coordinator.settle();
    SWARMLAB_CHECK(brought);
    for (const ObjectId& commit : commits) {
      SWARMLAB_TRY(tree, repository.tree_of(commit));
      SWARMLAB_CHECK(repository.file_at(tree, "pipeline/solve.sh"));
    }
    return {};
  }
  [[nodiscard]] int fetches() const { return coordinator.count(Kind::FETCH); }

  LinkFolder folder;
  LabRepository lab{folder.path("user.git")};
  ScriptedCoordinator coordinator{folder.address()};
  Holdings holdings;
  std::unique_ptr<Link> link;
  ObjectId other;
  std::vector<ObjectId> had;
  std::string pack;
};

TEST_F(ObjectCacheTest, FetchesWhatIsMissingOnce) {
  const auto cache = open();
  ASSERT_TRUE(bring(*cache, {lab.base, lab.base}));
  EXPECT_EQ(fetches(), 1);
  ASSERT_TRUE(bring(*cache, {lab.base}));
  EXPECT_EQ(fetches(), 1);
}

TEST_F(ObjectCacheTest, TellsWhatItHasSoThatLittleIsSent) {
  const auto cache = open();
  ASSERT_TRUE(bring(*cache, {lab.base}));
  ASSERT_TRUE(bring(*cache, {other}));
  EXPECT_EQ(had, (std::vector<ObjectId>{lab.base}));
  EXPECT_LT(pack.size(), lab.pack_of(other).size());
}

TEST_F(ObjectCacheTest, TellsAlsoWhatWasMadeHere) {
  const auto cache = open();
  ASSERT_TRUE(bring(*cache, {lab.base}));
  auto opened = must(cache->repository());
  const ObjectId made = must(opened.repository.commit(
      must(opened.repository.tree_of(lab.base)), {lab.base},
      {.author_name = "a", .author_email = "a@b", .at = Timestamp(), .message = "made here"}));
  cache->remember(made);
  cache->remember(swarmlab::ObjectId{});  // of an earlier life, and not here any more
  ASSERT_TRUE(bring(*cache, {other}));
  EXPECT_EQ(had, (std::vector<ObjectId>{lab.base, made}));
}

TEST_F(ObjectCacheTest, LastsFromOneWorkerToTheNext) {
  ASSERT_TRUE(bring(*open(), {lab.base}));
  ASSERT_TRUE(bring(*open(), {lab.base}));
  EXPECT_EQ(fetches(), 1);
}

TEST_F(ObjectCacheTest, KeepsWhatWasUsedLastWhenItIsTooLarge) {
  ASSERT_TRUE(bring(*open(), {lab.base, other}));
  const auto cache = open(1);
  ASSERT_TRUE(bring(*cache, {other}));
  EXPECT_EQ(fetches(), 2);
  ASSERT_TRUE(bring(*cache, {lab.base}));
  EXPECT_EQ(fetches(), 3) << "the older one went";
}

TEST_F(ObjectCacheTest, TakesNothingAwayFromAnAttemptThatRuns) {
  ASSERT_TRUE(bring(*open(), {lab.base, other}));
  const auto cache = open(1);
  auto first = must(cache->repository());  // of the second generation already
  const std::string old = first.generation ? path() + "/2.git" : "";
  for (int i = 0; i < 16; ++i) must(cache->repository());  // it is looked at now and then
  ASSERT_TRUE(cache->bring(*link, LabId(1), std::vector{lab.base}, first, {}));
  EXPECT_TRUE(std::filesystem::exists(old));
  EXPECT_TRUE(first.repository.has(lab.base));
}

TEST_F(ObjectCacheTest, IsMadeAnewWhenItIsNoRepositoryAnyMore) {
  ASSERT_TRUE(bring(*open(), {lab.base}));
  for (const char* part : {"HEAD", "config", "objects"}) {
    std::filesystem::remove_all(path() + "/1.git/" + part);
    std::ofstream(path() + "/1.git/" + part) << "garbage";
    ASSERT_TRUE(bring(*open(), {lab.base})) << part;
  }
}

TEST_F(ObjectCacheTest, IsMadeAnewWhenAFileStandsInItsPlace) {
  std::ofstream(path()) << "a file";
  EXPECT_TRUE(bring(*open(), {lab.base}));
}

TEST_F(ObjectCacheTest, FetchesAgainWhatALostPackHad) {
  ASSERT_TRUE(bring(*open(), {lab.base}));
  for (const auto& file : std::filesystem::directory_iterator(path() + "/1.git/objects/pack"))
    std::filesystem::remove(file);
  ASSERT_TRUE(bring(*open(), {lab.base}));
  EXPECT_EQ(fetches(), 2);
}

TEST_F(ObjectCacheTest, IsMadeAnewAfterTheMachineWasStartedAnew) {
  ASSERT_TRUE(bring(*open(), {lab.base}));
  std::ofstream(path() + "/filled-since-boot") << "another boot";
  // What was not synced may be there by name only.
  for (const auto& file : std::filesystem::directory_iterator(path() + "/1.git/objects/pack")) {
    if (file.path().extension() != ".pack") continue;
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    std::filesystem::resize_file(file, 12);
  }
  ASSERT_TRUE(bring(*open(), {lab.base}));
  EXPECT_EQ(fetches(), 2);
}

TEST_F(ObjectCacheTest, RefusesAPackThatIsNone) {
  pack = "PACK";
  coordinator.on(Kind::FETCH, [](Asked, Reply reply) { reply.initFetchReply().setSize(4); });
  const auto cache = open();
  const auto brought = bring(*cache, {lab.base});
  ASSERT_FALSE(brought);
  EXPECT_NE(brought.error().message.find(lab.base.brief()), std::string::npos);
}

TEST_F(ObjectCacheTest, IsSharedBySlots) {
  const auto cache = open();
  {
    std::vector<std::jthread> slots;
    for (int i = 0; i < 4; ++i)
      slots.emplace_back([&] { EXPECT_TRUE(bring(*cache, {lab.base, other})); });
  }
  EXPECT_EQ(fetches(), 2) << "who waits finds what another fetched";
}

}  // namespace
}  // namespace swarmlab::worker
