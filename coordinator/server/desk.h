// The desk between messages and the engine: reads what peers ask into steps of a turn, and writes
// the answers once the turn is on disk. For .cc files only: it includes the generated headers.
//
// Nothing that a peer sends is trusted: bad requests are answered with an error and change nothing.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/keys/allowlist.h"
#include "common/net/router.h"
#include "common/os/clock.h"
#include "common/result.h"
#include "common/wire/message_codec.h"
#include "coordinator/server/access.h"
#include "coordinator/server/backups.h"
#include "coordinator/server/engine.h"
#include "coordinator/server/offers.h"
#include "coordinator/server/pack_desk.h"
#include "coordinator/server/queries.h"
#include "coordinator/server/refusals.h"

namespace swarmlab::server {

// An answer on its way to a peer.
struct Answer {
  net::PeerId peer;
  std::string bytes;
};

class Desk {
 public:
  /// `sessions` gives the ids of sessions: never 0, never the same, not to be guessed.
  Desk(Engine& engine, Answerer answerer, std::function<SessionId()> sessions = random_session);

  /// 64 random bits of the machine.
  [[nodiscard]] static SessionId random_session();

  /// Runs one turn for the burst (and for the time that passed, if `tick`). The answers may leave
  /// when it returns. \return  the engine's error: the process must end.
  Result<std::vector<Answer>> serve(std::vector<net::Letter> burst, bool tick);

  /// From now on every message needs a key of the list. Sessions of keys that are not in it end,
  /// with the next turn, and what was parked for them is dropped.
  void admit_only(std::shared_ptr<const keys::Allowlist> allowed);

  [[nodiscard]] Refusals& refusals() { return refusals_; }

  /// The answers to all who wait for events: there will be none here any more.
  [[nodiscard]] std::vector<Answer> end_waits();
  /// All workers say hello again, and hear what holds now: how often to send heartbeats.
  void renew_sessions();

  /// How long until the next parked answer is due, at the latest; nothing if there is none.
  [[nodiscard]] std::optional<Milliseconds> time_to_due();

 private:
  // A worker that said hello, until it says it again or another takes its name.
  struct Session {
    WorkerName worker;
    std::string key;  // that said hello, and nobody else may speak in it; empty: not guarded
    wire::Peer peer;
  };
  // A request of the burst, and where its steps are.
  struct Request {
    Request(net::PeerId where, std::optional<keys::Holder> who, wire::Incoming what)
        : peer(std::move(where)), from(std::move(who)), message(std::move(what)) {}
    [[nodiscard]] SessionId sender() const { return SessionId(message.envelope().getSession()); }
    // The public key that it came from; empty: the coordinator is not guarded.
    [[nodiscard]] std::string key() const { return from ? from->key.text() : std::string(); }
    net::PeerId peer;
    std::optional<keys::Holder> from;  // always there if the coordinator is guarded
    wire::Incoming message;
    std::optional<WorkerName> worker;  // of the session; always there if only workers may ask
    std::optional<std::size_t> report_step;
    std::optional<std::size_t> step;        // of the command, or of the ask
    std::optional<Error> refused;           // before the turn
    std::optional<std::string> unreadable;  // why the report is; what else was asked is answered
    bool say_hello = false;
    std::uint64_t received = 0;   // of a pack chunk
    SessionId session;            // given by a hello
    wire::Protocol protocol = 1;  // that the answer is written in
    std::optional<PackKey> pack;
  };
  struct Parked {
    net::PeerId peer;
    std::string key;
    std::uint64_t request_id = 0;
    wire::Protocol protocol = 1;
    std::uint64_t after = 0;
    std::uint32_t limit = 0;
    Timestamp due;
  };

  std::vector<Request> open(std::vector<net::Letter> burst);
  void take(Request& request, std::vector<Step>& steps);
  [[nodiscard]] static Result<wire::Protocol> protocol_for(const wire::Incoming& message);
  void take_hello(Request& request, schema::Hello::Reader hello, std::vector<Step>& steps);
  void take_work(Request& request, schema::Work::Reader work, const WorkerName& worker,
                 std::vector<Step>& steps);
  void take_report(Request& request, schema::Work::Reader work, const WorkerName& worker,
                   std::vector<Step>& steps);
  void take_candidate_wish(Request& request, schema::SteerCandidate::Reader wish,
                           std::vector<Step>& steps);
  void take_status(Request& request, schema::SetLabStatus::Reader wish, std::vector<Step>& steps);
  void take_chunk(Request& request, schema::PackChunk::Reader chunk);
  void take_branch(Request& request, schema::BranchLab::Reader branch, std::vector<Step>& steps);
  void take_drain(Request& request, std::string_view worker);
  void take_backup(Request& request, schema::Backup::Reader backup);
  void take_hint(Request& request, schema::Hint::Reader hint, std::vector<Step>& steps);
  void take_inject(Request& request, schema::Inject::Reader inject, std::vector<Step>& steps);
  void take_reject(Request& request, schema::Reject::Reader reject, std::vector<Step>& steps);
  void take_open_lab(Request& request, schema::OpenLab::Reader open, std::vector<Step>& steps);
  // Judges who asks; false: it is answered already.
  [[nodiscard]] bool admit(Request& request);
  [[nodiscard]] bool admit_to_session(Request& request, Kind::Right right);
  void refuse(Request& request, Refusal why, Error error);
  [[nodiscard]] bool is_name_of_another(const WorkerName& name, const std::string& key);
  [[nodiscard]] tl::unexpected<Error> refused_by_lease(const Request& request);

  using Replies = std::vector<swarm::Reply>;
  bool stood_still();
  void park(const Request& request);
  [[nodiscard]] std::optional<Answer> answer_to(const Request& request, const Replies& replies);
  [[nodiscard]] static const Error* try_later(const Request& request, const Replies& replies);
  void write_answer(const Request& request, const Replies& replies,
                    schema::Envelope::Body::Builder body);
  void write_reply(const swarm::Reply& reply, const Request& request,
                   schema::Envelope::Body::Builder body);
  bool write_people(const swarm::Reply& reply, schema::Envelope::Body::Builder body) const;
  void write_work(const Request& request, const Replies& replies, schema::WorkReply::Builder to);
  void write_report(const swarm::Reply& reply, const Request& request,
                    schema::WorkReply::Report::Builder to);
  Result<void> write_tree(const Request& request, schema::TreeCheck::Reader check,
                          schema::TreeReply::Builder to);
  Result<void> write_brief(const Request& request, schema::HeldLease::Reader lease,
                           schema::BriefReply::Builder to);
  Result<void> write_chunk(const Request& request, schema::FetchChunk::Reader fetch,
                           schema::FetchData::Builder to);
  Result<void> write_manifest(const Request& request, capnp::Data::Reader hash,
                              schema::Envelope::Body::Builder to);
  Result<void> write_put(schema::PutCommit::Reader put, schema::Envelope::Body::Builder to);
  void write_ack(std::uint64_t received, schema::ChunkAck::Builder to) const;
  Result<void> add_pack(const Request& request, std::uint64_t bytes, const Report& report,
                        Step& step);
  Result<void> write_fetch(const Request& request, schema::Fetch::Reader fetch,
                           schema::FetchReply::Builder to);
  Result<void> write_offer(const Request& request, const std::vector<ObjectId>& wanted,
                           const std::vector<ObjectId>& had, schema::FetchReply::Builder to);
  struct CandidateChange {
    ObjectId commit;
    ObjectId before;  // that it started from
  };
  [[nodiscard]] Result<CandidateChange> change_of(const std::string& name,
                                                  ExperimentNumber number) const;
  [[nodiscard]] static std::string reader(const Request& request);
  void write_parked(std::vector<Answer>& answers);
  Result<std::string> events_answer(const Parked& parked);

  Engine& engine_;
  Answerer answerer_;
  std::function<SessionId()> fresh_session_;
  Refusals refusals_;
  std::shared_ptr<const keys::Allowlist> allowed_;  // null: not guarded
  std::vector<swarm::WorkerLeft> ended_;            // sessions of revoked keys, for the next turn
  Offers offers_;
  PackDesk packs_;
  std::map<SessionId, Session> sessions_;
  std::set<SessionId> draining_;  // are told to leave by the next answer to a heartbeat
  std::vector<Parked> parked_;
  Timestamp last_tick_{};  // never: the first is to come
  Backups backups_;
};

}  // namespace swarmlab::server
