// Writes messages of every kind, as the release that it is built with writes them:
//   write_messages FOLDER
// For each a file of bytes, and a line of JSON that says what is in them. It is no part of the
// build: scripts/golden.sh compiles it together with the sources of a release.
#include <capnp/compat/json.h>
#include <capnp/dynamic.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <string>

#include "common/wire/message_codec.h"
#include "worker/spool/spool.h"

namespace {

using namespace swarmlab;

// Counts, so that no two fields hold the same and a mix-up shows.
class Filler {
 public:
  explicit Filler(unsigned variant) : variant_(variant) {}

  // Every field gets something; of a union, the member that the variant picks.
  void fill(capnp::DynamicStruct::Builder to) {
    const auto members = to.getSchema().getUnionFields();
    if (members.size() > 0) fill(to, members[variant_ % members.size()]);
    for (const auto field : to.getSchema().getNonUnionFields()) fill(to, field);
  }
  void fill(capnp::DynamicStruct::Builder to, capnp::StructSchema::Field field) {
    const capnp::Type type = field.getType();
    if (type.isStruct()) {
      fill(to.init(field).as<capnp::DynamicStruct>());
    } else if (type.isList()) {
      fill(to.init(field, 2).as<capnp::DynamicList>());
    } else {
      set(type, [&](const capnp::DynamicValue::Reader& value) { to.set(field, value); });
    }
  }

 private:
  void fill(capnp::DynamicList::Builder to) {
    const capnp::Type type = to.getSchema().getElementType();
    for (unsigned i = 0; i < to.size(); ++i) {
      if (type.isStruct()) {
        fill(to[i].as<capnp::DynamicStruct>());
      } else {
        set(type, [&](const capnp::DynamicValue::Reader& value) { to.set(i, value); });
      }
    }
  }
  template <class Set>
  void set(capnp::Type type, const Set& set) {
    const unsigned number = ++count_;
    const std::string text = fmt::format("text {}", number);
    const std::string data = fmt::format("{:020}", number);  // as long as an object id
    if (type.isVoid()) return set(capnp::VOID);
    if (type.isBool()) return set(true);
    if (type.isText()) return set(capnp::Text::Reader(text.c_str(), text.size()));
    if (type.isData()) {
      return set(capnp::Data::Reader(reinterpret_cast<const kj::byte*>(data.data()), data.size()));
    }
    if (type.isEnum()) {
      const auto values = type.asEnum().getEnumerants();
      return set(capnp::DynamicEnum(values[number % values.size()]));
    }
    if (type.isFloat32() || type.isFloat64()) return set(number + 0.5);
    if (type.isUInt8() || type.isInt8()) return set(number % 100);
    set(number);
  }

  unsigned variant_;
  unsigned count_ = 0;
};

// The most members of a union that the type has at any depth.
std::size_t variants(capnp::Type type) {
  while (type.isList()) type = type.asList().getElementType();
  if (!type.isStruct()) return 1;
  const auto schema = type.asStruct();
  std::size_t most = std::max<std::size_t>(1, schema.getUnionFields().size());
  for (const auto field : schema.getFields()) most = std::max(most, variants(field.getType()));
  return most;
}

void write(const std::string& folder, const std::string& name, const std::string& bytes) {
  std::ofstream(folder + "/" + name, std::ios::binary) << bytes;
}

void write_kind(const std::string& folder, capnp::StructSchema::Field kind) {
  for (unsigned variant = 0; variant < variants(kind.getType()); ++variant) {
    wire::Outgoing message(7, 42);
    Filler(variant).fill(capnp::DynamicStruct::Builder(message.body()), kind);
    const std::string name = fmt::format("{}-{}", kind.getProto().getName().cStr(), variant);
    capnp::JsonCodec json;
    json.setHasMode(capnp::HasMode::NON_DEFAULT);
    write(folder, name + ".bin", message.bytes());
    write(folder, name + ".json",
          json.encode(capnp::DynamicStruct::Reader(message.envelope().asReader())).cStr());
  }
}

std::string name_of(capnp::Type type) {
  if (type.isList()) return "list of " + name_of(type.asList().getElementType());
  if (type.isStruct()) return type.asStruct().getShortDisplayName().cStr();
  if (type.isEnum()) return type.asEnum().getShortDisplayName().cStr();
  return fmt::format("type {}", static_cast<int>(type.which()));
}

// All fields of all structs that messages are made of: no later release may change or reuse one.
void list_fields(capnp::StructSchema schema, std::set<std::string>& lines) {
  for (const auto field : schema.getFields()) {
    capnp::Type type = field.getType();
    const bool group = field.getProto().isGroup();
    const auto ordinal = field.getProto().getOrdinal();
    const bool known =
        !lines
             .insert(fmt::format("{} {} {} {}", schema.getShortDisplayName().cStr(),
                                 field.getProto().getName().cStr(),
                                 ordinal.isExplicit() ? fmt::format("@{}", ordinal.getExplicit())
                                                      : std::string("-"),
                                 group ? "group" : name_of(type)))
             .second;
    while (type.isList()) type = type.asList().getElementType();
    if (!known && type.isStruct()) list_fields(type.asStruct(), lines);
  }
}

// A report that waits to be delivered while its worker is replaced by a newer one.
void write_spool(const std::string& folder) {
  const auto spool = worker::Spool::open(folder + "/spool");
  worker::SpooledReport spooled;
  spooled.report.task = TaskId(7);
  spooled.report.token = FencingToken(70);
  spooled.report.lab = LabId(1);
  spooled.report.experiment = ExperimentNumber(3);
  spooled.report.outcome = Outcome::crash;
  spooled.report.reason = "the agent crashed";
  spooled.attachments.agent_log = "last words";
  spooled.pack = "PACK";
  if (!spool || !spool->put(spooled)) std::abort();
}

}  // namespace

int main(int /*argc*/, char** argv) {
  const std::string folder = argv[1];
  for (const auto kind : capnp::Schema::from<schema::Envelope::Body>().getUnionFields()) {
    write_kind(folder, kind);
  }
  std::set<std::string> lines;
  list_fields(capnp::Schema::from<schema::Envelope>(), lines);
  write(folder, "fields.txt", fmt::format("{}\n", fmt::join(lines, "\n")));
  write_spool(folder);
}
