// Views: what people and `--json` see of state and history. For .cc files only: it includes the
// generated header.
#pragma once

#include <string>
#include <vector>

#include "coordinator/store/store.h"
#include "coordinator/swarm/command.h"
#include "coordinator/swarm/state.h"
#include "schemas/view.capnp.h"

namespace swarmlab::server {

void write_view(schema::LabView::Builder to, const swarm::State& state, const swarm::Lab& lab,
                Timestamp now);
void write_view(schema::SteeredList::Builder to, const swarm::State& state,
                const swarm::LabsSteered& steered);
void write_view(schema::WorkerView::Builder to, const swarm::State& state,
                const swarm::Worker& worker, Timestamp now);
void write_view(schema::ExperimentView::Builder to, const swarm::Lab& lab,
                const Experiment& experiment);
/// Of an experiment that has not ended: its verdict is "running".
void write_view(schema::ExperimentView::Builder to, const swarm::State& state,
                const swarm::Task& task);
void write_view(schema::HintView::Builder to, const swarm::Lab& lab, HintNumber number,
                const swarm::Hint& hint);
void write_view(schema::InjectedView::Builder to, const swarm::State& state,
                const swarm::CandidateInjected& injected);
void write_view(schema::RejectedView::Builder to, const swarm::State& state,
                const swarm::Rejected& rejected);
/// What people did with an experiment, and what it is like.
void write_marks(schema::ExperimentView::Builder to, const swarm::Lab& lab,
                 const Experiment& experiment);
/// Of an experiment that is leased.
void write_view(schema::RunView::Builder to, const swarm::State& state, const swarm::Task& task);
/// The leased tasks of a lab (of its current segment), by number; or of a worker.
[[nodiscard]] std::vector<const swarm::Task*> runs_of(const swarm::State& state, LabId lab);
[[nodiscard]] std::vector<const swarm::Task*> runs_of(const swarm::State& state,
                                                      const WorkerName& worker);
void write_view(schema::SampleView::Builder to, const SampleScore& sample);
void write_view(schema::EventView::Builder to, const swarm::State& state,
                const store::StoredEvent& event);

[[nodiscard]] std::string_view name_of(swarm::LabStatus status);

}  // namespace swarmlab::server
