// A candidate that the next experiments may start from.
#pragma once

#include <cstdint>

#include "common/model/object_id.h"
#include "common/strong_id.h"

namespace swarmlab::policy {

struct FrontierEntry {
  ExperimentNumber number;
  double score = 0.0;
  ObjectId commit;
  std::uint64_t visits = 0;  // experiments that started from it, running ones too (virtual loss)
  bool operator==(const FrontierEntry&) const = default;
};

}  // namespace swarmlab::policy
