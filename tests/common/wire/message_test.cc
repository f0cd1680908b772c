#include "common/wire/message.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "common/wire/message_codec.h"
#include "common/wire/record_codec.h"
#include "tests/common/wire/arbitrary.h"

namespace swarmlab::wire {
namespace {

using namespace swarmlab::testing;

std::string work_message(const Report& report, const Attachments& attachments) {
  Outgoing message(7, 42);
  auto work = message.body().initWork();
  work.setAsk(true);
  write(work.initReport(), report);
  write(work.initAttachments(), attachments);
  return message.bytes();
}

RC_GTEST_PROP(Message, CarriesAReport, ()) {
  const Report report = any_report();
  const Attachments attachments = any_attachments();
  const Result<Incoming> incoming = Incoming::parse(bytes_of(work_message(report, attachments)));
  RC_ASSERT(incoming.has_value());
  RC_ASSERT(incoming->envelope().getRequestId() == 7U);
  RC_ASSERT(incoming->envelope().getSession() == 42U);
  RC_ASSERT(incoming->body().isWork());
  RC_ASSERT(incoming->body().getWork().getAsk());
  RC_ASSERT(*read(incoming->body().getWork().getReport()) == report);
  RC_ASSERT(*read(incoming->body().getWork().getAttachments()) == attachments);
}

TEST(Message, SaysWhichProtocolItSpeaks) {
  Outgoing message(1);
  EXPECT_EQ(Incoming::parse(bytes_of(message.bytes()))->envelope().getVersion(),
            schema::PROTOCOL_VERSION);
}

TEST(Message, TellsItsRequestId) {
  Outgoing message(123456789012345);
  message.body().setDone();
  const std::string bytes = message.bytes();
  EXPECT_EQ(request_id_of(bytes), 123456789012345U);
  EXPECT_EQ(request_id_of("x" + bytes), std::nullopt);
  EXPECT_EQ(request_id_of(""), std::nullopt);
}

TEST(Message, CarriesAnError) {
  Outgoing message(1);
  write(message.body().initError(), Error{ErrorCode::not_found, "no lab named x"});
  const Result<Incoming> incoming = Incoming::parse(bytes_of(message.bytes()));
  const Error error = read(incoming->body().getError());
  EXPECT_EQ(error.code, ErrorCode::not_found);
  EXPECT_EQ(error.message, "no lab named x");
}

TEST(Message, ThatIsTooLargeIsRefused) {
  Outgoing message(1);
  message.body().initPackChunk().initData(static_cast<unsigned>(kMaxMessageBytes + (128U << 10U)));
  EXPECT_FALSE(Incoming::parse(bytes_of(message.bytes())));
}

// A body that a newer build knows: the envelope can be read, so an error can be sent back.
TEST(Message, OfAnUnknownKindCanBeAnswered) {
  Outgoing message(5);
  message.body().setDone();
  std::string bytes = message.bytes();
  const std::string done = bytes;
  message.body().setBye();
  const std::string bye = message.bytes();
  std::size_t at = 0;
  while (done[at] == bye[at]) ++at;  // the discriminant
  bytes[at] = 99;
  const Result<Incoming> incoming = Incoming::parse(bytes_of(bytes));
  ASSERT_TRUE(incoming);
  EXPECT_EQ(incoming->envelope().getRequestId(), 5U);
  EXPECT_EQ(static_cast<int>(incoming->body().which()), 99);
}

// What parse() lets through never throws, however it was damaged.
RC_GTEST_PROP(Message, ThatWasParsedCanBeReadToTheEnd, ()) {
  std::string bytes = work_message(any_report(), any_attachments());
  const int flips = *rc::gen::inRange(1, 9);
  for (int i = 0; i < flips; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(8, bytes.size());
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << *rc::gen::inRange(0, 8)));
  }
  const Result<Incoming> incoming = Incoming::parse(bytes_of(bytes));
  if (!incoming) {
    RC_ASSERT(incoming.error().code == ErrorCode::corrupt);
    return;
  }
  if (!incoming->body().isWork()) return;
  for (int i = 0; i < 20; ++i) {
    static_cast<void>(read(incoming->body().getWork().getReport()));
    static_cast<void>(read(incoming->body().getWork().getAttachments()));
  }
}

}  // namespace
}  // namespace swarmlab::wire
