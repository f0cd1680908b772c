// Where the coordinator of a repository listens, for whoever works in it.
#pragma once

#include <filesystem>
#include <string>

namespace swarmlab::cli {

/// The socket file: `coordinator.sock` in the state folder. A path that is too long for a socket
/// (107 bytes) is replaced by one in a folder of the user below /tmp, the same for everybody who
/// asks.
[[nodiscard]] std::filesystem::path socket_file_of(const std::filesystem::path& state_folder);

/// Where the coordinator that has the store open wrote its address, be it a socket or a port.
[[nodiscard]] std::filesystem::path address_file_of(const std::filesystem::path& state_folder);

/// Where `swarmlab keys` keeps the keys of a repository's coordinator.
[[nodiscard]] std::filesystem::path keys_folder(const std::filesystem::path& state_folder);

}  // namespace swarmlab::cli
