// Who a request comes from, and whether that key may ask it: judged by the key of the connection,
// never by what the message says of itself.
#include "coordinator/server/desk.h"

namespace swarmlab::server {

void Desk::admit_only(std::shared_ptr<const keys::Allowlist> allowed) {
  allowed_ = std::move(allowed);
  const auto is_out = [this](const std::string& key) { return allowed_->find(key) == nullptr; };
  std::erase_if(sessions_, [&](const auto& entry) {
    const auto& [id, session] = entry;
    if (!is_out(session.key)) return false;
    ended_.push_back({.worker = session.worker, .session = id});
    return true;
  });
  std::erase_if(draining_, [&](SessionId session) { return !sessions_.contains(session); });
  std::erase_if(parked_, [&](const Parked& parked) { return is_out(parked.key); });
}

void Desk::refuse(Request& request, Refusal why, Error error) {
  const std::string who =
      request.from ? fmt::format("{} ({})", request.from->name, keys::name_of(request.from->role))
                   : std::string("a peer without a key");
  refusals_.count(
      why, fmt::format("{} sent {}: {}", who, kind_of(request.message.body()).name, error.message));
  request.refused = std::move(error);
}

bool Desk::admit(Request& request) {
  const Kind kind = kind_of(request.message.body());
  if (allowed_ && !request.from) {
    refuse(request, Refusal::unknown_key, {ErrorCode::invalid_input, "this needs a key"});
    return false;
  }
  // It may have waited for its turn: what counts is the list as it is now.
  if (allowed_ && allowed_->find(request.key()) == nullptr) {
    refuse(request, Refusal::revoked_key, {ErrorCode::invalid_input, "this key was revoked"});
    return false;
  }
  if (request.from && !may(request.from->role, kind.right)) {
    refuse(request, Refusal::role,
           {ErrorCode::invalid_input,
            fmt::format("the key of {} is a {}'s: it may not ask this ({})", request.from->name,
                        keys::name_of(request.from->role), kind.name)});
    return false;
  }
  return request.message.body().isHello() || admit_to_session(request, kind.right);
}

bool Desk::admit_to_session(Request& request, Kind::Right right) {
  const bool is_worker = request.from ? request.from->role == keys::Role::worker
                                      : request.sender() != SessionId();  // people have no session
  const bool as_worker =
      right == Kind::Right::work || (right == Kind::Right::work_or_look && is_worker);
  if (!as_worker) return true;
  const auto session = sessions_.find(request.sender());
  if (session == sessions_.end()) {
    request.say_hello = true;
    return false;
  }
  if (session->second.key != request.key()) {
    refuse(request, Refusal::session,
           {ErrorCode::invalid_input, "this session belongs to another key: say hello"});
    return false;
  }
  request.worker = session->second.worker;
  return true;
}

// While a worker of that name lives: it was heard lately, or holds leases that it may return with.
bool Desk::is_name_of_another(const WorkerName& name, const std::string& key) {
  const swarm::State& state = engine_.state();
  const auto known = state.workers.find(name);
  if (!allowed_ || known == state.workers.end()) return false;
  const std::string& owner = known->second.key;
  if (owner.empty() || owner == key || allowed_->find(owner) == nullptr) return false;
  if (const auto held = state.index.holds.find(name);
      held != state.index.holds.end() && !held->second.empty()) {
    return true;
  }
  const auto seen = state.presence.workers.find(name);
  return seen != state.presence.workers.end() &&
         engine_.now() - seen->second.last < engine_.rules().worker_silence;
}

tl::unexpected<Error> Desk::refused_by_lease(const Request& request) {
  const std::string& worker = request.worker->value();
  const std::string_view what = kind_of(request.message.body()).name;
  refusals_.count(Refusal::lease, fmt::format("{} sent {}", worker, what));
  return fail(ErrorCode::conflict, "worker {} holds no lease that needs this ({})", worker, what);
}

}  // namespace swarmlab::server
