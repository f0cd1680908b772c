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
    SWARMLAB_CHECK(engine_.store().has_room());
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
  if (!offers_.has(*request.worker, fetch.getTransfer())) {
    refusals_.count(Refusal::transfer, request.worker->value() + " reads what it did not fetch");
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

Result<void> Desk::write_fetch(const Request& request, schema::Fetch::Reader fetch,
                               schema::FetchReply::Builder to) {
  SWARMLAB_TRY(wanted, ids_of("wanted", fetch.getWanted()));
  SWARMLAB_TRY(had, ids_of("have", fetch.getHave()));
  for (const ObjectId& object : wanted) {
    if (!needs(engine_.state(), *request.worker, LabId(fetch.getLab()), object)) {
      return refused_by_lease(request);
    }
  }
  SWARMLAB_TRY(offer, packs_.offer(wanted, had));
  offers_.add(*request.worker, offer.transfer);
  to.setTransfer(offer.transfer);
  to.setSize(offer.pack.bytes);
  to.setHash(wire::data_of(offer.pack.hash));
  return {};
}

}  // namespace swarmlab::server
