// What views tell of labs with several metrics: values and evidence by metric, the frontier that no
// other candidate dominates. Of labs with one metric they tell nothing. For .cc files only: it
// includes the generated header.
#pragma once

#include "coordinator/swarm/state.h"
#include "schemas/view.capnp.h"

namespace swarmlab::server {

void write_metrics(schema::ExperimentView::Builder to, const swarm::Lab& lab,
                   const Experiment& experiment);
void write_metrics(schema::LabView::Builder to, const swarm::State& state, const swarm::Lab& lab);
void write_metrics(schema::FrontierList::Builder to, const swarm::State& state,
                   const swarm::Lab& lab);
void write_metrics(schema::FrontierEntryView::Builder to, const swarm::State& state,
                   const swarm::Lab& lab, const policy::FrontierEntry& entry);

}  // namespace swarmlab::server
