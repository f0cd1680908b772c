// Opening a lab of the user's repository at a coordinator in this process.
#pragma once

#include <string>

#include "cli/context.h"
#include "cli/locate.h"
#include "common/lab/lab.h"
#include "common/result.h"
#include "coordinator/server/server.h"

namespace swarmlab::cli {

/// Reads the lab at HEAD and opens it, or resumes it: says on `err` what the person should know.
/// \return  what the coordinator answered; invalid_input with all that is wrong with the lab
[[nodiscard]] Result<swarm::LabIsOpen> open_lab(const Context& context, server::Server& server,
                                                const LabPlace& place,
                                                const LabOverrides& overrides);

/// "user@host": who asks, for the record.
[[nodiscard]] std::string who_asks(const Context& context);

}  // namespace swarmlab::cli
