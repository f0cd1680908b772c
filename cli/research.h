// What is known of a lab, as a researcher reads it before the next try.
#pragma once

#include <string>

#include "cli/context.h"
#include "common/result.h"

namespace swarmlab::cli {

struct ResearchOptions {
  bool brief = false;  // as an agent would get it
};

/// `swarmlab context [LAB]`. In an agent's workspace: the brief that it was given.
[[nodiscard]] Result<void> print_research_context(const Context& context,
                                                  const ResearchOptions& options);

}  // namespace swarmlab::cli
