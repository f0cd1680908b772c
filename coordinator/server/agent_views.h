// Views of agents and their providers. For .cc files only: it includes the generated header.
#pragma once

#include "common/model/transcript.h"
#include "coordinator/swarm/state.h"
#include "schemas/view.capnp.h"

namespace swarmlab::server {

void write_agent(schema::ExperimentView::Builder to, const Experiment& experiment);
/// What the agent did, step by step.
void write_transcript(schema::ExperimentDetail::Builder to, const Transcript& transcript);
/// Why the lab waits for the provider of its agents, and until when.
void write_provider(schema::LabView::Builder to, const swarm::Lab& lab);

}  // namespace swarmlab::server
