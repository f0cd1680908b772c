#include "cli/endpoint.h"

#include <fmt/format.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/git/hash.h"

namespace swarmlab::cli {

std::filesystem::path socket_file_of(const std::filesystem::path& state_folder) {
  std::filesystem::path file = state_folder / "coordinator.sock";
  if (file.string().size() < sizeof(sockaddr_un::sun_path)) return file;
  const std::string name = git::hash_blob(state_folder.string()).hex().substr(0, 16);
  return fmt::format("/tmp/swarmlab-{}/{}.sock", getuid(), name);
}

std::filesystem::path address_file_of(const std::filesystem::path& state_folder) {
  return state_folder / "coordinator.address";
}

std::filesystem::path keys_folder(const std::filesystem::path& state_folder) {
  return state_folder / "keys";
}

}  // namespace swarmlab::cli
