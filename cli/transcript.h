// What an agent did, step by step, for people. For .cc files only: it includes Cap'n Proto.
#pragma once

#include "cli/context.h"
#include "schemas/view.capnp.h"

namespace swarmlab::cli {

/// Whether there is more in it than the end of a command's output.
[[nodiscard]] bool has_steps(schema::ExperimentDetail::Reader detail);

/// A line a step, of many the last ones; with `all` every step, with its texts as far as they were
/// kept.
void print_transcript(const Context& context, schema::ExperimentDetail::Reader detail, bool all);

}  // namespace swarmlab::cli
