// File systems that several machines may have at once. A lock of a file holds on one machine only
// on many of them, so two coordinators could open one store.
#pragma once

#include <string>
#include <string_view>

namespace swarmlab {

/// By the number that statfs(2) tells; empty: of this machine, as far as is known.
[[nodiscard]] constexpr std::string_view network_disk_name(unsigned long magic) {
  switch (magic) {
    case 0x6969UL:
      return "NFS";
    case 0x517BUL:
    case 0xFE534D42UL:
    case 0xFF534D42UL:
      return "SMB";
    case 0x00C36400UL:
      return "Ceph";
    case 0x0BD00BD0UL:
      return "Lustre";
    case 0x47504653UL:
      return "GPFS";
    case 0x01161970UL:
      return "GFS2";
    case 0x7461636FUL:
      return "OCFS2";
    case 0x19830326UL:
      return "BeeGFS";
    default:
      return {};
  }
}

/// Which of them the folder is on; empty: none.
[[nodiscard]] std::string network_disk_of(const std::string& folder);

}  // namespace swarmlab
