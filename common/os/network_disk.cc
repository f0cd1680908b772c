#include "common/os/network_disk.h"

#include <sys/vfs.h>

namespace swarmlab {

std::string network_disk_of(const std::string& folder) {
  struct statfs disk {};
  if (::statfs(folder.c_str(), &disk) != 0) return {};
  constexpr unsigned long kMagicBits = 0xFFFFFFFFUL;  // the field is signed on some machines
  return std::string(network_disk_name(static_cast<unsigned long>(disk.f_type) & kMagicBits));
}

}  // namespace swarmlab
