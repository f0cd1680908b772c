// What the program inside a container is told, as it reads it: see worker/sandbox/inside/orders.h.
#pragma once

#include <string>
#include <vector>

#include "common/os/process.h"
#include "worker/sandbox/sandbox.h"

namespace swarmlab::sandbox {

struct OrderParts {
  const SandboxRequest& request;
  const std::vector<std::string>& words;  // the command
  const std::vector<ResourceLimit>& limits;
  const std::string& path;        // where the image has none
  bool keep_environment = false;  // that of the image
  bool own_kernel = false;        // see Engine
};

[[nodiscard]] std::string orders_for(const OrderParts& parts);

}  // namespace swarmlab::sandbox
