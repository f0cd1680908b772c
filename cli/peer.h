// The coordinator that a command speaks to, and what it proves to be.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "cli/context.h"
#include "common/net/gate.h"
#include "common/net/socket_options.h"
#include "common/result.h"

namespace swarmlab::cli {

struct Peer {
  std::string address;
  std::optional<net::Credentials> credentials = std::nullopt;  // none: plain
  bool insecure = false;  // plain to another machine, as was asked for by name
  [[nodiscard]] net::SocketOptions socket() const {
    net::SocketOptions options;
    options.insecure = insecure;
    return options;
  }
};

/// The one that --connect or a context names, with the keys that were given (--key, --server-key,
/// their variables, or the context's). Nothing if neither names one.
/// \return invalid_input if only one of the two keys is given, or if a key's file is bad.
[[nodiscard]] Result<std::optional<Peer>> chosen_peer(const Context& context);

/// The one that has the store of this state folder open and listens at a port, as it wrote.
[[nodiscard]] Result<Peer> peer_of(const std::filesystem::path& state_folder);

/// What a coordinator writes for peer_of(): `bound` is its address, `keys` its folder of keys, if
/// it has one.
[[nodiscard]] std::string address_note(const std::string& bound, const std::string& keys);

}  // namespace swarmlab::cli
