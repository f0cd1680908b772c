#include "cli/swarm.h"

#include <span>
#include <vector>

#include "cli/endpoint.h"
#include "cli/locate.h"
#include "cli/peer.h"
#include "cli/stored_swarm.h"
#include "common/net/client.h"
#include "common/net/endpoint.h"
#include "common/wire/message.h"

namespace swarmlab::cli {

namespace {

namespace fs = std::filesystem;

class Coordinator final : public Answerer {
 public:
  Coordinator(net::Client client, std::string address)
      : client_(std::move(client)), address_(std::move(address)) {}

  Result<std::string> answer(const FillBody& fill, Milliseconds timeout) override {
    const std::uint64_t id = client_.next_id();
    wire::Outgoing request(id);
    fill(request.body());
    Result<std::string> reply = client_.call(id, request.bytes(), timeout);
    if (!reply && reply.error().code == ErrorCode::unavailable) {
      return fail(ErrorCode::unavailable, "no coordinator at {}: {}", address_,
                  reply.error().message);
    }
    return reply;
  }
  std::future<Result<std::string>> begin(const FillBody& fill, Milliseconds timeout) override {
    const std::uint64_t id = client_.next_id();
    wire::Outgoing request(id);
    fill(request.body());
    return client_.request(id, request.bytes(), timeout);
  }
  bool is_live() const override { return true; }

 private:
  net::Client client_;
  std::string address_;
};

Result<std::unique_ptr<Swarm>> connect(const Peer& peer) {
  SWARMLAB_TRY(client,
               net::Client::connect(peer.address,
                                    {.socket = peer.socket(),
                                     .credentials = peer.credentials,
                                     .id_of = [](auto bytes) { return wire::request_id_of(bytes); },
                                     .on_unsolicited = {}}));
  return std::make_unique<Swarm>(std::make_unique<Coordinator>(std::move(client), peer.address));
}

// What the coordinator refuses; one of an older release may not know what was asked.
Error explained(const wire::Incoming& reply) {
  Error error = wire::read(reply.body().getError());
  const wire::Protocol spoken = reply.envelope().getVersion();
  if (error.code == ErrorCode::invalid_input && spoken < wire::our_protocols().newest) {
    error.message += fmt::format(" (the coordinator speaks protocol {}, this swarmlab {})", spoken,
                                 wire::to_text(wire::our_protocols()));
  }
  return error;
}

}  // namespace

Result<std::unique_ptr<Swarm>> Swarm::open(const Context& context) {
  SWARMLAB_TRY(elsewhere, chosen_peer(context));
  if (elsewhere) return connect(*elsewhere);
  SWARMLAB_TRY(root, locate_root(context));
  const fs::path state = state_folder(root);
  const std::string socket = "ipc://" + socket_file_of(state).string();
  if (net::somebody_listens(socket)) return connect(Peer{.address = socket});
  auto stored = open_stored_swarm(state);
  if (!stored && stored.error().code == ErrorCode::unavailable) {
    // Another process has it open; if that listens elsewhere, it says where.
    auto peer = peer_of(state);
    if (!peer && peer.error().code != ErrorCode::not_found) return tl::unexpected(peer.error());
    if (peer) return connect(*peer);
  }
  SWARMLAB_TRY(answerer, std::move(stored));
  return std::make_unique<Swarm>(std::move(answerer));
}

std::future<Result<std::string>> Answerer::begin(const FillBody& fill, Milliseconds timeout) {
  std::promise<Result<std::string>> said;
  said.set_value(answer(fill, timeout));
  return said.get_future();
}

Result<wire::Incoming> Swarm::exchange(const FillBody& fill, Milliseconds timeout) {
  return reply_of(answerer_->answer(fill, timeout));
}

Result<wire::Incoming> Swarm::reply_of(Result<std::string> said) {
  SWARMLAB_TRY(bytes, std::move(said));
  SWARMLAB_TRY(reply, wire::Incoming::parse(std::as_bytes(std::span(bytes))));
  if (reply.body().isError()) return tl::unexpected(explained(reply));
  SWARMLAB_CHECK(
      wire::agree({.name = "this swarmlab", .protocols = wire::our_protocols()},
                  {.name = "the coordinator", .protocols = wire::protocols_of(reply.envelope())}));
  return std::move(reply);
}

Result<wire::Incoming> Swarm::ask(const FillQuery& fill, Milliseconds timeout) {
  return exchange([&](schema::Envelope::Body::Builder body) { fill(body.initQuery()); }, timeout);
}

Result<wire::Incoming> Swarm::request(const FillBody& fill, Milliseconds timeout) {
  if (!is_live()) {
    return fail(ErrorCode::unavailable,
                "no coordinator runs here, so nothing can be steered; swarmlab run starts one");
  }
  return exchange(fill, timeout);
}

Result<std::string> Swarm::lab_of(const Context& context) {
  SWARMLAB_TRY(named, named_lab(context));
  return named ? *named : only_lab();
}

Result<std::string> Swarm::place_of(const Context& context) {
  SWARMLAB_TRY(named, named_place(context));
  return named ? *named : only_lab();
}

Result<std::string> Swarm::only_lab() {
  SWARMLAB_TRY(reply, ask([](schema::Query::Builder query) { query.setLabs(); }));
  if (!reply.body().isLabs()) return fail(ErrorCode::internal, "labs: unexpected kind of reply");
  const auto labs = reply.body().getLabs().getLabs();
  if (labs.size() == 1) return std::string(labs[0].getName().cStr());
  if (labs.size() == 0) {
    return fail(ErrorCode::not_found, "no lab was run here yet; swarmlab run LAB starts one");
  }
  std::string names;
  for (const auto lab : labs)
    names += std::string(names.empty() ? "" : ", ") + lab.getName().cStr();
  return fail(ErrorCode::invalid_input, "which lab? there are {}: name one with --lab", names);
}

}  // namespace swarmlab::cli
