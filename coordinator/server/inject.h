// A person's candidate on its way in: from a commit of their repository to one on top of a kept
// candidate, held against the same rules as what workers send.
#pragma once

#include <optional>
#include <string>

#include "common/result.h"
#include "coordinator/store/object_store.h"
#include "coordinator/swarm/command.h"

namespace swarmlab::server {

struct InjectWish {
  std::string lab;                           // name
  ObjectId commit;                           // in the objects
  std::optional<ExperimentNumber> parent{};  // whose candidate it was made from; none: the baseline
  std::string hypothesis;
  std::string mechanism;
  std::string who;
};

/// Writes the commit that is to be measured; decides nothing.
/// \return  not_found if there is no such lab, or the commit is not here; conflict if there is
///          nothing yet that it could be measured beside; invalid_input if it changes what is not
///          editable, with the paths
[[nodiscard]] Result<swarm::InjectCandidate> plan_injection(const swarm::State& state,
                                                            store::ObjectStore& objects,
                                                            const InjectWish& wish, Timestamp now);

}  // namespace swarmlab::server
