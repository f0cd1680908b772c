#include "tests/simulation/coordinator.h"

#include <algorithm>
#include <utility>

namespace swarmlab::simulation {
namespace {

constexpr Timestamp kBeginning{Milliseconds(1'700'000'000'000)};
constexpr std::uint64_t kReserve = 1U << 20U;
constexpr std::uint64_t kMuch = 1ULL << 40U;

}  // namespace

// The product's clock, on a machine whose wall clock is set now and then.
std::unique_ptr<SystemClock> Coordinator::clock_of_machine() const {
  return std::make_unique<SystemClock>(TimeSources{
      .wall = [this] { return kBeginning.time_since_epoch() + wall_offset_ + world_.now(); },
      .steady = [this] { return std::chrono::hours(1) + world_.now(); }});
}

Coordinator::Coordinator(World& world, const Plan& plan, Network& network, const Truth& truth,
                         std::string folder)
    : world_(world),
      plan_(plan),
      network_(network),
      folder_(std::move(folder)),
      checker_(world, plan, truth, commits_) {
  disk_.keep_no_options();
  network_.on_letter(
      [this](std::string peer, std::string bytes) { take(std::move(peer), std::move(bytes)); });
}

Result<std::unique_ptr<Coordinator::Life>> Coordinator::begin() {
  auto life = std::make_unique<Life>();
  life->clock = clock_of_machine();
  store::StoreOptions options;
  options.reserve_bytes = kReserve;
  options.ballast_bytes = 0;
  options.env = disk_.env();
  options.free_bytes = [this] { return full_ ? std::uint64_t{0} : kMuch; };
  SWARMLAB_TRY(store, store::Store::open(folder_ + "/store", options));
  SWARMLAB_TRY(refs, store::Refs::open(folder_));
  swarm::Rules rules;
  rules.lease = plan_.lease;
  rules.grace = plan_.grace;
  rules.worker_silence = std::max(plan_.lease / 2, 3 * plan_.tick);
  if (plan_.seed % 4 == 0) rules.most_absent = 1;  // who is away for long comes back as a new one
  rules.absent_after = 2 * plan_.lease;
  auto commits = std::make_unique<Commits>(world_, plan_, commits_, disk_, good_);
  SWARMLAB_TRY(engine, server::Engine::open(std::move(store), std::move(commits), std::move(refs),
                                            rules, *life->clock));
  life->engine = std::move(engine);
  server::Answerer answerer{.version = "1.0",
                            .address = "simulated",
                            .started_at = life->clock->now(),
                            .store = "simulated"};
  life->desk = std::make_unique<server::Desk>(*life->engine, std::move(answerer), [this] {
    return SessionId(mix(mix(++sessions_, plan_.seed), lives_) | 1U);
  });
  return life;
}

void Coordinator::start() {
  if (life_) return;
  ++lives_;
  auto life = begin();
  if (!life || disk_.is_off()) {
    if (disk_.is_off() || full_ || fails_sync_) {  // it died while it started
      world_.note("coordinator cannot start");
      if (life) life_ = *std::move(life);
      return crash();
    }
    return world_.violate("the coordinator does not start: " + life.error().message);
  }
  life_ = *std::move(life);
  world_.note("coordinator starts, life {}", lives_);
  checker_.after_start(*life_->engine);
  tick();
}

void Coordinator::start_later() {
  const Micros pause = good_ || !world_.random.one_in(4)
                           ? Micros(world_.random.between(50'000, 3'000'000))
                           : Micros(world_.random.between(3'000'000, 90'000'000));
  world_.after(pause, [this] { start(); });
}

void Coordinator::end_life(bool power_loss) {
  disk_.lose_power_now();  // what the destructors write does not get there
  life_.reset();
  if (power_loss) {
    disk_.lose_power(world_.random);
  } else {
    disk_.lose_process();
  }
  fails_sync_ = false;
  commits_.crash(power_loss, world_.random);
  checker_.forget_turn();
}

void Coordinator::crash() {
  ++crashes_;
  const bool power_loss = world_.random.chance(plan_.power_loss);
  world_.note("coordinator dies{}", power_loss ? ", with its machine" : "");
  end_life(power_loss);
  start_later();
}

void Coordinator::restart() {
  if (!life_) return;
  world_.note("coordinator is stopped");
  const auto closed = life_->engine->close();
  world_.require(closed.has_value(), "the coordinator cannot close");
  life_.reset();
  start_later();
}

void Coordinator::fail_next_sync() {
  if (!life_) return;
  fails_sync_ = true;
  disk_.fail_log_sync_after(0);
}

void Coordinator::be_good() {
  good_ = true;
  full_ = false;
}

void Coordinator::take(std::string peer, std::string bytes) {
  world_.mix_in(bytes);
  if (!life_) {  // its socket is gone: ZeroMQ keeps some of what comes
    if (!world_.random.one_in(3)) return;
    world_.after(Micros(world_.random.between(100'000, 5'000'000)),
                 [this, peer = std::move(peer), bytes = std::move(bytes)] { take(peer, bytes); });
    return;
  }
  life_->letters.push_back({.peer = std::move(peer), .bytes = std::move(bytes)});
  turn_soon();
}

void Coordinator::turn_soon() {
  if (life_->turn_is_due) return;
  life_->turn_is_due = true;
  const Micros pause = plan_.slow_turns ? Micros(world_.random.between(1'000, 400'000))
                                        : Micros(world_.random.between(10, 300));
  world_.after(pause, [this, life = lives_] {
    if (!life_ || life != lives_) return;
    life_->turn_is_due = false;
    turn(false);
  });
}

void Coordinator::tick() {
  world_.after(plan_.tick, [this, life = lives_] {
    if (!life_ || life != lives_) return;
    turn(true);
    if (life_ && life == lives_) tick();
  });
}

void Coordinator::turn(bool ticks) {
  std::vector<net::Letter> burst;
  const std::size_t count = std::min<std::size_t>(plan_.burst, life_->letters.size());
  std::move(life_->letters.begin(), life_->letters.begin() + static_cast<std::ptrdiff_t>(count),
            std::back_inserter(burst));
  life_->letters.erase(life_->letters.begin(),
                       life_->letters.begin() + static_cast<std::ptrdiff_t>(count));
  if (!life_->letters.empty()) turn_soon();
  if (!good_ && world_.random.chance(plan_.crash_in_turn)) {
    disk_.lose_power_after_log_writes(world_.random.below(4));
  }
  checker_.before_turn(burst);
  const auto answers = life_->desk->serve(std::move(burst), ticks);
  if (disk_.is_off()) return crash();
  if (!answers) {  // the process ends by itself
    world_.note("a turn failed: {}", answers.error().message);
    if (!fails_sync_ && plan_.failed_ingest == 0 && !full_) {
      return world_.violate("a turn failed: " + answers.error().message);
    }
    return crash();
  }
  finish_turn(ticks, *answers);
}

void Coordinator::finish_turn(bool ticks, const std::vector<server::Answer>& answers) {
  checker_.after_turn(*life_->engine, answers);
  for (const server::Answer& answer : answers) {
    world_.mix_in(answer.bytes);
    network_.send_to_peer(answer.peer, answer.bytes);
  }
  if (ticks && plan_.tidies && world_.random.one_in(16)) {
    const auto tidied = life_->engine->tidy();
    world_.require(tidied.has_value(), "refs cannot follow");
  }
}

}  // namespace swarmlab::simulation
