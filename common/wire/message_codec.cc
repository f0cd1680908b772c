#include "common/wire/message_codec.h"

#include <capnp/dynamic.h>

#include "common/wire/field_codec.h"
#include "common/wire/message.h"
#include "common/wire/older.h"

namespace swarmlab::wire {
namespace {

constexpr std::size_t kSlack = 64ULL << 10U;  // around kMaxMessageBytes of payload

void look_at(const capnp::DynamicValue::Reader& value);

void look_at(const capnp::DynamicStruct::Reader& value) {
  for (const auto field : value.getSchema().getNonUnionFields()) {
    const capnp::Type type = field.getType();
    if (type.isStruct() || type.isList() || type.isText() || type.isData()) {
      look_at(value.get(field));
    }
  }
  KJ_IF_MAYBE (field, value.which()) {
    look_at(value.get(*field));
  }
}

// Follows every pointer that an accessor could follow: a bad one throws here, not later.
void look_at(const capnp::DynamicValue::Reader& value) {
  if (value.getType() == capnp::DynamicValue::STRUCT) {
    look_at(value.as<capnp::DynamicStruct>());
  } else if (value.getType() == capnp::DynamicValue::LIST) {
    const auto list = value.as<capnp::DynamicList>();
    const capnp::Type type = list.getSchema().getElementType();
    if (type.isStruct() || type.isList() || type.isText() || type.isData()) {
      for (const auto element : list) look_at(element);
    }
  }
}

}  // namespace

Outgoing::Outgoing(std::uint64_t request_id, std::uint64_t session)
    : Outgoing(request_id, session, schema::PROTOCOL_VERSION) {}

Outgoing::Outgoing(std::uint64_t request_id, std::uint64_t session, Protocol protocol)
    : envelope_(message_.initRoot<schema::Envelope>()) {
  envelope_.setVersion(protocol);
  envelope_.setOldestVersion(schema::OLDEST_PROTOCOL);
  envelope_.setRequestId(request_id);
  envelope_.setSession(session);
}

std::string Outgoing::bytes() {
  const Protocol protocol = envelope_.getVersion();
  if (protocol < schema::PROTOCOL_VERSION) take_out_newer(envelope_, protocol);
  return to_bytes(message_);
}

Result<Incoming> Incoming::parse(std::span<const std::byte> bytes) {
  try {
    SWARMLAB_TRY(parsed, Parsed::parse(bytes, kMaxMessageBytes + kSlack, Parsed::Reading::once));
    look_at(capnp::DynamicStruct::Reader(parsed.root<schema::Envelope>()));
    parsed.lift_traversal_limit();
    return Incoming(std::move(parsed));
  } catch (const kj::Exception& error) {
    return broken("message", error);
  }
}

ProtocolRange protocols_of(schema::Envelope::Reader envelope) {
  return told_by(envelope.getVersion(), envelope.getOldestVersion());
}

Capabilities read_capabilities(capnp::List<capnp::Text>::Reader from) {
  CapabilityReader names;
  for (const auto name : from) names.add({name.begin(), name.size()});
  return names.take();
}

void write_capabilities(capnp::List<capnp::Text>::Builder to, const Capabilities& names) {
  unsigned i = 0;
  for (const std::string& name : names) to.set(i++, text_of(name));
}

void write(schema::Error::Builder to, const Error& error) {
  to.setCode(to_schema_enum<schema::ErrorCode>(error.code));
  to.setMessage(text_of(error.message));
}

Error read(schema::Error::Reader from) {
  const auto code = from_schema_enum("code", from.getCode(), ErrorCode::internal);
  return {code.value_or(ErrorCode::internal), string_of(from.getMessage())};
}

std::optional<std::uint64_t> request_id_of(std::string_view bytes) {
  try {
    const Result<Parsed> parsed = Parsed::parse(bytes_of(bytes), kMaxMessageBytes + kSlack);
    if (!parsed) return std::nullopt;
    return parsed->root<schema::Envelope>().getRequestId();
  } catch (const kj::Exception&) {
    return std::nullopt;
  }
}

}  // namespace swarmlab::wire
