// Who may ask what. A key's role says which kinds of message it may send; a worker may look at
// objects and trees only of labs that it works for just now, so that its key opens no other lab.
// Pure. For .cc files only: it includes the generated header.
#pragma once

#include <string_view>

#include "common/keys/allowlist.h"
#include "coordinator/swarm/state.h"
#include "schemas/message.capnp.h"

namespace swarmlab::server {

// What a kind of message is, for whoever decides about it.
struct Kind {
  enum class Right : std::uint8_t {
    work,  // workers
    look,  // viewers, operators
    work_or_look,
    steer,  // operators
    none,   // nobody: it is an answer, or not known here
  };
  std::string_view name;  // of the field in the schema
  Right right = Right::none;
};

/// Of a message. A chunk of a pack is an operator's if it is of no task: of a lab to be opened. Who
/// fetches an experiment looks; who fetches commits works.
[[nodiscard]] Kind kind_of(schema::Envelope::Body::Reader body);

/// Messages that nobody may send are left to whoever answers them: not refused by role.
[[nodiscard]] bool may(keys::Role role, Kind::Right right);

/// Whether the worker holds a lease of that lab.
[[nodiscard]] bool works_for(const swarm::State& state, const WorkerName& worker, LabId lab);

/// Whether a task that the worker holds in that lab needs this object: the commit that it starts
/// from, the lab's, or the data's.
[[nodiscard]] bool needs(const swarm::State& state, const WorkerName& worker, LabId lab,
                         const ObjectId& object);

/// Whether a lab that the worker holds a lease of measures with the data of this hash.
[[nodiscard]] bool needs_data(const swarm::State& state, const WorkerName& worker,
                              const ObjectId& data);

/// Whether a lease with this token is another worker's, or was given to nobody yet.
[[nodiscard]] bool is_lease_of_another(const swarm::State& state, const WorkerName& worker,
                                       TaskId task, FencingToken token);

}  // namespace swarmlab::server
