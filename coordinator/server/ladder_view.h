// Views of the ladder: how many climbed, who leads, and whether small scales predict large ones.
// For .cc files only: it includes the generated header.
#pragma once

#include <string>
#include <vector>

#include "coordinator/swarm/state.h"
#include "schemas/view.capnp.h"

namespace swarmlab::server {

/// \complexity  n log n in kept candidates
void write_view(schema::LadderView::Builder to, const swarm::State& state, const swarm::Lab& lab);

/// What an experiment did beyond the first scale, and on the holdout.
void write_climbs(schema::ExperimentView::Builder to, const swarm::Lab& lab,
                  ExperimentNumber number);

/// The champion, the ladder in one line, and what to warn people of.
void write_ladder(schema::LabView::Builder to, const swarm::Lab& lab);

}  // namespace swarmlab::server
