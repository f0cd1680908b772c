#include "common/wire/json_codec.h"

#include <capnp/compat/json.h>
#include <capnp/message.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "common/wire/json_text.h"
#include "common/wire/json_value.h"

// Handlers of Cap'n Proto have no virtual destructor; ours are members and never deleted by a base.
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"

namespace swarmlab::wire {
namespace {

using capnp::JsonCodec;
using JsonValue = capnp::json::Value;

// Views are only ever printed; Cap'n Proto wants a decode() of each handler all the same.
[[noreturn]] void never_decoded() {
  KJ_FAIL_REQUIRE("views are not read from JSON");
}

// JsonCodec leaves null pointers out; a view prints all its fields.
class AllFields final : public JsonCodec::Handler<capnp::DynamicStruct> {
 public:
  void encode(const JsonCodec& codec, capnp::DynamicStruct::Reader from,
              JsonValue::Builder to) const override {
    const auto fields = from.getSchema().getFields();
    auto object = to.initObject(fields.size());
    unsigned i = 0;
    for (const auto field : fields) {
      auto one = object[i++];
      one.setName(field.getProto().getName());
      codec.encode(from.get(field), field.getType(), one.initValue());
    }
  }
  void decode(const JsonCodec&, JsonValue::Reader, capnp::DynamicStruct::Builder) const override {
    never_decoded();
  }
};

template <class Schema>
class Handler : public JsonCodec::Handler<Schema> {
 public:
  void decode(const JsonCodec&, JsonValue::Reader, typename Schema::Builder) const override {
    never_decoded();
  }
};

void set_number(JsonValue::Builder to, double value) {
  if (std::isfinite(value)) {
    to.setNumber(value);
  } else {
    to.setNull();
  }
}

class Number final : public JsonCodec::Handler<double> {
 public:
  void encode(const JsonCodec&, double from, JsonValue::Builder to) const override {
    set_number(to, from);
  }
  [[nodiscard]] double decode(const JsonCodec&, JsonValue::Reader) const override {
    never_decoded();
  }
};

class MaybeNumber final : public Handler<schema::MaybeNumber> {
 public:
  void encode(const JsonCodec&, schema::MaybeNumber::Reader from,
              JsonValue::Builder to) const override {
    if (from.isValue()) {
      set_number(to, from.getValue());
    } else {
      to.setNull();
    }
  }
};

class MaybeBool final : public Handler<schema::MaybeBool> {
 public:
  void encode(const JsonCodec&, schema::MaybeBool::Reader from,
              JsonValue::Builder to) const override {
    if (from.isValue()) {
      to.setBoolean(from.getValue());
    } else {
      to.setNull();
    }
  }
};

class MaybeCount final : public Handler<schema::MaybeCount> {
 public:
  void encode(const JsonCodec&, schema::MaybeCount::Reader from,
              JsonValue::Builder to) const override {
    if (from.isValue()) {
      to.setNumber(from.getValue());
    } else {
      to.setNull();
    }
  }
};

class Time final : public Handler<schema::Time> {
 public:
  void encode(const JsonCodec&, schema::Time::Reader from, JsonValue::Builder to) const override {
    if (from.isMs()) {
      to.setString(rfc3339(Timestamp(Milliseconds(from.getMs()))).c_str());
    } else {
      to.setNull();
    }
  }
};

class JsonText final : public Handler<schema::JsonText> {
 public:
  void encode(const JsonCodec&, schema::JsonText::Reader from,
              JsonValue::Builder to) const override {
    read_json({from.getText().begin(), from.getText().size()}, to);
  }
};

// The names are keys of an object. A name that comes twice counts once, with its last value.
class NamedNumbers final : public JsonCodec::Handler<capnp::List<schema::NamedNumber>> {
 public:
  void encode(const JsonCodec&, capnp::List<schema::NamedNumber>::Reader from,
              JsonValue::Builder to) const override {
    std::vector<schema::NamedNumber::Reader> entries;
    for (const auto entry : from) {
      const auto same = [&](const auto& other) { return other.getName() == entry.getName(); };
      if (const auto found = std::find_if(entries.begin(), entries.end(), same);
          found != entries.end()) {
        *found = entry;
      } else {
        entries.push_back(entry);
      }
    }
    auto object = to.initObject(static_cast<unsigned>(entries.size()));
    unsigned i = 0;
    for (const auto& entry : entries) {
      auto one = object[i++];
      one.setName(entry.getName());
      set_number(one.initValue(), entry.getValue());
    }
  }
  [[nodiscard]] capnp::Orphan<capnp::List<schema::NamedNumber>> decode(
      const JsonCodec&, JsonValue::Reader, capnp::Orphanage) const override {
    never_decoded();
  }
};

// The codec with its handlers, which must live as long as it.
class ViewCodec {
 public:
  ViewCodec() {
    codec_.addTypeHandler(number_);
    add(maybe_number_);
    add(maybe_bool_);
    add(maybe_count_);
    add(time_);
    add(json_text_);
    codec_.addTypeHandler(named_numbers_);
    known_.insert(capnp::Schema::from<schema::NamedNumber>().getProto().getId());
  }

  std::string text(const capnp::DynamicValue::Reader& view, capnp::Type type, JsonStyle style) {
    add_views(type);
    capnp::MallocMessageBuilder message;
    auto root = message.initRoot<JsonValue>();
    codec_.encode(view, type, root);
    return json_text(root.asReader(), style);
  }

 private:
  template <class Schema>
  void add(Handler<Schema>& handler) {
    codec_.addTypeHandler(static_cast<JsonCodec::Handler<Schema>&>(handler));
    known_.insert(capnp::Schema::from<Schema>().getProto().getId());
  }

  // All structs that `type` is made of and that no handler has yet.
  void add_views(capnp::Type type) {
    while (type.isList()) type = type.asList().getElementType();
    if (!type.isStruct() || !known_.insert(type.asStruct().getProto().getId()).second) return;
    codec_.addTypeHandler(type.asStruct(), all_fields_);
    for (const auto field : type.asStruct().getFields()) add_views(field.getType());
  }

  AllFields all_fields_;
  Number number_;
  MaybeNumber maybe_number_;
  MaybeBool maybe_bool_;
  MaybeCount maybe_count_;
  Time time_;
  JsonText json_text_;
  NamedNumbers named_numbers_;
  std::set<std::uint64_t> known_;
  JsonCodec codec_;
};

}  // namespace

std::string to_json(const capnp::DynamicValue::Reader& view, capnp::Type type, JsonStyle style) {
  return ViewCodec().text(view, type, style);
}

void write(schema::Time::Builder to, std::optional<Timestamp> at) {
  if (at) {
    to.setMs(at->time_since_epoch().count());
  } else {
    to.setNone();
  }
}

void write(schema::MaybeBool::Builder to, std::optional<bool> value) {
  if (value) {
    to.setValue(*value);
  } else {
    to.setNone();
  }
}

void write(schema::MaybeCount::Builder to, std::optional<std::uint32_t> value) {
  if (value) {
    to.setValue(*value);
  } else {
    to.setNone();
  }
}

std::string rfc3339(Timestamp at) {
  using std::chrono::sys_days;
  using std::chrono::year;
  constexpr Timestamp kFirst = sys_days(year(0) / 1 / 1);
  constexpr Timestamp kEnd = sys_days(year(10000) / 1 / 1);
  at = std::clamp(at, kFirst, kEnd - Milliseconds(1));
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(at - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

}  // namespace swarmlab::wire
