// Messages that released builds wrote, read by this one. See tests/golden/README.md.
#include <capnp/compat/json.h>
#include <capnp/dynamic.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "common/wire/message_codec.h"
#include "common/wire/older.h"
#include "common/wire/record_codec.h"

namespace swarmlab::wire {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

fs::path golden() {
  return fs::path(__FILE__).parent_path().parent_path().parent_path() / "golden" / "protocol-1";
}

std::string content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Whether all that `old` says is said by `now`, too.
bool says(const Json& now, const Json& old) {
  if (old.is_object()) {
    return now.is_object() && std::ranges::all_of(old.items(), [&](const auto& entry) {
             return now.contains(entry.key()) && says(now[entry.key()], entry.value());
           });
  }
  if (!old.is_array()) return now == old;
  if (!now.is_array() || now.size() != old.size()) return false;
  for (std::size_t i = 0; i < old.size(); ++i) {
    if (!says(now[i], old[i])) return false;
  }
  return true;
}

TEST(GoldenMessages, OfEveryKindSayWhatTheySaid) {
  capnp::JsonCodec codec;
  codec.setHasMode(capnp::HasMode::NON_DEFAULT);
  int read = 0;
  for (const auto& file : fs::directory_iterator(golden())) {
    if (file.path().extension() != ".bin") continue;
    ++read;
    const auto message = Incoming::parse(bytes_of(content_of(file.path())));
    ASSERT_TRUE(message) << file.path() << ": " << message.error().message;
    EXPECT_EQ(protocols_of(message->envelope()), (ProtocolRange{.oldest = 1, .newest = 1}));
    const Json now =
        Json::parse(codec.encode(capnp::DynamicStruct::Reader(message->envelope())).cStr());
    const Json old = Json::parse(content_of(fs::path(file.path()).replace_extension(".json")));
    EXPECT_TRUE(says(now, old)) << file.path() << "\nnow " << now << "\nthen " << old;
  }
  EXPECT_GE(read, 40);
}

TEST(GoldenMessages, HoldReportsAndAssignmentsAsTheyWere) {
  const auto work = Incoming::parse(bytes_of(content_of(golden() / "work-0.bin")));
  ASSERT_TRUE(work);
  const auto report = read(work->body().getWork().getReport());
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->commit && report->tree && report->measurement);
  EXPECT_EQ(report->paths.size(), 2U);
  const auto attachments = read(work->body().getWork().getAttachments());
  ASSERT_TRUE(attachments) << attachments.error().message;
  EXPECT_EQ(attachments->samples.size(), 2U);
  const auto reply = Incoming::parse(bytes_of(content_of(golden() / "workReply-1.bin")));
  ASSERT_TRUE(reply);
  const auto assignment = read(reply->body().getWorkReply().getTask().getAssignment());
  ASSERT_TRUE(assignment) << assignment.error().message;
  EXPECT_EQ(assignment->task, TaskId(3));
  EXPECT_EQ(assignment->token, FencingToken(4));
  EXPECT_EQ(assignment->settings.name, "text 14");
}

std::string name_of(capnp::Type type) {
  if (type.isList()) return "list of " + name_of(type.asList().getElementType());
  if (type.isStruct()) return type.asStruct().getShortDisplayName().cStr();
  if (type.isEnum()) return type.asEnum().getShortDisplayName().cStr();
  return "type " + std::to_string(static_cast<int>(type.which()));
}

struct Field {
  std::string line;  // as fields.txt has it
  std::string owner;
  Protocol since = 1;
};

// All fields that messages are made of; those of views apart, which only people read.
void list_fields(capnp::StructSchema schema, std::map<std::string, Field>& fields) {
  for (const auto field : schema.getFields()) {
    capnp::Type type = field.getType();
    const auto proto = field.getProto();
    const auto ordinal = proto.getOrdinal();
    const std::string owner = schema.getShortDisplayName().cStr();
    std::string line = owner + " " + proto.getName().cStr() + " ";
    line += ordinal.isExplicit() ? "@" + std::to_string(ordinal.getExplicit()) : "-";
    line += " " + (proto.isGroup() ? "group" : name_of(type));
    const std::string file = schema.getProto().getDisplayName().cStr();
    const bool view = file.find("view.capnp") != std::string::npos;
    const bool known = !fields.emplace(line, Field{line, view ? "" : owner, since(field)}).second;
    while (type.isList()) type = type.asList().getElementType();
    if (!known && type.isStruct()) list_fields(type.asStruct(), fields);
  }
}

std::set<std::string> golden_fields() {
  std::istringstream in(content_of(golden() / "fields.txt"));
  std::set<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.insert(line);
  return lines;
}

TEST(GoldenSchema, KeepsEveryFieldWithItsNumberAndItsType) {
  std::map<std::string, Field> now;
  list_fields(capnp::Schema::from<schema::Envelope>(), now);
  const auto old = golden_fields();
  EXPECT_GT(old.size(), 200U);
  for (const std::string& line : old) EXPECT_TRUE(now.contains(line)) << line << " is gone";
}

// Without the mark a worker that speaks an older protocol would send the field all the same, and
// swarms of several releases would not be what their tests test.
TEST(GoldenSchema, MarksWhatIsNewerThanProtocolOne) {
  std::map<std::string, Field> now;
  list_fields(capnp::Schema::from<schema::Envelope>(), now);
  const auto old = golden_fields();
  std::set<std::string> old_structs;
  for (const std::string& line : old) old_structs.insert(line.substr(0, line.find(' ')));
  for (const auto& [line, field] : now) {
    if (old.contains(line) || !old_structs.contains(field.owner)) continue;
    EXPECT_GE(field.since, 2) << line << ": add $Since.since(N) in the schema, N: protocolVersion";
    EXPECT_LE(field.since, our_protocols().newest) << line;
  }
}

}  // namespace
}  // namespace swarmlab::wire
