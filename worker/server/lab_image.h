// The image that a lab's sandboxes run in, where it has one: built from the lab's own commit, once
// for each contents.
#pragma once

#include <string>

#include "common/git/repository.h"
#include "common/model/lab.h"
#include "common/os/cancel.h"
#include "common/result.h"
#include "worker/sandbox/sandbox.h"

namespace swarmlab::worker {

/// The name of the image, which is there then; empty: the lab has none.
/// \param commit  of the lab: what an agent changed is in no image
/// \param folder  where the build's files are put meanwhile
/// \return invalid_input with the engine's last lines if it cannot be built
[[nodiscard]] Result<std::string> image_of(const LabSettings& settings,
                                           const git::Repository& repository,
                                           const ObjectId& commit, const std::string& folder,
                                           sandbox::Sandbox& sandbox, const CancelToken& cancel);

}  // namespace swarmlab::worker
