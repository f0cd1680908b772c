// What a container used, as its control group says from outside: for those that do not see it.
#pragma once

#include <sys/types.h>

#include <string>

#include "worker/sandbox/tree.h"

namespace swarmlab::sandbox {

class GroupUsage {
 public:
  GroupUsage() = default;
  /// Of the groups that the process is in now.
  [[nodiscard]] static GroupUsage of(pid_t process);
  /// As long as the container is there; what nobody tells is left out.
  [[nodiscard]] Usage read() const;

 private:
  std::string memory_;  // folders; empty: there is none
  std::string cpu_;
};

}  // namespace swarmlab::sandbox
