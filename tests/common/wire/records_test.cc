#include "common/wire/records.h"

#include <capnp/schema.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <limits>

#include "common/model/names.h"
#include "common/wire/bytes_codec.h"
#include "common/wire/record_codec.h"
#include "schemas/message.capnp.h"
#include "tests/common/wire/arbitrary.h"

namespace swarmlab::wire {
namespace {

using namespace swarmlab::testing;

template <class Record, class From>
void expect_back(const Record& record, const From& from) {
  const Result<Record> back = from(bytes_of(to_bytes(record)));
  if (!back) RC_FAIL(back.error().message);
  RC_ASSERT(*back == record);
}

RC_GTEST_PROP(LabSettingsCodec, ReadsBackWhatItWrote, ()) {
  expect_back(any_settings(), lab_settings_from);
}
RC_GTEST_PROP(ExperimentCodec, ReadsBackWhatItWrote, ()) {
  expect_back(any_experiment(), experiment_from);
}
RC_GTEST_PROP(AssignmentCodec, ReadsBackWhatItWrote, ()) {
  expect_back(any_assignment(), assignment_from);
}
RC_GTEST_PROP(ReportCodec, ReadsBackWhatItWrote, ()) {
  expect_back(any_report(), report_from);
}
RC_GTEST_PROP(AttachmentsCodec, ReadsBackWhatItWrote, ()) {
  expect_back(any_attachments(), attachments_from);
}

TEST(ExperimentCodec, ReadsBackTheDefault) {
  EXPECT_EQ(*experiment_from(bytes_of(to_bytes(Experiment{}))), Experiment{});
}

TEST(AttachmentsCodec, KeepsZerosAndBrokenUtf8OfLogs) {
  Attachments attachments;
  attachments.agent_log = std::string("a\0b\xff", 4);
  EXPECT_EQ(*attachments_from(bytes_of(to_bytes(attachments))), attachments);
}

TEST(AttachmentsCodec, KeepsTheSizeOfALargeLog) {
  Attachments attachments;
  attachments.evaluator_log = std::string(3U << 20U, 'x');
  EXPECT_EQ(*attachments_from(bytes_of(to_bytes(attachments))), attachments);
}

// Whatever the bytes are: a value or an error, in bounded time. ASan and UBSan watch.
void expect_harmless(const std::string& bytes) {
  const auto check = [](const auto& result) {
    if (!result) RC_ASSERT(result.error().code == ErrorCode::corrupt);
  };
  check(lab_settings_from(bytes_of(bytes)));
  check(experiment_from(bytes_of(bytes)));
  check(assignment_from(bytes_of(bytes)));
  check(report_from(bytes_of(bytes)));
  check(attachments_from(bytes_of(bytes)));
}

RC_GTEST_PROP(ForeignBytes, OfAnyContentAreHarmless, (const std::string& text)) {
  expect_harmless(text);
  std::string words = text;
  words.resize(words.size() / 8 * 8 + 8);
  words[0] = words[1] = words[2] = words[3] = 0;  // one segment: gets further
  words[4] = static_cast<char>(words.size() / 8 - 1);
  words[5] = words[6] = words[7] = 0;
  expect_harmless(words);
}

RC_GTEST_PROP(ForeignBytes, ThatWereCutAreHarmless, ()) {
  const std::string bytes = to_bytes(any_experiment());
  const auto length = *rc::gen::inRange<std::size_t>(0, bytes.size());
  RC_ASSERT(!experiment_from(bytes_of(bytes.substr(0, length))));
}

RC_GTEST_PROP(ForeignBytes, WithFlippedBitsAreHarmless, ()) {
  std::string bytes = any<bool>() ? to_bytes(any_assignment()) : to_bytes(any_experiment());
  const int flips = *rc::gen::inRange(1, 9);
  for (int i = 0; i < flips; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << *rc::gen::inRange(0, 8)));
  }
  expect_harmless(bytes);
}

TEST(ForeignBytes, AreRefusedWithWhatIsWrong) {
  EXPECT_EQ(experiment_from({}).error().message,
            "experiment: 0 bytes, expected 8 to 67108864, a multiple of 8");
  EXPECT_EQ(experiment_from(bytes_of("12345678901")).error().message,
            "experiment: 11 bytes, expected 8 to 67108864, a multiple of 8");
  const std::string more = to_bytes(Experiment{}) + std::string(8, '\0');
  EXPECT_EQ(
      experiment_from(bytes_of(more)).error().message,
      fmt::format("experiment: {} bytes, expected a message and nothing after it", more.size()));
}

TEST(ForeignBytes, NeedNoAlignment) {
  std::string shifted(1, 'x');
  shifted += to_bytes(Experiment{});
  EXPECT_TRUE(experiment_from(bytes_of(std::string_view(shifted).substr(1))));
}

// A message whose every list element points to the same list is small on the wire and huge to read.
TEST(ForeignBytes, CannotPretendToBeMuchLarger) {
  capnp::MallocMessageBuilder message;
  auto attachments = message.initRoot<schema::Attachments>();
  auto samples = attachments.initSamples(20'000);
  samples[0].setExtra(std::string(100'000, 'x').c_str());
  std::string bytes = to_bytes(message);
  const Result<Attachments> honest = attachments_from(bytes_of(bytes));
  ASSERT_TRUE(honest);
  capnp::MallocMessageBuilder flat(static_cast<unsigned>(bytes.size() / 8 + 100),
                                   capnp::AllocationStrategy::FIXED_SIZE);
  flat.setRoot(attachments.asReader());
  bytes = to_bytes(flat);
  // Words: segment table, root pointer, root (6 pointers), list tag, elements of 1 + 3 words.
  constexpr std::size_t kFirst = 8 * (1 + 1 + 6 + 1);
  constexpr std::size_t kElement = 8 * 4;
  const std::size_t extra = kFirst + 8 * 3;
  std::uint64_t pointer = 0;
  std::memcpy(&pointer, &bytes[extra], sizeof(pointer));
  ASSERT_EQ(pointer & 3U, 1U) << "expected a list pointer";
  for (std::size_t i = 1; i < 20'000; ++i) {
    const std::uint64_t moved = pointer - ((i * kElement / 8) << 2U);  // same target
    std::memcpy(&bytes[extra + i * kElement], &moved, sizeof(moved));
  }
  const Result<Attachments> bomb = attachments_from(bytes_of(bytes));
  ASSERT_FALSE(bomb);
  EXPECT_EQ(bomb.error().code, ErrorCode::corrupt);
}

template <class Schema, class Write>
std::string message_of(const Write& fill) {
  return encode<Schema>(fill);
}

TEST(RecordCodec, RefusesEnumValuesThatItDoesNotKnow) {
  const std::string bytes = message_of<schema::Report>([](schema::Report::Builder root) {
    write(root, Report{});
    root.setOutcome(static_cast<schema::Outcome>(99));
  });
  EXPECT_EQ(report_from(bytes_of(bytes)).error().message, "report: outcome is 99, expected 0 to 8");
}

TEST(RecordCodec, RefusesScoresThatAreNotFinite) {
  Experiment experiment;
  experiment.measurements.resize(1);
  experiment.measurements[0].score = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(experiment_from(bytes_of(to_bytes(experiment))).error().message,
            "experiment: score is nan, expected a finite number");
  experiment.measurements[0].score = 1;
  experiment.measurements[0].metrics = {{"loss", std::numeric_limits<double>::infinity()}};
  EXPECT_EQ(experiment_from(bytes_of(to_bytes(experiment))).error().message,
            "experiment: metric is inf, expected a finite number");
}

TEST(RecordCodec, KeepsSampleScoresThatAreNotFinite) {
  Attachments attachments;
  attachments.samples = {{"a", std::numeric_limits<double>::infinity(), "", ""}};
  EXPECT_EQ(*attachments_from(bytes_of(to_bytes(attachments))), attachments);
}

TEST(RecordCodec, RefusesObjectIdsOfAnotherLength) {
  const std::string bytes =
      message_of<schema::Report>([](schema::Report::Builder root) { root.initCommit(19); });
  EXPECT_EQ(report_from(bytes_of(bytes)).error().message,
            "report: commit has 19 bytes, expected 20");
}

// "guardFailed" for guard_failed: the values are cast, so the order must be the same.
std::string camel(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool gap = name[i] == '_' || name[i] == '-';
    if (gap) ++i;
    out += gap ? static_cast<char>(std::toupper(name[i])) : name[i];
  }
  return out;
}

template <class Schema, class Model>
void expect_same_names(Model last) {
  const auto values = capnp::Schema::from<Schema>().getEnumerants();
  ASSERT_EQ(values.size(), static_cast<unsigned>(last) + 1U);
  for (unsigned i = 0; i < values.size(); ++i) {
    EXPECT_EQ(camel(name_of(static_cast<Model>(i))), values[i].getProto().getName().cStr());
  }
}

TEST(RecordCodec, EnumsOfTheSchemasAreThoseOfTheModel) {
  expect_same_names<schema::Verdict>(Verdict::invalid);
  expect_same_names<schema::TaskKind>(TaskKind::simplify);
  expect_same_names<schema::Outcome>(Outcome::returned);
  expect_same_names<schema::Stage>(Stage::total);
  expect_same_names<schema::Direction>(Direction::maximize);
  expect_same_names<schema::PolicyKind>(PolicyKind::islands);
  expect_same_names<schema::AgentKind>(AgentKind::opencode);
  expect_same_names<schema::AgentEnd>(AgentEnd::timed_out);
  expect_same_names<schema::CostSource>(CostSource::measured);
  expect_same_names<schema::StepKind>(StepKind::tool);
  static_assert(static_cast<int>(schema::ParseKind::REGEX) == static_cast<int>(ParseKind::regex));
  static_assert(static_cast<int>(schema::ParseKind::JSON) == static_cast<int>(ParseKind::json));
  static_assert(static_cast<int>(schema::ParseKind::METRIC_LINES) ==
                static_cast<int>(ParseKind::metric_lines));
  static_assert(static_cast<int>(schema::DataKind::FOLDER) ==
                static_cast<int>(DataSource::Kind::folder));
  static_assert(static_cast<int>(schema::DataKind::HOST_PATH) ==
                static_cast<int>(DataSource::Kind::host_path));
  static_assert(static_cast<int>(schema::DataKind::SHIPPED) ==
                static_cast<int>(DataSource::Kind::shipped));
}

TEST(RecordCodec, ErrorCodesOfTheSchemaAreThoseOfCommon) {
  static_assert(static_cast<int>(schema::ErrorCode::INVALID_INPUT) ==
                static_cast<int>(ErrorCode::invalid_input));
  static_assert(static_cast<int>(schema::ErrorCode::NOT_FOUND) ==
                static_cast<int>(ErrorCode::not_found));
  static_assert(static_cast<int>(schema::ErrorCode::CONFLICT) ==
                static_cast<int>(ErrorCode::conflict));
  static_assert(static_cast<int>(schema::ErrorCode::UNAVAILABLE) ==
                static_cast<int>(ErrorCode::unavailable));
  static_assert(static_cast<int>(schema::ErrorCode::CORRUPT) ==
                static_cast<int>(ErrorCode::corrupt));
  static_assert(static_cast<int>(schema::ErrorCode::INTERNAL) ==
                static_cast<int>(ErrorCode::internal));
}

}  // namespace
}  // namespace swarmlab::wire
