// Which protocol two peers speak, and what each can beyond it.
//
// A peer understands a range of protocols; two speak the newest that both understand. Capabilities
// are names of what a build can (or was told to) do: they are told at hello, and what a peer did
// not name is not asked of it. Thread-safe: values.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "common/result.h"

namespace swarmlab::wire {

using Protocol = std::uint16_t;

struct ProtocolRange {
  Protocol oldest = 0;
  Protocol newest = 0;
  bool operator==(const ProtocolRange&) const = default;
};

/// What this build understands.
[[nodiscard]] ProtocolRange our_protocols();

/// What this build speaks when it must not speak newer than `newest`; for swarms of several
/// releases, and to try them out. \return invalid_input if it is no protocol of this build.
[[nodiscard]] Result<ProtocolRange> our_protocols_up_to(Protocol newest);

/// "1", or "1 to 2".
[[nodiscard]] std::string to_text(ProtocolRange range);

// One side of a talk, in the words of an error: "this worker (0.2.0)", "the coordinator".
struct Party {
  std::string name;
  ProtocolRange protocols;
};

/// The newest protocol that both understand. \return invalid_input if there is none: the message
/// names both ranges, and says what to do.
[[nodiscard]] Result<Protocol> agree(const Party& one, const Party& other);

/// What a message of a peer that says no hello tells: `oldest` is 0 in protocol 1, which did not
/// tell it.
[[nodiscard]] ProtocolRange told_by(Protocol version, Protocol oldest);

using Capabilities = std::set<std::string, std::less<>>;

/// What this build can, by name; of protocol 1, nothing has a name.
[[nodiscard]] Capabilities our_capabilities(Protocol spoken);

/// What a peer told: names beyond 64, and those that are no names of 1 to 64 bytes, are ignored.
class CapabilityReader {
 public:
  void add(std::string_view name);
  [[nodiscard]] Capabilities take() { return std::move(names_); }

 private:
  Capabilities names_;
};

// What is known of a peer since its hello.
struct Peer {
  Protocol protocol = 1;
  Capabilities capabilities;
  [[nodiscard]] bool can(std::string_view capability) const {
    return capabilities.contains(capability);
  }
};

}  // namespace swarmlab::wire
