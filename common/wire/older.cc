#include "common/wire/older.h"

namespace swarmlab::wire {
namespace {

constexpr std::uint64_t kSince = 0xd1a7f05c93b2e864;  // the annotation's id in since.capnp

bool has_fields_below(capnp::Type type) {
  return type.isStruct() || (type.isList() && has_fields_below(type.asList().getElementType()));
}

void take_out_below(capnp::DynamicValue::Builder&& value, capnp::Type type, Protocol protocol) {
  if (type.isStruct()) {
    take_out_newer(value.as<capnp::DynamicStruct>(), protocol);
    return;
  }
  const capnp::Type element = type.asList().getElementType();
  auto list = value.as<capnp::DynamicList>();
  for (unsigned i = 0; i < list.size(); ++i) take_out_below(list[i], element, protocol);
}

void visit(capnp::DynamicStruct::Builder from, capnp::StructSchema::Field field,
           Protocol protocol) {
  if (since(field) > protocol) {
    from.clear(field);
  } else if (has_fields_below(field.getType()) && from.has(field)) {
    take_out_below(from.get(field), field.getType(), protocol);
  }
}

}  // namespace

Protocol since(capnp::StructSchema::Field field) {
  for (const auto annotation : field.getProto().getAnnotations()) {
    if (annotation.getId() == kSince) return annotation.getValue().getUint16();
  }
  return 1;
}

void take_out_newer(capnp::DynamicStruct::Builder from, Protocol protocol) {
  for (const auto field : from.getSchema().getNonUnionFields()) visit(from, field, protocol);
  KJ_IF_MAYBE (member, from.which()) {
    if (since(*member) > protocol) {
      from.clear(from.getSchema().getUnionFields()[0]);
    } else {
      visit(from, *member, protocol);
    }
  }
}

}  // namespace swarmlab::wire
