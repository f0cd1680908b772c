// The tables of labs and workers, which several commands show. For .cc files only: it includes
// Cap'n Proto.
#pragma once

#include "cli/context.h"
#include "schemas/view.capnp.h"

namespace swarmlab::cli {

void print_labs(const Context& context, capnp::List<schema::LabView>::Reader labs);
void print_workers(const Context& context, capnp::List<schema::WorkerView>::Reader workers);

}  // namespace swarmlab::cli
