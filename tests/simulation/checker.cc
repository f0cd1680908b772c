#include "tests/simulation/checker.h"

#include "common/wire/record_codec.h"

namespace swarmlab::simulation {
namespace {

constexpr std::size_t kManyEvents = 1'000'000;
constexpr Micros kRounding{1000};  // clocks of the product count milliseconds

}  // namespace

Checker::Checker(World& world, const Plan& plan, const Truth& truth, const CommitDisk& commits)
    : world_(world), plan_(plan), truth_(truth), ledger_(world, truth, commits) {
  ledger_.on_expired = [this](TaskId task, FencingToken token) { check_expiry(task, token); };
}

// What was acknowledged is a beginning of the log; after a crash there may be more.
void Checker::read_log(const server::Engine& engine) {
  const auto events = engine.store().events(ledger_.last(), kManyEvents);
  if (!events) return world_.violate("the log cannot be read: " + events.error().message);
  for (const store::StoredEvent& event : *events) {
    world_.note("event {} {}", event.sequence.value(), event.change.index());
    ledger_.take(event);
  }
  if (!events->empty()) ledger_.check(engine.state());
}

void Checker::after_start(const server::Engine& engine) {
  asked_.clear();
  started_ = world_.now();
  world_.require(engine.store().last_sequence() >= ledger_.last(),
                 "I1: acknowledged events are lost");
  const Sequence last = ledger_.last();
  starting_ = true;
  read_log(engine);
  starting_ = false;
  if (ledger_.last() == last) ledger_.check(engine.state());
}

void Checker::before_turn(const std::vector<net::Letter>& letters) {
  asked_.clear();
  for (const net::Letter& letter : letters) {
    const auto message = wire::Incoming::parse(wire::bytes_of(letter.bytes));
    if (!message) continue;
    const auto body = message->body();
    Asked asked;
    if (body.isWork() && body.getWork().hasReport()) {
      const auto report = body.getWork().getReport();
      asked.report = Key{TaskId(report.getTask()), FencingToken(report.getToken())};
    }
    const auto hold = [&asked](const auto& list) {
      for (const auto lease : list) {
        asked.held.push_back({TaskId(lease.getTask()), FencingToken(lease.getToken())});
      }
    };
    if (body.isHeartbeat()) hold(body.getHeartbeat().getHeld());
    if (body.isHello()) hold(body.getHello().getHeld());
    asked_.insert_or_assign({letter.peer, message->envelope().getRequestId()}, std::move(asked));
  }
}

void Checker::after_turn(const server::Engine& engine, const std::vector<server::Answer>& answers) {
  read_log(engine);
  for (const server::Answer& answer : answers) {
    const auto reply = wire::Incoming::parse(wire::bytes_of(answer.bytes));
    if (!reply) return world_.violate("an answer cannot be read");
    const auto found = asked_.find({answer.peer, reply->envelope().getRequestId()});
    if (found != asked_.end()) check_answer(found->second, reply->envelope());
    if (reply->body().isWorkReply()) check_grant(answer.peer, reply->body().getWorkReply());
  }
  asked_.clear();
}

void Checker::check_answer(const Asked& asked, schema::Envelope::Reader answer) {
  const auto body = answer.getBody();
  std::set<Key> dropped;
  if (body.isHeartbeatReply()) {
    for (const auto lease : body.getHeartbeatReply().getDrop()) {
      dropped.insert({TaskId(lease.getTask()), FencingToken(lease.getToken())});
    }
  }
  if (body.isHeartbeatReply() || body.isWelcome()) {
    for (const Key& key : asked.held) {
      if (!dropped.contains(key)) heard_[key.token] = world_.now();
    }
  }
  if (asked.report && body.isWorkReply()) {
    check_report(*asked.report, body.getWorkReply().getReport());
  }
}

void Checker::check_report(const Key& key, schema::WorkReply::Report::Reader answer) {
  std::string said;
  // A worker of protocol 1 is not told that more is measured.
  if (answer.isCounted() && ledger_.has_counted(key.token) && !ledger_.decided(key.task)) {
    said = "undecided";
  } else if (answer.isCounted()) {
    const auto verdict = wire::read(answer.getCounted().getVerdict());
    const Ledger::Decided* decided = ledger_.decided(key.task);
    world_.require(decided != nullptr, "I1: acknowledged, but not in the log");
    if (decided == nullptr) return;
    world_.require(decided->counts(key.token),
                   "I2: told that it counts, but another lease's report did");
    // One that did not decide, as others came after it or the task was given up, was told so, which
    // protocol 1 calls discarded; then the same turn decided.
    const bool says_open =
        answer.getCounted().getUndecided() || (verdict && *verdict == Verdict::discard);
    const bool decides = decided->token == key.token && decided->measured_under.back() == key.token;
    const bool was_open = says_open && !decides;
    world_.require(was_open || (verdict && *verdict == decided->verdict),
                   "I1: acknowledged with another verdict than the log has");
    world_.require(ledger_.is_charged(key.token) || decided->token != key.token,
                   "I4: a report counts, its cost does not");
    said = fmt::format("counted {}", static_cast<int>(decided->verdict));
  } else if (answer.isStale()) {
    // After its deadline, but the lease is not ended yet: a restart lets it live again.
    said = ledger_.is_leased(key.task, key.token) ? "late" : "stale";
    const Ledger::Decided* decided = ledger_.decided(key.task);
    world_.require(decided == nullptr || !decided->counts(key.token),
                   "I1: told that it is stale, but it counts");
  } else if (answer.isRefused()) {
    return world_.violate(
        fmt::format("an honest report was refused: {}", answer.getRefused().cStr()));
  } else {
    return world_.violate("a report was not answered");
  }
  world_.note("report {} {}: {}", key.task.value(), key.token.value(), said);
  const auto first = answers_.emplace(key, said).first;
  if (first->second == "late" || first->second == "undecided") first->second = said;
  world_.require(first->second == said, "I1: the same report got another answer");
}

void Checker::check_grant(const std::string& peer, schema::WorkReply::Reader answer) {
  if (!answer.getTask().isAssignment()) return;
  const auto assignment = answer.getTask().getAssignment();
  const FencingToken token(assignment.getToken());
  world_.note("task {} {} to {}", assignment.getTask(), token.value(), peer);
  world_.require(ledger_.is_leased(TaskId(assignment.getTask()), token),
                 "I2: a task is handed out whose lease is not on disk");
  const auto [first, is_first] = given_.emplace(token, peer);
  world_.require(first->second == peer, "I2: a lease is given to two");
  if (is_first) heard_[token] = world_.now();
}

// A lease that its worker speaks of does not end, whatever the clocks do; after a restart everybody
// gets the time to speak.
void Checker::check_expiry(TaskId task, FencingToken token) {
  const auto heard = heard_.find(token);
  const Micros last = heard == heard_.end() ? Micros(0) : heard->second;
  world_.note("lease {} of task {} expires", token.value(), task.value());
  if (starting_) return;
  if (world_.now() - last < plan_.lease - kRounding) {
    world_.violate(fmt::format("a lease ended {} ms after it was heard of",
                               (world_.now() - last).count() / 1000));
  }
  if (world_.now() - started_ < plan_.grace - kRounding && last < started_) {
    world_.violate(fmt::format("a lease ended {} ms after a restart",
                               (world_.now() - started_).count() / 1000));
  }
}

void Checker::at_end(const server::Engine& engine) {
  const auto again = engine.store().replay();
  world_.require(again && again->same_facts(engine.state()),
                 "I6: a replay from the beginning gives another state");
  for (const auto& [token, attempt] : truth_) {
    const auto answer = answers_.find({attempt.report.task, token});
    if (answer != answers_.end() && attempt.report.cost != Cost{} && !ledger_.is_charged(token) &&
        !ledger_.was_dropped(attempt.report.task)) {
      world_.violate(fmt::format("I4: what an attempt cost is lost: task {} token {}",
                                 attempt.report.task.value(), token.value()));
    }
    if (!attempt.spooled || attempt.lost) continue;
    if (answers_.contains({attempt.report.task, token})) continue;
    world_.violate(fmt::format("a report on a worker's disk was never answered: task {} token {}",
                               attempt.report.task.value(), token.value()));
  }
  for (const auto& [task, decided] : ledger_.all_decided()) {
    const auto stored = engine.store().experiment(decided.lab, decided.number);
    world_.require(stored && *stored && (*stored)->task == task &&
                       (*stored)->token == decided.token && (*stored)->verdict == decided.verdict,
                   "I1: an experiment of the log is not in the store");
  }
}

}  // namespace swarmlab::simulation
