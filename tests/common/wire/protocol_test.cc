// Two releases that meet: which protocol they speak, and what an older one is not sent.
#include "common/wire/protocol.h"

#include <gtest/gtest.h>

#include "common/wire/message_codec.h"
#include "common/wire/older.h"

namespace swarmlab::wire {
namespace {

TEST(Protocol, IsTheNewestThatBothUnderstand) {
  const Party old{.name = "old", .protocols = {.oldest = 1, .newest = 2}};
  const Party young{.name = "young", .protocols = {.oldest = 2, .newest = 5}};
  EXPECT_EQ(agree(old, young), Protocol{2});
  EXPECT_EQ(agree(young, old), Protocol{2});
  EXPECT_EQ(agree(young, young), Protocol{5});
}

TEST(Protocol, IsRefusedWithBothRangesWhenNothingFits) {
  const Party old{.name = "this worker (0.1)", .protocols = {.oldest = 1, .newest = 1}};
  const Party young{.name = "the coordinator", .protocols = {.oldest = 2, .newest = 5}};
  const auto none = agree(old, young);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::invalid_input);
  EXPECT_EQ(none.error().message,
            "this worker (0.1) speaks protocol 1, the coordinator speaks 2 to 5: use the same "
            "release");
}

TEST(Protocol, RangeThatIsUpsideDownFitsNobody) {
  const Party odd{.name = "odd", .protocols = {.oldest = 9, .newest = 1}};
  EXPECT_FALSE(agree(odd, {.name = "us", .protocols = our_protocols()}));
}

TEST(Protocol, OfAMessageThatDoesNotTellTheOldestIsItsOwn) {
  EXPECT_EQ(told_by(1, 0), (ProtocolRange{.oldest = 1, .newest = 1}));
  EXPECT_EQ(told_by(4, 2), (ProtocolRange{.oldest = 2, .newest = 4}));
}

TEST(Protocol, CanBeHeldBack) {
  EXPECT_EQ(our_protocols_up_to(1), (ProtocolRange{.oldest = 1, .newest = 1}));
  EXPECT_FALSE(our_protocols_up_to(0));
  EXPECT_FALSE(our_protocols_up_to(static_cast<Protocol>(our_protocols().newest + 1)));
}

TEST(Capabilities, HaveNoNameInProtocolOne) {
  EXPECT_TRUE(our_capabilities(1).empty());
  EXPECT_TRUE(our_capabilities(our_protocols().newest).contains("capabilities"));
}

TEST(Capabilities, OfAPeerAreReadWithALimit) {
  CapabilityReader reader;
  reader.add("");
  reader.add(std::string(65, 'x'));
  for (int i = 0; i < 1000; ++i) reader.add(std::to_string(i));
  EXPECT_EQ(reader.take().size(), 64U);
}

std::string hello_in(Protocol protocol) {
  Outgoing message(3, 0, protocol);
  auto hello = message.body().initHello();
  hello.setWorker("w");
  hello.initCapabilities(1).set(0, "capabilities");
  return message.bytes();
}

TEST(Older, PeersAreNotSentWhatIsNewer) {
  const auto newest = Incoming::parse(bytes_of(hello_in(our_protocols().newest)));
  EXPECT_EQ(newest->body().getHello().getCapabilities().size(), 1U);
  EXPECT_EQ(newest->envelope().getOldestVersion(), our_protocols().oldest);
  const auto first = Incoming::parse(bytes_of(hello_in(1)));
  EXPECT_EQ(first->envelope().getVersion(), 1U);
  EXPECT_EQ(first->envelope().getOldestVersion(), 0U);
  EXPECT_FALSE(first->body().getHello().hasCapabilities());
  EXPECT_STREQ(first->body().getHello().getWorker().cStr(), "w");
}

// Whatever a schema marks is gone, at any depth: messages of all kinds, filled to the brim.
int newer_fields(capnp::DynamicStruct::Reader message, Protocol protocol);

int newer_fields(const capnp::DynamicValue::Reader& value, Protocol protocol) {
  if (value.getType() == capnp::DynamicValue::STRUCT) {
    return newer_fields(value.as<capnp::DynamicStruct>(), protocol);
  }
  int count = 0;
  if (value.getType() == capnp::DynamicValue::LIST) {
    for (const auto element : value.as<capnp::DynamicList>()) {
      count += newer_fields(element, protocol);
    }
  }
  return count;
}

int newer_fields(capnp::DynamicStruct::Reader message, Protocol protocol) {
  int count = 0;
  const auto look = [&](capnp::StructSchema::Field field) {
    if (!message.has(field, capnp::HasMode::NON_DEFAULT)) return;
    count += since(field) > protocol ? 1 : newer_fields(message.get(field), protocol);
  };
  for (const auto field : message.getSchema().getNonUnionFields()) look(field);
  KJ_IF_MAYBE (member, message.which()) {
    look(*member);
  }
  return count;
}

TEST(Older, PeersAreNotSentANewerFieldAtAnyDepth) {
  for (const bool old : {false, true}) {
    const auto message =
        Incoming::parse(bytes_of(hello_in(old ? Protocol{1} : our_protocols().newest)));
    ASSERT_TRUE(message);
    const int newer = newer_fields(capnp::DynamicStruct::Reader(message->envelope()), 1);
    EXPECT_EQ(newer == 0, old);
  }
}

}  // namespace
}  // namespace swarmlab::wire
