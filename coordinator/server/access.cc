#include "coordinator/server/access.h"

#include <algorithm>

#include "common/git/data_commit.h"

namespace swarmlab::server {
namespace {

// Whether `wanted` holds for one of the tasks that the worker has a lease of, in that lab.
template <class Wanted>
bool any_held(const swarm::State& state, const WorkerName& worker, LabId lab,
              const Wanted& wanted) {
  const auto held = state.index.holds.find(worker);
  if (held == state.index.holds.end()) return false;
  return std::ranges::any_of(held->second, [&](TaskId id) {
    const swarm::Task& task = state.tasks.at(id);
    return task.lab == lab && wanted(task);
  });
}

}  // namespace

// Every kind by name: a new one does not compile before somebody thought about who may send it.
Kind kind_of(schema::Envelope::Body::Reader body) {
  using Body = schema::Envelope::Body;
  using enum Kind::Right;
  switch (body.which()) {
    case Body::HELLO:
      return {"hello", work};
    case Body::WORK:
      return {"work", work};
    case Body::HEARTBEAT:
      return {"heartbeat", work};
    case Body::TREE_CHECK:
      return {"treeCheck", work};
    case Body::PACK_CHUNK:
      return {"packChunk", body.getPackChunk().getTask() == 0 ? steer : work};
    case Body::FETCH:
      return {"fetch", body.getFetch().getExperiment() == 0 ? work : look};
    case Body::FETCH_CHUNK:
      return {"fetchChunk", work_or_look};
    case Body::BYE:
      return {"bye", work};
    case Body::BRIEF:
      return {"brief", work};
    case Body::DATA_MANIFEST:
      return {"dataManifest", work_or_look};
    case Body::PUT_COMMIT:
      return {"putCommit", steer};
    case Body::QUERY:
      return {"query", look};
    case Body::OPEN_LAB:
      return {"openLab", steer};
    case Body::BRANCH_LAB:
      return {"branchLab", steer};
    case Body::SET_LAB_STATUS:
      return {"setLabStatus", steer};
    case Body::RELEASE:
      return {"release", steer};
    case Body::DRAIN:
      return {"drain", steer};
    case Body::BACKUP:
      return {"backup", steer};
    case Body::HINT:
      return {"hint", steer};
    case Body::INJECT:
      return {"inject", steer};
    case Body::REJECT:
      return {"reject", steer};
    case Body::STEER_CANDIDATE:
      return {"steerCandidate", steer};
    case Body::NONE:
    case Body::WELCOME:
    case Body::WORK_REPLY:
    case Body::HEARTBEAT_REPLY:
    case Body::TREE_REPLY:
    case Body::CHUNK_ACK:
    case Body::FETCH_REPLY:
    case Body::FETCH_DATA:
    case Body::SAY_HELLO:
    case Body::LAB_OPEN:
    case Body::STATUS:
    case Body::LABS:
    case Body::EXPERIMENTS:
    case Body::EXPERIMENT:
    case Body::FRONTIER:
    case Body::EVENTS:
    case Body::RESULTS:
    case Body::STEERED:
    case Body::BRIEF_REPLY:
    case Body::MANIFEST:
    case Body::BACKUP_REPLY:
    case Body::HINTED:
    case Body::INJECTED:
    case Body::REJECTED:
    case Body::HINTS:
    case Body::CONTEXT:
    case Body::FAILURES:
    case Body::POOLS:
    case Body::LADDER:
    case Body::DONE:
    case Body::ERROR:
      return {"an answer", none};
  }
  return {"an unknown kind", none};  // of a newer release
}

bool may(keys::Role role, Kind::Right right) {
  switch (right) {
    case Kind::Right::work:
      return role == keys::Role::worker;
    case Kind::Right::look:
      return role == keys::Role::viewer || role == keys::Role::steerer;
    case Kind::Right::work_or_look:
      return true;
    case Kind::Right::steer:
      return role == keys::Role::steerer;
    case Kind::Right::none:
      return true;
  }
  return false;
}

bool works_for(const swarm::State& state, const WorkerName& worker, LabId lab) {
  return any_held(state, worker, lab, [](const swarm::Task& /*task*/) { return true; });
}

bool needs(const swarm::State& state, const WorkerName& worker, LabId lab, const ObjectId& object) {
  const auto found = state.labs.find(lab);
  if (found == state.labs.end()) return false;
  const swarm::Segment& segment = found->second.segment;
  // Data that is shipped travels as the commit that follows from its hash.
  const bool is_of_lab =
      object == segment.lab_commit ||
      (!segment.data_hash.is_zero() && object == git::data_commit_of(segment.data_hash));
  return any_held(state, worker, lab, [&](const swarm::Task& task) {
    if (is_of_lab) return true;
    if (!task.pending) {
      return task.parent_commit == object ||
             (task.merge && (task.merge->commit == object || task.merge->base == object)) ||
             (task.candidate && task.candidate->commit == object);
    }
    return task.pending->experiment.commit == object || task.pending->reference_commit == object;
  });
}

bool needs_data(const swarm::State& state, const WorkerName& worker, const ObjectId& data) {
  const auto held = state.index.holds.find(worker);
  if (held == state.index.holds.end()) return false;
  return std::ranges::any_of(held->second, [&](TaskId id) {
    const swarm::Task& task = state.tasks.at(id);
    const swarm::Segment& segment = state.labs.at(task.lab).segment;
    if (task.kind == TaskKind::holdout) return segment.holdout_hash == data;
    return segment.data_hash == data;
  });
}

bool is_lease_of_another(const swarm::State& state, const WorkerName& worker, TaskId task,
                         FencingToken token) {
  if (token >= state.next_token) return true;
  const auto found = state.tasks.find(task);
  if (found == state.tasks.end() || !found->second.lease) return false;
  const swarm::Lease& lease = *found->second.lease;
  return lease.token == token && lease.worker != worker;
}

}  // namespace swarmlab::server
