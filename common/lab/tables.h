// The tables of lab.toml, one function each: keys to settings, problems to LabFile::problems.
// Private to this room.
#pragma once

#include <vector>

#include "common/lab/lab_file.h"
#include "common/lab/section.h"

namespace swarmlab::tables {

// scoring.cc
/// Of [metric], or of each [[metric]]: the first is the primary one.
void read_metrics(std::vector<Section> metrics, LabFile& file);
void read_constraint(Section constraint, LabFile& file);
/// The two tables exclude each other in part, so they are read together.
void read_evaluator(Section backend, Section evaluator, LabFile& file);
void read_guard(Section guard, LabFile& file);

// agent.cc
void read_agent(Section agent, LabFile& file);

// network.cc
/// "network" of a table: hosts that a sandbox is let to. \param title  "[agent]"
void read_network(Section& section, std::string_view title, std::vector<Destination>& target);

// running.cc
void read_limits(Section limits, LabFile& file);
void read_resources(Section resources, LabFile& file);
void read_search(Section search, LabFile& file);
void read_stop(Section stop, LabFile& file);

/// cpus, memory and gpus of a table; labels of one.
void read_amounts(Section& section, Resources& amount);
void read_labels(Section& section, std::string_view title, std::vector<std::string>& target);
/// Whether a shell could set it.
[[nodiscard]] bool is_variable_name(std::string_view name);
/// Whether a sandbox may be given a variable of that name: those of ours are taken.
[[nodiscard]] bool is_free_variable(std::string_view name);

// scales.cc
/// \pre  [resources] was read
void read_scale(Section scale, LabFile& file);
/// \pre  all of them, the evaluator and the guard were read
void settle_scales(LabFile& file);
/// \pre  the evaluator was read
void read_holdout(Section holdout, LabFile& file);

// sandbox.cc
void read_sandbox(Section sandbox, LabFile& file);
/// What its workers must have. \pre  [resources], scales, sandbox and evaluator were read
void settle_sandbox(LabFile& file);

// artifact.cc
/// \pre  all other tables were read: what they name is frozen
void read_artifact(Section artifact, LabFile& file);

}  // namespace swarmlab::tables
