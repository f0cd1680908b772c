// Packs at the desk: messages of them read, and answered.
#include "common/log/log.h"
#include "common/wire/record_codec.h"
#include "coordinator/server/desk.h"

namespace swarmlab::server {
namespace {

Result<std::optional<git::PackInfo>> info_of(std::uint64_t size, capnp::Data::Reader hash) {
  if (size == 0) return std::optional<git::PackInfo>();  // of protocol 1
  SWARMLAB_TRY(id, wire::object_id_of("hash", hash));
  return std::optional(git::PackInfo{.bytes = size, .hash = id});
}

Result<std::vector<ObjectId>> ids_of(const char* name, capnp::List<capnp::Data>::Reader list) {
  std::vector<ObjectId> ids;
  for (const auto data : list) {
    SWARMLAB_TRY(id, wire::object_id_of(name, data));
    ids.push_back(id);
  }
  return ids;
}

}  // namespace

void Desk::take_chunk(Request& request, schema::PackChunk::Reader chunk) {
  const TaskId task(chunk.getTask());
  const FencingToken token(chunk.getToken());
  if (request.worker && is_lease_of_another(engine_.state(), *request.worker, task, token)) {
    refuse(request, Refusal::transfer,
           {ErrorCode::invalid_input, "this pack belongs to the lease of another"});
    return;
  }
  const auto add = [&]() -> Result<std::uint64_t> {
    SWARMLAB_CHECK(engine_.store().takes_packs());
    SWARMLAB_TRY(pack, info_of(chunk.getSize(), chunk.getHash()));
    const auto data = chunk.getData();
    return packs_.add({task, token},
                      {.offset = chunk.getOffset(),
                       .data = std::as_bytes(std::span(data.begin(), data.size())),
                       .pack = pack},
                      engine_.now());
  };
  if (const auto received = add()) {
    request.received = *received;
  } else {
    request.refused = received.error();
  }
}

// What is wrong with the pack itself is the report's matter: the attempt failed.
Result<void> Desk::add_pack(const Request& request, std::uint64_t bytes, const Report& report,
                            Step& step) {
  if (!report.commit) return {};
  auto claimed = packs_.claim(*request.pack, bytes, *report.commit);
  if (claimed) {
    step.pack = claimed->bytes;
    step.staged = std::move(claimed->staged);
  } else if (claimed.error().code == ErrorCode::invalid_input) {
    step.broken = claimed.error().message;
  } else {
    return tl::unexpected(claimed.error());
  }
  return {};
}

void Desk::write_ack(std::uint64_t received, schema::ChunkAck::Builder to) const {
  to.setReceived(received);
  to.setCredit(packs_.upload_credit());
}

Result<void> Desk::write_put(schema::PutCommit::Reader put, schema::Envelope::Body::Builder to) {
  SWARMLAB_TRY(commit, wire::object_id_of("commit", put.getCommit()));
  SWARMLAB_TRY(hash, wire::object_id_of("hash", put.getHash()));
  SWARMLAB_TRY(received, packs_.put({.commit = commit,
                                     .token = put.getToken(),
                                     .pack = {.bytes = put.getSize(), .hash = hash}}));
  if (received) {
    write_ack(*received, to.initChunkAck());
  } else {
    to.setDone();
  }
  return {};
}

Result<void> Desk::write_manifest(const Request& request, capnp::Data::Reader hash,
                                  schema::Envelope::Body::Builder to) {
  SWARMLAB_TRY(data, wire::object_id_of("dataManifest", hash));
  // The names of a lab's files are no business of workers of others.
  if (request.worker && !needs_data(engine_.state(), *request.worker, data)) {
    return refused_by_lease(request);
  }
  SWARMLAB_TRY(text, packs_.manifest(data));
  to.setManifest(wire::data_of(text));
  return {};
}

Result<void> Desk::write_chunk(const Request& request, schema::FetchChunk::Reader fetch,
                               schema::FetchData::Builder to) {
  if (!offers_.has(reader(request), fetch.getTransfer())) {
    refusals_.count(Refusal::transfer, reader(request) + " reads what it did not fetch");
    return fail(ErrorCode::conflict, "the pack is gone: fetch it again");
  }
  SWARMLAB_TRY(chunk, packs_.chunk({.peer = request.peer,
                                    .transfer = fetch.getTransfer(),
                                    .offset = fetch.getOffset(),
                                    .ticket = fetch.getTicket(),
                                    .has_tickets = request.protocol > 1},
                                   engine_.now()));
  to.setOffset(fetch.getOffset());
  to.setData(
      kj::arrayPtr(reinterpret_cast<const kj::byte*>(chunk.bytes.data()), chunk.bytes.size()));
  to.setTicket(chunk.ticket);
  to.setCredit(chunk.credit);
  return {};
}

// Workers by their name, people by their key: no worker's name has a slash.
std::string Desk::reader(const Request& request) {
  return request.worker ? request.worker->value() : "/" + request.key();
}

// A viewer sees of a candidate what `show` tells: what changed in the commit that it started from,
// and not what else is in the lab's repository.
Result<Desk::CandidateChange> Desk::change_of(const std::string& name,
                                              ExperimentNumber number) const {
  SWARMLAB_TRY(lab, find_lab(engine_.state(), name));
  SWARMLAB_TRY(experiment, engine_.store().experiment(lab->id, number));
  if (!experiment || !experiment->commit) {
    return fail(ErrorCode::not_found, "experiment {} of {} has no candidate", number.value(), name);
  }
  CandidateChange change{.commit = *experiment->commit, .before = experiment->parent_commit};
  if (change.commit != change.before) return change;
  if (!lab->origin) {
    return fail(ErrorCode::not_found, "experiment {} of {} is the lab's own commit, no candidate",
                number.value(), name);
  }
  // The baseline of a branch: other instructions, laid over the candidate that it began with.
  SWARMLAB_TRY(began, engine_.store().experiment(lab->origin->parent, lab->origin->experiment));
  if (!began || !began->commit) {
    return fail(ErrorCode::not_found, "the experiment that {} began with is not there", name);
  }
  change.before = *began->commit;
  return change;
}

Result<void> Desk::write_fetch(const Request& request, schema::Fetch::Reader fetch,
                               schema::FetchReply::Builder to) {
  if (fetch.getExperiment() != 0) {
    SWARMLAB_TRY(change,
                 change_of(fetch.getLabName().cStr(), ExperimentNumber(fetch.getExperiment())));
    return write_offer(request, {change.commit}, {change.before}, to);
  }
  SWARMLAB_TRY(wanted, ids_of("wanted", fetch.getWanted()));
  SWARMLAB_TRY(had, ids_of("have", fetch.getHave()));
  for (const ObjectId& object : wanted) {
    if (!needs(engine_.state(), *request.worker, LabId(fetch.getLab()), object)) {
      return refused_by_lease(request);
    }
  }
  return write_offer(request, wanted, had, to);
}

Result<void> Desk::write_offer(const Request& request, const std::vector<ObjectId>& wanted,
                               const std::vector<ObjectId>& had, schema::FetchReply::Builder to) {
  SWARMLAB_TRY(offer, packs_.offer(wanted, had));
  offers_.add(reader(request), offer.transfer);
  to.setTransfer(offer.transfer);
  to.setSize(offer.pack.bytes);
  to.setHash(wire::data_of(offer.pack.hash));
  return {};
}

}  // namespace swarmlab::server
