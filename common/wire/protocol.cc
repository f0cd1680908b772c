#include "common/wire/protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "schemas/message.capnp.h"

namespace swarmlab::wire {
namespace {

constexpr std::size_t kMostCapabilities = 64;
constexpr std::size_t kLongestName = 64;

struct Known {
  std::string_view name;
  Protocol since;
};

// A name, and the protocol that has the fields for it.
constexpr std::array kKnown{
    Known{"capabilities", 2}, Known{"measure", 2}, Known{"inject", 2},
    Known{"scales", 2},       Known{"presets", 2}, Known{"simplify", 2},
};

}  // namespace

ProtocolRange our_protocols() {
  return {.oldest = schema::OLDEST_PROTOCOL, .newest = schema::PROTOCOL_VERSION};
}

Result<ProtocolRange> our_protocols_up_to(Protocol newest) {
  const ProtocolRange ours = our_protocols();
  if (newest < ours.oldest || newest > ours.newest) {
    return fail(ErrorCode::invalid_input, "protocol {} is not spoken here, expected {}", newest,
                to_text(ours));
  }
  return ProtocolRange{.oldest = ours.oldest, .newest = newest};
}

std::string to_text(ProtocolRange range) {
  return range.oldest == range.newest ? fmt::format("{}", range.newest)
                                      : fmt::format("{} to {}", range.oldest, range.newest);
}

Result<Protocol> agree(const Party& one, const Party& other) {
  const Protocol oldest = std::max(one.protocols.oldest, other.protocols.oldest);
  const Protocol newest = std::min(one.protocols.newest, other.protocols.newest);
  if (oldest > newest) {
    return fail(ErrorCode::invalid_input,
                "{} speaks protocol {}, {} speaks {}: use the same release", one.name,
                to_text(one.protocols), other.name, to_text(other.protocols));
  }
  return newest;
}

ProtocolRange told_by(Protocol version, Protocol oldest) {
  return {.oldest = oldest == 0 ? version : oldest, .newest = version};
}

Capabilities our_capabilities(Protocol spoken) {
  Capabilities names;
  for (const Known& known : kKnown) {
    if (known.since <= spoken) names.emplace(known.name);
  }
  return names;
}

void CapabilityReader::add(std::string_view name) {
  if (names_.size() >= kMostCapabilities || name.empty() || name.size() > kLongestName) return;
  names_.emplace(name);
}

}  // namespace swarmlab::wire
