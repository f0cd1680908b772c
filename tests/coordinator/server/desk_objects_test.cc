// What a worker asks of trees and objects.
#include <gtest/gtest.h>

#include "tests/coordinator/server/desk_under_test.h"

namespace swarmlab::server {
namespace {

using Body = schema::Envelope::Body::Builder;

TEST(DeskObjects, SaysWhichExperimentHasATree) {
  DeskUnderTest desk;
  const auto session = desk.joined_lab();
  desk.given(session);
  const ObjectId known = must(desk.engine->objects().tree_of(desk.lab.base()));
  const auto check = [&](const ObjectId& tree, std::uint64_t lab) {
    return desk.say(
        [&](Body body) {
          body.initTreeCheck().setLab(lab);
          body.getTreeCheck().setTree(wire::data_of(tree));
        },
        session);
  };
  EXPECT_EQ(check(known, 1).body().getTreeReply().getExperiment(), 1U);
  EXPECT_TRUE(check(swarm::object(9), 1).body().getTreeReply().isUnknown());
  EXPECT_TRUE(check(known, 2).body().isError()) << "another lab";
  const auto bad = desk.say([](Body body) { body.initTreeCheck(); }, session);
  EXPECT_TRUE(bad.body().isError());
}

TEST(DeskObjects, GivesObjectsInChunks) {
  DeskUnderTest desk;
  desk.open_lab();
  const auto session = desk.join("w");
  const LabId lab = desk.given(session).lab;
  const auto offer = desk.say(
      [&](Body body) {
        auto fetch = body.initFetch();
        fetch.setLab(lab.value());
        fetch.initWanted(1).set(0, wire::data_of(desk.lab.base()));
      },
      session);
  const auto transfer = offer.body().getFetchReply().getTransfer();
  const auto size = offer.body().getFetchReply().getSize();
  const auto read = [&] {
    return desk.say([&](Body body) { body.initFetchChunk().setTransfer(transfer); }, session);
  };
  const auto data = read();
  EXPECT_EQ(data.body().getFetchData().getData().size(), size);
  EXPECT_EQ(read().body().getFetchData().getData().size(), size) << "others may want it too";
  const auto other =
      desk.say([&](Body body) { body.initFetchChunk().setTransfer(transfer + 2); }, session);
  EXPECT_EQ(error_of(other).code, ErrorCode::conflict) << "fetch again";
}

TEST(DeskObjects, TellsTheNamesOfDataToWhoWorksWithItAndToPeople) {
  DeskUnderTest desk;
  const ObjectId data = swarm::object(7);
  swarm::OpenLab command = desk.opening(lab_named("lab"));
  command.segment.data_hash = data;
  desk.expect<swarm::LabIsOpen>(step(command));
  ASSERT_TRUE(PackDesk::keep_manifest(desk.engine->objects(), data, "100644 1 train"));
  const auto ask = [&](std::uint64_t session, const ObjectId& hash) {
    return desk.say([&](Body body) { body.setDataManifest(wire::data_of(hash)); }, session);
  };
  const auto works = desk.join("works");
  const auto idle = desk.join("idle");
  desk.given(works);
  EXPECT_TRUE(ask(works, data).body().isManifest());
  EXPECT_TRUE(ask(0, data).body().isManifest()) << "a person";
  EXPECT_EQ(error_of(ask(idle, data)).code, ErrorCode::conflict) << "holds no lease";
  EXPECT_EQ(error_of(ask(works, swarm::object(8))).code, ErrorCode::conflict) << "of another lab";
  EXPECT_TRUE(ask(works + 1000, data).body().isSayHello());
}

TEST(DeskObjects, RefusesToFetchWhatIsNotThere) {
  DeskUnderTest desk;
  desk.open_lab();
  const auto session = desk.join("w");
  const LabId lab = desk.given(session).lab;
  const auto reply = desk.say(
      [&](Body body) {
        auto fetch = body.initFetch();
        fetch.setLab(lab.value());
        fetch.initWanted(1).set(0, wire::data_of(swarm::object(9)));
      },
      session);
  EXPECT_TRUE(reply.body().isError());
}

}  // namespace
}  // namespace swarmlab::server
