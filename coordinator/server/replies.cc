// What peers are told, written once the turn is on disk.
#include <algorithm>

#include "common/log/log.h"
#include "common/wire/record_codec.h"
#include "coordinator/server/desk.h"
#include "coordinator/server/views.h"

namespace swarmlab::server {
namespace {

using Body = schema::Envelope::Body::Builder;

constexpr std::uint32_t kHeartbeatMs = 5000;
constexpr std::uint32_t kHeartbeatsInALease = 4;  // so that some may be lost
constexpr std::uint32_t kMostWaitMs = 30'000;
constexpr wire::Protocol kBriefsAreAskedFor = 2;  // before, they came with the task
constexpr std::size_t kMostParked = 1000;         // more are answered at once

void write_held(capnp::List<schema::HeldLease>::Builder to,
                const std::vector<swarm::HeldLease>& held) {
  for (unsigned i = 0; i < held.size(); ++i) {
    to[i].setTask(held[i].task.value());
    to[i].setToken(held[i].token.value());
  }
}

unsigned size_of(std::size_t size) {
  return static_cast<unsigned>(size);
}

// For counting: a peer cannot make names of its own.
std::string_view type_of(const wire::Incoming& message) {
  const Kind kind = kind_of(message.body());
  return kind.right == Kind::Right::none ? "other" : kind.name;
}

// An answer that no peer would take becomes an error that says so.
std::string sendable(wire::Outgoing& reply, std::uint64_t request_id) {
  std::string bytes = reply.bytes();
  if (bytes.size() <= wire::kMaxMessageBytes) return bytes;
  wire::Outgoing refusal(request_id);
  wire::write(refusal.body().initError(),
              Error{ErrorCode::invalid_input,
                    fmt::format("the answer has {} bytes, expected {} at most: ask for less",
                                bytes.size(), wire::kMaxMessageBytes)});
  return refusal.bytes();
}

}  // namespace

Desk::Desk(Engine& engine, Answerer answerer, std::function<SessionId()> sessions)
    : engine_(engine),
      answerer_(std::move(answerer)),
      fresh_session_(std::move(sessions)),
      packs_(engine.objects()) {}

std::vector<Desk::Request> Desk::open(std::vector<net::Letter> burst) {
  std::vector<Request> requests;
  requests.reserve(burst.size());
  for (net::Letter& letter : burst) {
    auto message = wire::Incoming::parse(wire::bytes_of(letter.bytes));
    if (message) {
      engine_.tally().note_message(type_of(*message), letter.bytes.size());
      requests.push_back(
          Request(std::move(letter.peer), std::move(letter.sender), *std::move(message)));
    } else {
      refusals_.count(
          Refusal::malformed,
          fmt::format("a message of {} bytes: {}", letter.bytes.size(), message.error().message));
    }
  }
  return requests;
}

Result<std::vector<Answer>> Desk::serve(std::vector<net::Letter> burst, bool tick) {
  std::vector<Request> requests = open(std::move(burst));
  std::vector<Step> steps;
  // Steps look into the packs: the inbox must not change once the first one does.
  if (tick) packs_.tick(engine_.now());
  for (swarm::WorkerLeft& left : std::exchange(ended_, {})) {
    log::info("worker {} is let in no more: its key was revoked", left.worker.value());
    steps.push_back(Step{.command = std::move(left), .attachments = {}, .pack = {}});
  }
  for (const bool chunks : {true, false}) {
    for (Request& request : requests) {
      if (request.message.body().isPackChunk() == chunks) take(request, steps);
    }
  }
  if (tick && stood_still()) {
    steps.push_back(Step{.command = swarm::Restarted{}, .attachments = {}, .pack = {}});
  }
  if (tick) steps.push_back(Step{.command = swarm::TimePassed{}, .attachments = {}, .pack = {}});
  Replies replies;
  if (!steps.empty()) {
    SWARMLAB_TRY(turned, engine_.turn(std::move(steps)));
    replies = std::move(turned);
  }
  std::vector<Answer> answers;
  answers.reserve(requests.size());
  for (const Request& request : requests) {
    if (std::optional<Answer> answer = answer_to(request, replies); answer) {
      engine_.tally().note_answer(type_of(request.message), answer->bytes.size());
      answers.push_back(*std::move(answer));
    }
  }
  write_parked(answers);
  for (Backups::Letter& letter : backups_.answers()) {
    answers.push_back({std::move(letter.peer), std::move(letter.bytes)});
  }
  return answers;
}

// We were stopped, or the disk was: nobody's heartbeat was heard meanwhile, and that is our fault.
bool Desk::stood_still() {
  const Timestamp now = engine_.now();
  const Timestamp before = std::exchange(last_tick_, now);
  return before != Timestamp() && now - before >= engine_.rules().worker_silence;
}

void Desk::park(const Request& request) {
  const auto query = request.message.body().getQuery().getEvents();
  const std::uint32_t wait_ms =
      parked_.size() < kMostParked ? std::min(query.getWaitMs(), kMostWaitMs) : 0;
  parked_.push_back({.peer = request.peer,
                     .key = request.key(),
                     .request_id = request.message.envelope().getRequestId(),
                     .protocol = request.protocol,
                     .after = query.getAfter(),
                     .limit = query.getLimit(),
                     .due = engine_.now() + Milliseconds(wait_ms)});
}

std::optional<Answer> Desk::answer_to(const Request& request, const Replies& replies) {
  const auto envelope = request.message.envelope();
  wire::Outgoing reply(envelope.getRequestId(), envelope.getSession(), request.protocol);
  const auto body = envelope.getBody();
  if (request.refused) {
    wire::write(reply.body().initError(), *request.refused);
  } else if (request.say_hello) {
    reply.body().setSayHello();
  } else if (body.isBackup()) {
    return std::nullopt;  // its own list answers
  } else if (body.isQuery() && body.getQuery().isEvents()) {
    park(request);  // write_parked() answers, at once if there are events
    return std::nullopt;
  } else {
    write_answer(request, replies, reply.body());
  }
  return Answer{request.peer, sendable(reply, envelope.getRequestId())};
}

// A report that could not be taken in now, but is sound: the worker keeps it and sends it again.
const Error* Desk::try_later(const Request& request, const Replies& replies) {
  if (!request.report_step) return nullptr;
  const auto* error = std::get_if<Error>(&replies[*request.report_step]);
  return error != nullptr && error->code != ErrorCode::invalid_input ? error : nullptr;
}

void Desk::write_answer(const Request& request, const Replies& replies, Body body) {
  const auto asked = request.message.body();
  const auto fail_with = [&body](const Error& error) { wire::write(body.initError(), error); };
  if (asked.isWork()) {
    const Error* later = try_later(request, replies);
    return later != nullptr ? fail_with(*later)
                            : write_work(request, replies, body.initWorkReply());
  }
  if (asked.isPackChunk()) return write_ack(request.received, body.initChunkAck());
  Result<void> done;
  if (asked.isTreeCheck()) {
    done = write_tree(request, asked.getTreeCheck(), body.initTreeReply());
  } else if (asked.isBrief()) {
    done = write_brief(request, asked.getBrief(), body.initBriefReply());
  } else if (asked.isFetch()) {
    done = write_fetch(request, asked.getFetch(), body.initFetchReply());
  } else if (asked.isFetchChunk()) {
    done = write_chunk(request, asked.getFetchChunk(), body.initFetchData());
  } else if (asked.isDataManifest()) {
    done = write_manifest(request, asked.getDataManifest(), body);
  } else if (asked.isPutCommit()) {
    done = write_put(asked.getPutCommit(), body);
  } else if (asked.isQuery()) {
    const Source source{engine_.state(), engine_.store(), &engine_.objects(),
                        answerer_,       &refusals_,      &engine_.rules()};
    done = answer(source, asked.getQuery(), engine_.now(), body);
  } else if (asked.isDrain()) {
    body.setDone();
  } else if (request.step) {
    write_reply(replies[*request.step], request, body);
  } else {
    done = fail(ErrorCode::invalid_input, "a message of this kind is not known here");
  }
  if (!done) fail_with(done.error());
}

Result<void> Desk::write_tree(const Request& request, schema::TreeCheck::Reader check,
                              schema::TreeReply::Builder to) {
  if (!works_for(engine_.state(), *request.worker, LabId(check.getLab()))) {
    return refused_by_lease(request);
  }
  SWARMLAB_TRY(tree, wire::object_id_of("tree", check.getTree()));
  const auto lab = engine_.state().labs.find(LabId(check.getLab()));
  if (lab == engine_.state().labs.end()) return {};
  const auto known = lab->second.trees.find(tree);
  if (known != lab->second.trees.end()) {
    to.setExperiment(known->second.value());
    return {};
  }
  const auto task = engine_.state().tasks.find(TaskId(check.getTask()));
  if (task == engine_.state().tasks.end() || task->second.lab != lab->first) return {};
  const auto sketch = check.getSketch();
  const auto near = engine_.near_duplicate(
      task->second, {reinterpret_cast<const char*>(sketch.begin()), sketch.size()});
  if (!near) return {};
  wire::write(to.initNearDuplicate(), *near);
  to.setSkip(lab->second.settings.search.near_duplicates == NearDuplicates::skip);
  return {};
}

// Only to who holds the lease: another lab's history is none of a worker's business.
Result<void> Desk::write_brief(const Request& request, schema::HeldLease::Reader lease,
                               schema::BriefReply::Builder to) {
  const auto found = engine_.state().tasks.find(TaskId(lease.getTask()));
  if (found == engine_.state().tasks.end() || !found->second.lease ||
      found->second.lease->worker != *request.worker ||
      found->second.lease->token != FencingToken(lease.getToken())) {
    return fail(ErrorCode::not_found, "task {} is not leased to you", lease.getTask());
  }
  SWARMLAB_TRY(briefing, engine_.briefing(found->first));
  to.setBrief(wire::text_of(briefing.brief));
  to.setResults(wire::text_of(briefing.results));
  return {};
}

void Desk::write_reply(const swarm::Reply& reply, const Request& request, Body body) {
  if (const auto* open = std::get_if<swarm::LabIsOpen>(&reply)) {
    auto to = body.initLabOpen();
    to.setLab(open->lab.value());
    to.setResumed(open->resumed);
    to.setNewSegment(open->new_segment);
    to.setStaysStopped(open->stays_stopped.c_str());
    to.setName(engine_.state().labs.at(open->lab).settings.name.c_str());
  } else if (const auto* welcome = std::get_if<swarm::Welcome>(&reply)) {
    auto to = body.initWelcome();
    to.setSession(request.session.value());
    write_held(to.initKeep(size_of(welcome->keep.size())), welcome->keep);
    const auto lease_ms = static_cast<std::uint32_t>(engine_.rules().lease.count());
    to.setHeartbeatMs(std::min(kHeartbeatMs, lease_ms / kHeartbeatsInALease));
    to.setLeaseMs(lease_ms);
    to.setProtocol(request.protocol);
    const wire::Capabilities names = wire::our_capabilities(request.protocol);
    wire::write_capabilities(to.initCapabilities(size_of(names.size())), names);
  } else if (const auto* heard = std::get_if<swarm::HeartbeatHeard>(&reply)) {
    auto to = body.initHeartbeatReply();
    write_held(to.initDrop(size_of(heard->drop.size())), heard->drop);
    const bool leaves = request.message.body().getHeartbeat().getLeaving();
    to.setDrain(!leaves && draining_.contains(request.sender()));
  } else if (std::holds_alternative<swarm::SayHello>(reply)) {
    body.setSayHello();
  } else if (const auto* steered = std::get_if<swarm::LabsSteered>(&reply);
             steered != nullptr && request.message.body().getSetLabStatus().getTell()) {
    write_view(body.initSteered(), engine_.state(), *steered);
  } else if (const auto* error = std::get_if<Error>(&reply)) {
    wire::write(body.initError(), *error);
  } else if (!write_people(reply, body)) {
    body.setDone();
  }
}

void Desk::write_report(const swarm::Reply& reply, const Request& request,
                        schema::WorkReply::Report::Builder to) {
  if (const auto* counted = std::get_if<swarm::ReportCounted>(&reply)) {
    auto answer = to.initCounted();
    answer.setVerdict(wire::to_schema(counted->verdict));
    answer.setReason(counted->reason.c_str());
    answer.setUndecided(!counted->decided);
  } else if (const auto* stale = std::get_if<swarm::ReportStale>(&reply)) {
    to.setStale(stale->because.c_str());
  } else if (const auto* error = std::get_if<Error>(&reply)) {
    to.setRefused(error->message.c_str());
  }
  if (request.pack) packs_.drop(*request.pack);  // nobody sends it again
}

void Desk::write_work(const Request& request, const Replies& replies,
                      schema::WorkReply::Builder to) {
  if (request.unreadable) to.getReport().setRefused(request.unreadable->c_str());
  if (request.report_step) write_report(replies[*request.report_step], request, to.getReport());
  if (!request.step) return;
  const swarm::Reply& reply = replies[*request.step];
  if (const auto* granted = std::get_if<swarm::Granted>(&reply)) {
    auto assignment = engine_.assignment(granted->task);
    if (assignment && assignment->token != granted->token) {
      // Later in the burst its worker said hello anew, and another has the task now.
      assignment = fail(ErrorCode::not_found, "lease {} is over", granted->token.value());
    }
    if (assignment && request.protocol < kBriefsAreAskedFor) {
      if (auto briefing = engine_.briefing(granted->task))
        assignment->briefing = *std::move(briefing);
    }
    if (assignment) return wire::write(to.getTask().initAssignment(), *assignment);
    log::debug("task {}: {}", granted->task.value(), assignment.error().message);
  }
  auto nothing = to.getTask().initNothing();
  const auto* reason = std::get_if<swarm::NothingToDo>(&reply);
  nothing.setBecause(reason != nullptr ? reason->because.c_str() : "ask again");
  nothing.setRetryMs(static_cast<std::uint32_t>(
      reason != nullptr ? reason->retry_after.count() : engine_.rules().retry_ask.count()));
}

std::optional<Milliseconds> Desk::time_to_due() {
  const auto first = std::ranges::min_element(parked_, {}, &Parked::due);
  if (first == parked_.end()) return std::nullopt;
  return std::max(first->due - engine_.now(), Milliseconds(0));
}

Result<std::string> Desk::events_answer(const Parked& parked) {
  wire::Outgoing query(0);
  auto events = query.body().initQuery().initEvents();
  events.setAfter(parked.after);
  events.setLimit(parked.limit);
  wire::Outgoing reply(parked.request_id, 0, parked.protocol);
  const Source source{engine_.state(), engine_.store(), &engine_.objects(), answerer_, &refusals_};
  SWARMLAB_CHECK(answer(source, query.body().getQuery().asReader(), engine_.now(), reply.body()));
  return sendable(reply, parked.request_id);
}

std::vector<Answer> Desk::end_waits() {
  for (Parked& parked : parked_) parked.due = engine_.now();
  std::vector<Answer> answers;
  write_parked(answers);
  return answers;
}

void Desk::write_parked(std::vector<Answer>& answers) {
  const std::uint64_t last = engine_.store().last_sequence().value();
  const Timestamp now = engine_.now();
  std::erase_if(parked_, [&](const Parked& parked) {
    if (last <= parked.after && now < parked.due) return false;
    Result<std::string> bytes = events_answer(parked);
    if (!bytes) {
      wire::Outgoing reply(parked.request_id, 0, parked.protocol);
      wire::write(reply.body().initError(), bytes.error());
      bytes = reply.bytes();
    }
    answers.push_back({parked.peer, *std::move(bytes)});
    return true;
  });
}

}  // namespace swarmlab::server
