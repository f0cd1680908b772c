// Answers queries from state, store and objects: the same whether a coordinator runs or a command
// reads the store by itself. For .cc files only: it includes the generated header.
#pragma once

#include <string>

#include "common/result.h"
#include "coordinator/server/refusals.h"
#include "coordinator/store/object_store.h"
#include "coordinator/store/store.h"
#include "coordinator/swarm/rules.h"
#include "coordinator/swarm/state.h"
#include "schemas/message.capnp.h"

namespace swarmlab::server {

// Of the process that answers.
struct Answerer {
  std::string version;
  std::string address;  // of the coordinator; empty: none runs
  Timestamp started_at;
  std::string store;  // path
};

struct Source {
  const swarm::State& state;
  const store::Store& store;
  const store::ObjectStore* objects = nullptr;  // null: no diffs
  const Answerer& answerer;
  const Refusals* refusals = nullptr;   // null: nobody could be refused
  const swarm::Rules* rules = nullptr;  // of the coordinator; null: none runs
};

/// Fills the body with the view that answers `query`.
/// \return  not_found if a lab or an experiment is not there (names what is), invalid_input if the
///          query makes no sense.
Result<void> answer(const Source& source, schema::Query::Reader query, Timestamp now,
                    schema::Envelope::Body::Builder to);

/// The lab of this name. not_found names the labs that there are.
[[nodiscard]] Result<const swarm::Lab*> find_lab(const swarm::State& state, std::string_view name);

}  // namespace swarmlab::server
