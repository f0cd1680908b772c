// What is on its way to peers is bounded, whether they read or not.
#include "coordinator/server/flow.h"

#include <gtest/gtest.h>

#include <vector>

namespace swarmlab::server {
namespace {

constexpr Timestamp kNow{Milliseconds(1'000'000)};
constexpr std::uint64_t kChunk = 100;

Flow::Limits limits() {
  return {.chunk_bytes = kChunk,
          .peer_bytes = 4 * kChunk,
          .total_bytes = 8 * kChunk,
          .peers = 10,
          .stuck = Milliseconds(1000)};
}

// As much as it gets.
std::vector<std::uint64_t> fill(Flow& flow, const std::string& peer, Timestamp now = kNow) {
  std::vector<std::uint64_t> tickets;
  while (const auto ticket = flow.take(peer, kChunk, now)) tickets.push_back(*ticket);
  return tickets;
}

TEST(Flow, GivesAPeerRoomAgainForWhatItHasRead) {
  Flow flow(limits());
  const auto tickets = fill(flow, "a");
  EXPECT_EQ(tickets.size(), 4U);
  flow.give_back("a", tickets[2], kNow);
  EXPECT_EQ(fill(flow, "a").size(), 3U) << "what was sent before came before";
}

TEST(Flow, TakesNoTicketTwiceNorFromAnother) {
  Flow flow(limits());
  const auto tickets = fill(flow, "a");
  flow.give_back("b", tickets[0], kNow);
  flow.give_back("a", tickets[0] + 1, kNow);
  flow.give_back("a", 0, kNow);
  EXPECT_TRUE(fill(flow, "a").empty());
  flow.give_back("a", tickets[0], kNow);
  flow.give_back("a", tickets[0], kNow);
  EXPECT_EQ(fill(flow, "a").size(), 1U);
}

TEST(Flow, LeavesOneChunkForEveryPeerHoweverManyAreStuck) {
  Flow flow(limits());
  for (int i = 0; i < 9; ++i) fill(flow, "stuck" + std::to_string(i));
  EXPECT_LE(flow.total_bytes(), (8 + 9) * kChunk);
  for (int round = 0; round < 5; ++round) {
    const auto ticket = flow.take("healthy", kChunk, kNow);
    ASSERT_TRUE(ticket);
    flow.give_back("healthy", *ticket, kNow);
  }
  fill(flow, "tenth");
  EXPECT_FALSE(flow.take("eleventh", kChunk, kNow)) << "more wait for their turn";
}

TEST(Flow, ForgetsAPeerThatDoesNotReadAndIsMorePatientTheLessItIsTrusted) {
  Flow flow(limits());
  fill(flow, "a");
  EXPECT_EQ(flow.expire(kNow + Milliseconds(999)), 0U);
  EXPECT_EQ(flow.expire(kNow + Milliseconds(1000)), 1U);
  EXPECT_EQ(flow.total_bytes(), 0U);
  const Timestamp later = kNow + Milliseconds(1000);
  EXPECT_EQ(fill(flow, "a", later).size(), 4U);
  EXPECT_EQ(flow.expire(later + Milliseconds(1999)), 0U) << "it takes twice as long now";
  EXPECT_EQ(flow.expire(later + Milliseconds(2000)), 1U);
}

TEST(Flow, ForgetsNobodyWhoReadsSlowly) {
  Flow flow(limits());
  Timestamp now = kNow;
  auto tickets = fill(flow, "a", now);
  for (int i = 0; i < 20; ++i) {
    now += Milliseconds(900);
    flow.give_back("a", tickets.front(), now);
    tickets.erase(tickets.begin());
    tickets.push_back(flow.take("a", kChunk, now).value());
    EXPECT_EQ(flow.expire(now), 0U);
  }
}

TEST(Flow, TakesTheOrderOfPeersWithoutTicketsForTheirWord) {
  Flow flow({.chunk_bytes = kChunk, .peer_bytes = 4 * kChunk, .total_bytes = 8 * kChunk});
  for (int i = 0; i < 100; ++i) {
    flow.give_back_older("old", 3, kNow);
    ASSERT_TRUE(flow.take("old", kChunk, kNow)) << i;
  }
  EXPECT_EQ(flow.total_bytes(), 3 * kChunk);
}

}  // namespace
}  // namespace swarmlab::server
