// Peers that send anything: bytes become an error or a message that can be read, never a crash.
#include <capnp/dynamic.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <vector>

#include "common/wire/json_codec.h"
#include "common/wire/lab_codec.h"
#include "common/wire/message.h"
#include "common/wire/message_codec.h"
#include "common/wire/record_codec.h"

namespace swarmlab::wire {
namespace {

using Random = std::mt19937_64;

std::size_t below(std::size_t end, Random& random) {
  return static_cast<std::size_t>(random() % end);
}

void fill(capnp::DynamicStruct::Builder to, Random& random);

// What a field or an element of this type gets, where it is no pointer to a struct or a list.
capnp::DynamicValue::Reader plain_value(capnp::Type type, Random& random) {
  if (type.isVoid()) return capnp::VOID;
  if (type.isBool()) return random() % 2 == 0;
  if (type.isText()) return "a text of some length";
  if (type.isData()) return capnp::Data::Reader(reinterpret_cast<const kj::byte*>("data"), 4);
  if (type.isEnum()) return capnp::DynamicEnum(type.asEnum(), static_cast<std::uint16_t>(0));
  if (type.isFloat32() || type.isFloat64()) return 0.5;
  return random() % 100;
}

void fill(capnp::DynamicList::Builder to, Random& random) {
  const capnp::Type type = to.getSchema().getElementType();
  for (unsigned i = 0; i < to.size(); ++i) {
    if (type.isStruct()) {
      fill(to[i].as<capnp::DynamicStruct>(), random);
    } else {
      to.set(i, plain_value(type, random));
    }
  }
}

void fill(capnp::DynamicStruct::Builder to, capnp::StructSchema::Field field, Random& random) {
  const capnp::Type type = field.getType();
  if (type.isStruct()) {
    fill(to.init(field).as<capnp::DynamicStruct>(), random);
  } else if (type.isList()) {
    const auto size = static_cast<unsigned>(below(4, random));
    fill(to.init(field, size).as<capnp::DynamicList>(), random);
  } else {
    to.set(field, plain_value(type, random));
  }
}

// Every field gets something; of a union, one member.
void fill(capnp::DynamicStruct::Builder to, Random& random) {
  const auto schema = to.getSchema();
  if (const auto members = schema.getUnionFields(); members.size() > 0) {
    fill(to, members[static_cast<unsigned>(below(members.size(), random))], random);
  }
  for (const auto field : schema.getNonUnionFields()) fill(to, field, random);
}

// A sound message with a body of that kind.
std::string message_of_kind(unsigned kind, Random& random) {
  Outgoing message(7, 42);
  capnp::DynamicStruct::Builder body = message.body();
  fill(body, body.getSchema().getUnionFields()[kind], random);
  return message.bytes();
}

unsigned kinds() {
  return capnp::Schema::from<schema::Envelope::Body>().getUnionFields().size();
}

// Reads what the coordinator, workers and the command line read. \return how many reads were fine.
int read_all(const Incoming& incoming) {
  using Body = schema::Envelope::Body;
  const auto body = incoming.body();
  int fine = 0;
  if (body.isWork()) {
    fine += read(body.getWork().getReport()).has_value() ? 1 : 0;
    fine += read(body.getWork().getAttachments()).has_value() ? 1 : 0;
  } else if (body.isWorkReply() && body.getWorkReply().getTask().isAssignment()) {
    fine += read(body.getWorkReply().getTask().getAssignment()).has_value() ? 1 : 0;
  } else if (body.isOpenLab()) {
    fine += read(body.getOpenLab().getSettings()).has_value() ? 1 : 0;
  } else if (body.isTreeCheck()) {
    fine += object_id_of("tree", body.getTreeCheck().getTree()).has_value() ? 1 : 0;
  } else if (body.isError()) {
    static_cast<void>(read(body.getError()));
  } else if (body.isStatus()) {
    fine += to_json(body.getStatus()).empty() ? 0 : 1;
  } else if (body.isExperiments()) {
    fine += to_json(body.getExperiments()).empty() ? 0 : 1;
  } else if (body.isExperiment()) {
    fine += to_json(body.getExperiment(), JsonStyle::pretty).empty() ? 0 : 1;
  } else if (body.which() == Body::FRONTIER) {
    fine += to_json(body.getFrontier()).empty() ? 0 : 1;
  } else if (body.which() == Body::EVENTS) {
    fine += to_json(body.getEvents()).empty() ? 0 : 1;
  }
  return fine;
}

std::uint64_t word_at(const std::string& bytes, std::size_t at) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes.data() + at * 8, 8);
  return word;
}

void set_word(std::string& bytes, std::size_t at, std::uint64_t word) {
  std::memcpy(bytes.data() + at * 8, &word, 8);
}

// One change of the kinds that break parsers: bits, whole words (pointers are words), lengths.
void mutate(std::string& bytes, Random& random) {
  const std::size_t words = bytes.size() / 8;
  if (words == 0) return;
  const std::size_t at = below(words, random);
  switch (random() % 7) {
    case 0:
      bytes[below(bytes.size(), random)] ^= static_cast<char>(1U << (random() % 8));
      return;
    case 1:
      set_word(bytes, at, random());
      return;
    case 2:
      set_word(bytes, at, word_at(bytes, below(words, random)));
      return;
    case 3: {
      constexpr std::array<std::uint64_t, 6> kEdges = {
          0, ~0ULL, 0x7fffffffULL, 0x8000000000000000ULL, 0xfffffffdULL, 0x0000000700000001ULL};
      set_word(bytes, at, kEdges.at(below(kEdges.size(), random)));
      return;
    }
    case 4:
      set_word(bytes, at, word_at(bytes, at) + (random() % 9) - 4);
      return;
    case 5:
      bytes.resize(random() % 2 == 0 ? at * 8 : below(bytes.size(), random));
      return;
    default:
      bytes.insert(at * 8, bytes.substr(below(words, random) * 8, 8 * (1 + random() % 8)));
      return;
  }
}

TEST(Garbage, MessagesOfEveryKindAreReadWhenSound) {
  Random random(1);
  for (unsigned kind = 0; kind < kinds(); ++kind) {
    const std::string bytes = message_of_kind(kind, random);
    const Result<Incoming> incoming = Incoming::parse(bytes_of(bytes));
    ASSERT_TRUE(incoming) << kind << ": " << incoming.error().message;
    EXPECT_EQ(static_cast<unsigned>(incoming->body().which()), kind);
    EXPECT_EQ(request_id_of(bytes), 7U);
  }
}

TEST(Garbage, MutatedMessagesAreReadOrRefused) {
  constexpr int kMutations = 120'000;
  Random random(20261121);
  int parsed = 0;
  int fine = 0;
  for (int i = 0; i < kMutations; ++i) {
    std::string bytes = message_of_kind(static_cast<unsigned>(i) % kinds(), random);
    for (std::uint64_t changes = 1 + random() % 6; changes > 0; --changes) mutate(bytes, random);
    static_cast<void>(request_id_of(bytes));
    const Result<Incoming> incoming = Incoming::parse(bytes_of(bytes));
    if (incoming) {
      ++parsed;
      fine += read_all(*incoming);
    } else {
      ASSERT_EQ(incoming.error().code, ErrorCode::corrupt);
      ASSERT_FALSE(incoming.error().message.empty());
    }
  }
  // Both ways were taken often: the test does what it says.
  EXPECT_GT(parsed, kMutations / 20);
  EXPECT_LT(parsed, kMutations * 19 / 20);
  EXPECT_GT(fine, kMutations / 200);
}

TEST(Garbage, RandomBytesAreReadOrRefused) {
  Random random(4711);
  for (int i = 0; i < 50'000; ++i) {
    std::string bytes(below(400, random), '\0');
    std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random()); });
    if (bytes.size() >= 8 && i % 2 == 0) {  // one segment of the right length: the rest gets a look
      bytes.resize(bytes.size() / 8 * 8);
      set_word(bytes, 0, std::uint64_t{bytes.size() / 8 - 1} << 32U);
    }
    static_cast<void>(request_id_of(bytes));
    if (const Result<Incoming> incoming = Incoming::parse(bytes_of(bytes)); incoming) {
      static_cast<void>(read_all(*incoming));
    }
  }
}

// A few bytes that stand for half a billion elements, each of which would cost time to look at.
TEST(Garbage, AHugeListOfEmptyStructsIsRefused) {
  Outgoing message(1);
  auto held = message.body().initHeartbeat().initHeld(1)[0];
  held.setTask(1);
  held.setToken(2);
  std::string bytes = message.bytes();
  constexpr std::uint64_t kOneOfTwoWords = (2ULL << 32U) | (1U << 2U);
  constexpr std::uint64_t kManyOfNoWords = ((1ULL << 29U) - 1) << 2U;
  int replaced = 0;
  for (std::size_t at = 0; at < bytes.size() / 8; ++at) {
    if (word_at(bytes, at) != kOneOfTwoWords) continue;
    set_word(bytes, at, kManyOfNoWords);
    ++replaced;
  }
  ASSERT_EQ(replaced, 1);
  const Result<Incoming> incoming = Incoming::parse(bytes_of(bytes));
  ASSERT_FALSE(incoming);
  EXPECT_EQ(incoming.error().code, ErrorCode::corrupt);
}

}  // namespace
}  // namespace swarmlab::wire
