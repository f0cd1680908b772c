#include "coordinator/server/pack_inbox.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace swarmlab::server {
namespace {

constexpr Timestamp kNow{Milliseconds(1'000'000)};
constexpr PackKey kOne{TaskId(1), FencingToken(1)};
constexpr PackKey kTwo{TaskId(2), FencingToken(2)};

Result<std::uint64_t> add(PackInbox& inbox, PackKey key, std::uint64_t offset,
                          std::string_view text, Timestamp now = kNow) {
  return inbox.add(key, {.offset = offset, .data = std::as_bytes(std::span(text))}, now);
}

std::string text_of(const PackInbox& inbox, PackKey key) {
  const auto bytes = inbox.bytes(key);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(PackInbox, PutsChunksTogetherAndSaysHowFarItIs) {
  PackInbox inbox({});
  EXPECT_EQ(add(inbox, kOne, 0, "abc"), 3U);
  EXPECT_EQ(add(inbox, kTwo, 0, "x"), 1U);
  EXPECT_EQ(add(inbox, kOne, 3, "def"), 6U);
  EXPECT_EQ(text_of(inbox, kOne), "abcdef");
  EXPECT_EQ(text_of(inbox, kTwo), "x");
  EXPECT_EQ(inbox.total_bytes(), 7U);
}

TEST(PackInbox, TakesAChunkThatCameBeforeAsItIs) {
  PackInbox inbox({});
  add(inbox, kOne, 0, "abc").value();
  add(inbox, kOne, 3, "def").value();
  EXPECT_EQ(add(inbox, kOne, 0, "abc"), 6U);
  EXPECT_EQ(text_of(inbox, kOne), "abcdef");
  EXPECT_EQ(inbox.total_bytes(), 6U);
}

TEST(PackInbox, TakesTheNewPartOfAChunkThatOverlaps) {
  PackInbox inbox({});
  add(inbox, kOne, 0, "abc").value();
  EXPECT_EQ(add(inbox, kOne, 2, "cde"), 5U);
  EXPECT_EQ(text_of(inbox, kOne), "abcde");
}

TEST(PackInbox, RefusesAGapAndSaysWhereToGoOn) {
  PackInbox inbox({});
  add(inbox, kOne, 0, "abc").value();
  const auto gap = add(inbox, kOne, 5, "x");
  ASSERT_FALSE(gap);
  EXPECT_EQ(gap.error().code, ErrorCode::conflict);
  EXPECT_NE(gap.error().message.find("chunk at 5, expected 3 or less"), std::string::npos);
  EXPECT_EQ(text_of(inbox, kOne), "abc");
}

TEST(PackInbox, DropsAPackThatIsTooLarge) {
  PackInbox inbox({.pack_bytes = 4});
  add(inbox, kOne, 0, "abc").value();
  const auto refused = add(inbox, kOne, 3, "de");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_input);
  EXPECT_EQ(inbox.total_bytes(), 0U);
  EXPECT_TRUE(inbox.bytes(kOne).empty());
}

TEST(PackInbox, AsksToTryLaterWhenAllPacksTogetherAreTooMuch) {
  PackInbox inbox({.pack_bytes = 4, .total_bytes = 6});
  add(inbox, kOne, 0, "abcd").value();
  const auto refused = add(inbox, kTwo, 0, "abcd");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  inbox.drop(kOne);
  EXPECT_EQ(add(inbox, kTwo, 0, "abcd"), 4U);
}

TEST(PackInbox, AsksToTryLaterWhenThereAreTooManyPacks) {
  PackInbox inbox({.packs = 1});
  add(inbox, kOne, 0, "a").value();
  const auto refused = add(inbox, kTwo, 0, "a");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  EXPECT_EQ(add(inbox, kOne, 1, "b"), 2U);
}

TEST(PackInbox, RemembersNothingOfPeersThatSendNothing) {
  PackInbox inbox({.packs = 1});
  for (std::uint64_t i = 10; i < 20; ++i) {
    const PackKey key{TaskId(i), FencingToken(i)};
    EXPECT_EQ(add(inbox, key, 0, ""), 0U);
    EXPECT_FALSE(add(inbox, key, 1, "gap"));
  }
  EXPECT_EQ(add(inbox, kOne, 0, "a"), 1U);
}

TEST(PackInbox, SweepsWhatNobodyClaims) {
  PackInbox inbox({.unclaimed = Milliseconds(100)});
  add(inbox, kOne, 0, "abc").value();
  add(inbox, kTwo, 0, "abc", kNow + Milliseconds(50)).value();
  inbox.sweep(kNow + Milliseconds(99));
  EXPECT_EQ(inbox.total_bytes(), 6U);
  inbox.sweep(kNow + Milliseconds(100));
  EXPECT_TRUE(inbox.bytes(kOne).empty());
  EXPECT_EQ(text_of(inbox, kTwo), "abc");
}

TEST(PackInbox, LetsAPackLiveAsLongAsChunksCome) {
  PackInbox inbox({.unclaimed = Milliseconds(100)});
  add(inbox, kOne, 0, "abc").value();
  add(inbox, kOne, 0, "abc", kNow + Milliseconds(80)).value();
  inbox.sweep(kNow + Milliseconds(150));
  EXPECT_EQ(text_of(inbox, kOne), "abc");
}

}  // namespace
}  // namespace swarmlab::server
