// Envelopes: one to be sent, one that came in. For .cc files only: it includes the generated
// header.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "common/result.h"
#include "common/wire/bytes_codec.h"
#include "common/wire/protocol.h"
#include "schemas/message.capnp.h"

namespace swarmlab::wire {

class Outgoing {
 public:
  /// In the newest protocol of this build, to whoever has not said which it understands.
  explicit Outgoing(std::uint64_t request_id, std::uint64_t session = 0);
  /// In a protocol that was agreed on, or is the newest to be offered.
  Outgoing(std::uint64_t request_id, std::uint64_t session, Protocol protocol);

  [[nodiscard]] schema::Envelope::Builder envelope() { return envelope_; }
  [[nodiscard]] schema::Envelope::Body::Builder body() { return envelope_.getBody(); }
  /// Without what is newer than the protocol: that is taken out of the message for good.
  [[nodiscard]] std::string bytes();

 private:
  capnp::MallocMessageBuilder message_;
  schema::Envelope::Builder envelope_;
};

class Incoming {
 public:
  /// Copies the bytes and walks through all of them once: after this, accessors do not throw. The
  /// values in it are still anyone's: numbers may be out of range, enum values unknown.
  /// \return corrupt if the bytes are more than kMaxMessageBytes (with slack) or no envelope.
  static Result<Incoming> parse(std::span<const std::byte> bytes);

  [[nodiscard]] schema::Envelope::Reader envelope() const {
    return checked_.root<schema::Envelope>();
  }
  [[nodiscard]] schema::Envelope::Body::Reader body() const { return envelope().getBody(); }

 private:
  explicit Incoming(Parsed checked) : checked_(std::move(checked)) {}
  Parsed checked_;
};

/// What the sender of a message understands.
[[nodiscard]] ProtocolRange protocols_of(schema::Envelope::Reader envelope);

[[nodiscard]] Capabilities read_capabilities(capnp::List<capnp::Text>::Reader from);
/// Of `init`, which makes the list: hello.initCapabilities(n).
void write_capabilities(capnp::List<capnp::Text>::Builder to, const Capabilities& names);

void write(schema::Error::Builder to, const Error& error);
/// The error that a peer sent; an unknown code is `internal`.
[[nodiscard]] Error read(schema::Error::Reader from);

}  // namespace swarmlab::wire
