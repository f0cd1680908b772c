#include "coordinator/server/server.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

#include "common/git/library.h"
#include "common/log/log.h"
#include "common/os/fail_point.h"
#include "common/os/file.h"
#include "common/os/stopwatch.h"
#include "coordinator/server/desk.h"
#include "coordinator/server/keyring.h"
#include "coordinator/server/turnstile.h"
#include "coordinator/store/objects.h"

namespace swarmlab::server {
namespace {

constexpr Milliseconds kTick{250};
constexpr Milliseconds kVitals{1000};
constexpr Milliseconds kLastWords{100};  // a connection that ends drops what was not read yet
constexpr Milliseconds kClosing{3000};   // for the refs, which the next start brings up to date

std::string objects_folder(const std::string& folder) {
  return folder + "/objects.git";
}

Result<std::optional<Keyring>> keyring_for(const ServerOptions& options) {
  if (options.door.keys.empty()) return std::optional<Keyring>();
  if (options.door.insecure) {
    return fail(ErrorCode::invalid_input, "--keys and --insecure: expected one of them");
  }
  if (options.address.starts_with("ipc://")) {
    return fail(ErrorCode::invalid_input,
                "--keys is for tcp://, expected it without {}: only its owner can reach that",
                options.address);
  }
  SWARMLAB_TRY(keyring, Keyring::open(options.door.keys));
  return std::optional(std::move(keyring));
}

}  // namespace

struct Server::Impl {
  Impl(std::unique_ptr<Engine> opened, net::Router bound, Answerer answerer,
       std::optional<Keyring> ring)
      : engine(std::move(opened)),
        router(std::move(bound)),
        desk(*engine, std::move(answerer)),
        keyring(std::move(ring)) {
    if (keyring) desk.admit_only(keyring->gate().allowed());
  }

  // Before the burst: what a key may no more do is not done for it any more.
  void look_after_the_door(bool tick) {
    const bool again = reload.exchange(false);
    if (keyring && (tick || again) && keyring->refresh(again)) {
      desk.admit_only(keyring->gate().allowed());
    }
    if (!tick) return;
    const net::Refusals refused = router.refusals();
    Refusals& counted = desk.refusals();
    counted.raise_to(Refusal::handshake, refused.handshakes,
                     "a connection whose handshake failed: without keys, or for another server");
    counted.raise_to(Refusal::unknown_key, refused.connections, "a connection with an unknown key");
    counted.raise_to(Refusal::revoked_key, refused.messages, "a message of a key that was revoked");
  }

  Result<void> serve_once(bool tick, Milliseconds wait) {
    look_after_the_door(tick);
    SWARMLAB_TRY(burst, router.receive(turnstile.has_waiting() ? Milliseconds(0) : wait));
    const Stopwatch turning;
    const bool is_idle = burst.empty() && !tick;
    burst = turnstile.admit(std::move(burst), engine->now(), desk.refusals());
    SWARMLAB_TRY(answers, desk.serve(std::move(burst), tick));
    send(std::move(answers));
    desk.refusals().raise_to(Refusal::malformed_parts, router.malformed(),
                             "a message of several parts");
    if (!is_idle) engine->tally().turns.add(turning.seconds());
    if (tick) {
      if (const auto done = engine->tidy(); !done) {
        log::warning("refs and packs: {}", done.error().message);
        engine->tally().store_errors += 1;
      }
      if (on_tick) on_tick(pulse());
      tell_vitals();
    }
    return {};
  }

  void send(std::vector<Answer> answers) {
    if (!answers.empty()) fail_point(FailPoint::reply_before);
    for (Answer& answer : answers) {
      // What is lost on its way is asked for again; one peer's trouble is nobody else's.
      const auto sent = router.send(answer.peer, std::move(answer.bytes));
      if (!sent) {
        log::warning("an answer was not sent: {}", sent.error().message);
        engine->tally().send_failures += 1;
      } else if (*sent == net::Sent::full) {
        desk.refusals().count(Refusal::unread, "an answer to a peer that does not read");
      }
    }
  }

  [[nodiscard]] Pulse pulse() const {
    const swarm::State& state = engine->state();
    const auto runs = [](const auto& lab) {
      return lab.second.status == swarm::LabStatus::running;
    };
    return {.labs = state.labs.size(),
            .running_labs = static_cast<std::size_t>(std::ranges::count_if(state.labs, runs)),
            .workers = state.presence.workers.size(),
            .leases = state.presence.deadlines.size()};
  }

  void tell_vitals() {
    if (!on_vitals || !next_vitals.expired()) return;
    next_vitals = Deadline::after(kVitals);
    on_vitals(vitals_of({.state = engine->state(),
                         .rules = engine->rules(),
                         .tally = engine->tally(),
                         .refusals = desk.refusals(),
                         .disk = engine->store().disk_room(),
                         .reserve_bytes = reserve_bytes,
                         .last_event = engine->store().last_sequence(),
                         .peers = turnstile.peers(),
                         .started_at = started_at,
                         .now = engine->now(),
                         .ahead = engine->ahead()}));
  }

  // What other threads asked for.
  void take_wishes() {
    std::optional<swarm::Rules> rules;
    {
      const std::lock_guard lock(mutex);
      rules = std::exchange(new_rules, std::nullopt);
    }
    if (rules) {
      const bool other_lease = rules->lease != engine->rules().lease;
      engine->set_rules(*rules);
      if (other_lease) desk.renew_sessions();
    }
    if (wants_summary.exchange(false)) log_summary(engine->state());
  }

  Result<void> close() {
    std::vector<Answer> last_words = desk.end_waits();
    const Deadline heard = Deadline::after(last_words.empty() ? Milliseconds(0) : kLastWords);
    send(std::move(last_words));
    const Deadline most = Deadline::after(kClosing);
    SWARMLAB_CHECK(engine->close([&] { return at_once.load() || most.expired(); }));
    while (!heard.expired() && !at_once.load()) {
      // What still comes is not acknowledged: the next coordinator hears it again.
      SWARMLAB_CHECK(router.receive(heard.remaining().value_or(Milliseconds(0))));
    }
    return {};
  }

  Result<swarm::LabIsOpen> open(swarm::OpenLab command) {
    std::vector<Step> steps;
    steps.push_back(Step{.command = std::move(command), .attachments = {}, .pack = {}});
    SWARMLAB_TRY(replies, engine->turn(std::move(steps)));
    if (const auto* error = std::get_if<Error>(&replies.front())) return tl::unexpected(*error);
    return std::get<swarm::LabIsOpen>(replies.front());
  }

  std::unique_ptr<Engine> engine;
  net::Router router;
  Desk desk;
  Turnstile turnstile;
  std::optional<Keyring> keyring;  // none: plain
  std::function<void(const Pulse&)> on_tick;
  std::function<void(Vitals)> on_vitals;
  std::uint64_t reserve_bytes = 0;
  Timestamp started_at;
  Deadline next_vitals = Deadline::after(Milliseconds(0));
  std::atomic<bool> stopping = false;
  std::atomic<bool> at_once = false;
  std::atomic<bool> reload = false;  // of the keys
  std::atomic<bool> wants_summary = false;
  std::mutex mutex;
  std::optional<swarm::Rules> new_rules;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options, Clock& clock) {
  store::StoreOptions store_options;
  store_options.reserve_bytes = options.reserve_bytes;
  SWARMLAB_TRY(keyring, keyring_for(options));
  SWARMLAB_CHECK(make_folders(options.folder, 0700));  // its socket is guarded by that
  SWARMLAB_TRY(store, store::Store::open(options.folder + "/store", store_options));
  SWARMLAB_TRY(objects, store::Objects::open(objects_folder(options.folder)));
  SWARMLAB_TRY(refs, store::Refs::open(objects_folder(options.folder)));
  SWARMLAB_TRY(engine,
               Engine::open(std::move(store), std::make_unique<store::Objects>(std::move(objects)),
                            std::move(refs), options.rules, clock));
  net::SocketOptions socket;
  socket.insecure = options.door.insecure;
  SWARMLAB_TRY(router, net::Router::bind(options.address, socket,
                                         keyring ? std::optional(keyring->guard()) : std::nullopt));
  const Timestamp started_at = engine->now();
  Answerer answerer{.version = options.version,
                    .address = router.address(),
                    .started_at = started_at,
                    .store = options.folder + "/store"};
  log::info("coordinator serves {} at {}", options.folder, router.address());
  auto impl = std::make_unique<Impl>(std::move(engine), std::move(router), std::move(answerer),
                                     std::move(keyring));
  impl->on_tick = options.on_tick;
  impl->on_vitals = options.on_vitals;
  impl->reserve_bytes = options.reserve_bytes;
  impl->started_at = started_at;
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Result<swarm::LabIsOpen> Server::open_lab(swarm::OpenLab command, const std::string& repository,
                                          const std::string& data_manifest) {
  store::ObjectStore& objects = impl_->engine->objects();
  SWARMLAB_CHECK(objects.import_commit(repository, command.segment.lab_commit));
  const DataSource& data = command.settings.evaluator.data;
  const ObjectId& hash = command.segment.data_hash;
  if (data.kind == DataSource::Kind::shipped) {
    SWARMLAB_TRY(manifest, objects.import_data(data.path));
    if (manifest.tree != hash) {
      return fail(ErrorCode::conflict, "the data at {} changed while it was read", data.path);
    }
  }
  if (!data_manifest.empty()) SWARMLAB_CHECK(PackDesk::keep_manifest(objects, hash, data_manifest));
  return impl_->open(std::move(command));
}

Result<swarm::LabIsOpen> Server::branch_lab(const BranchWish& wish) {
  Engine& engine = *impl_->engine;
  SWARMLAB_TRY(command, plan_branch(engine.state(), engine.store(), engine.objects(), wish));
  return impl_->open(std::move(command));
}

std::vector<Server::Reopened> Server::reopen_branches(const std::string& lab,
                                                      const LabOverrides& overrides,
                                                      const std::string& who) {
  Engine& engine = *impl_->engine;
  std::vector<Reopened> all;
  const auto parent = find_lab(engine.state(), lab);
  if (!parent) return all;
  for (const LabId id : branches_of(engine.state(), (*parent)->id)) {
    const swarm::Lab& branch = engine.state().labs.at(id);
    Reopened one{.name = branch.settings.name, .outcome = {}};
    auto command = plan_reopening(engine.state(), engine.objects(), branch, overrides, who);
    if (command) {
      one.outcome = impl_->open(*std::move(command));
    } else {
      one.outcome = tl::unexpected(command.error());
    }
    all.push_back(std::move(one));
  }
  return all;
}

std::optional<ObjectId> Server::lab_commit(const std::string& lab) const {
  const auto found = find_lab(impl_->engine->state(), lab);
  if (!found) return std::nullopt;
  return (*found)->segment.lab_commit;
}

Result<void> Server::run() {
  Deadline next_tick = Deadline::after(kTick);
  while (!impl_->stopping.load()) {
    impl_->take_wishes();
    Milliseconds wait = next_tick.remaining().value_or(kTick);
    if (const auto due = impl_->desk.time_to_due(); due) wait = std::min(wait, *due);
    const bool tick = next_tick.expired();
    if (tick) next_tick = Deadline::after(kTick);
    SWARMLAB_CHECK(impl_->serve_once(tick, tick ? Milliseconds(0) : wait));
  }
  return impl_->close();
}

void Server::reload_keys() {
  impl_->reload.store(true);
  impl_->router.waker().wake();
}

void Server::request_stop() {
  impl_->stopping.store(true);
  impl_->router.waker().wake();
}

void Server::request_stop_at_once() {
  impl_->at_once.store(true);
  request_stop();
}

void Server::set_rules(const swarm::Rules& rules) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->new_rules = rules;
  }
  impl_->router.waker().wake();
}

void Server::request_summary() {
  impl_->wants_summary.store(true);
  impl_->router.waker().wake();
}

const std::string& Server::address() const {
  return impl_->router.address();
}

}  // namespace swarmlab::server
