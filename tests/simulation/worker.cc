#include "tests/simulation/worker.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "common/os/file.h"
#include "common/wire/protocol.h"

namespace swarmlab::simulation {
namespace {

constexpr const char* kSpool = "/spool";
constexpr const char* kHostClass = "epyc";

}  // namespace

SimulatedWorker::SimulatedWorker(World& world, const Plan& plan, Network& network, Truth& truth,
                                 Place place, std::string folder)
    : world_(world),
      plan_(plan),
      network_(network),
      truth_(truth),
      place_(place),
      folder_(std::move(folder)),
      name_(fmt::format("w{}", place)),
      disk_(world, plan) {
  disk_.on_durable([this](std::string_view path) {
    // "/spool/TASK-TOKEN.report"
    const std::size_t dash = path.rfind('-');
    const std::uint64_t token = std::strtoull(path.data() + dash + 1, nullptr, 10);
    // What was handed back before it was begun is spooled, too.
    const auto attempted = truth_.find(FencingToken(token));
    if (attempted != truth_.end()) attempted->second.spooled = true;
  });
}

Result<void> SimulatedWorker::begin(Life& life) {
  disk_.belongs_to(*life.process);
  SWARMLAB_TRY(spool, worker::Spool::open(kSpool, disk_));
  const auto connect = [&](std::function<void()> on_drain, worker::Holdings& holdings) {
    worker::LinkOptions options;
    options.address = "simulated";
    options.name = name_;
    options.host_class = kHostClass;
    options.version = "1.0";
    options.slots = life.slots;
    if (place_ < plan_.older_workers) {
      options.protocols.newest = options.protocols.oldest = wire::our_protocols().oldest;
    }
    options.on_drain = std::move(on_drain);
    return worker::Link::over(std::make_unique<SimulatedChannel>(*life.process, network_, place_),
                              *life.clock, options, holdings);
  };
  SWARMLAB_TRY(crew, worker::Crew::gather(std::move(spool), *life.clock, connect));
  life.crew = std::move(crew);
  return {};
}

void SimulatedWorker::start() {
  if (life_) return;
  ++lives_;
  auto life = std::make_unique<Life>();
  life->process = std::make_shared<Process>(world_, fmt::format("{}.{}", name_, lives_));
  life->clock = std::make_unique<ProcessClock>(*life->process);
  life->process->on_death = [this] { crash(); };
  life->slots = static_cast<std::uint32_t>(1 + (place_ + plan_.seed) % plan_.slots);
  world_.note("{} starts", life->process->name());
  Life& mine = *life;
  life_ = std::move(life);
  // In a thread of its own: what it writes may be the last that it does.
  mine.process->spawn([this, &mine] {
    if (const auto begun = begin(mine); !begun) {
      return world_.violate("a worker does not start: " + begun.error().message);
    }
    mine.working = mine.slots;
    for (std::uint32_t slot = 0; slot < mine.slots; ++slot) {
      mine.process->spawn([this, &mine, slot] { work(mine, slot); });
    }
    mine.process->spawn([&mine] { mine.crew->link().beat(); });
  });
}

void SimulatedWorker::work(Life& life, std::uint32_t slot) {
  const auto end =
      life.crew->work(slot, [this, &life, slot](const auto& assignment, const auto& cancel) {
        return attempt(life, slot, assignment, cancel);
      });
  world_.note("{} slot {} ends: {}", life.process->name(), slot,
              end ? "drained" : end.error().message);
  if (--life.working > 0) return;
  life.crew->link().bye();
  world_.after(Micros(0), [this, process = life.process.get()] {
    if (!life_ || life_->process.get() != process) return;
    world_.note("{} has left", process->name());
    disk_.crash(false);
    life_.reset();
    start_later();
  });
}

void SimulatedWorker::start_later() {
  const std::uint64_t longest = good_ || !world_.random.one_in(4) ? 3'000'000 : 60'000'000;
  world_.after(Micros(world_.random.between(50'000, longest)), [this] { start(); });
}

void SimulatedWorker::crash() {
  if (!life_) return;
  const bool power_loss = world_.random.chance(plan_.power_loss);
  world_.note("{} dies{}", life_->process->name(), power_loss ? ", with its machine" : "");
  life_.reset();
  disk_.crash(power_loss);
  start_later();
}

void SimulatedWorker::freeze() {
  if (!life_) return;
  world_.note("{} freezes", life_->process->name());
  life_->process->freeze();
}

void SimulatedWorker::thaw() {
  if (!life_ || !life_->process->frozen()) return;
  world_.note("{} thaws", life_->process->name());
  life_->process->thaw();
}

void SimulatedWorker::be_good() {
  good_ = true;
  disk_.be_good();
}

std::string SimulatedWorker::told() {
  return fmt::format("{}, {} files", life_ ? life_->process->frozen() ? "frozen" : "up" : "down",
                     disk_.list(kSpool)->size());
}

bool SimulatedWorker::has_delivered_all() {
  const auto files = disk_.list(kSpool);
  return std::ranges::none_of(*files, [](const auto& path) { return path.ends_with(".report"); });
}

// ---- What an attempt does ----

Result<void> SimulatedWorker::fetch(Life& life, std::uint32_t slot, const Assignment& assignment,
                                    const CancelToken& cancel) {
  const std::string folder = fmt::format("{}/{}-{}", folder_, name_, slot);
  std::vector<ObjectId> wanted = {assignment.lab_commit, assignment.parent_commit};
  if (assignment.comparison) {
    wanted = {assignment.lab_commit, assignment.comparison->candidate,
              assignment.comparison->reference};
  } else if (assignment.merge) {
    wanted.push_back(assignment.merge->commit);
    wanted.push_back(assignment.merge->base);
  }
  if (assignment.candidate) wanted.push_back(*assignment.candidate);
  const auto has_all = [&] {
    return std::ranges::all_of(wanted, [&](const auto& id) { return life.commits.contains(id); });
  };
  if (has_all()) return {};
  const std::vector<ObjectId> had(life.commits.begin(), life.commits.end());
  SWARMLAB_TRY(
      file, life.crew->link().fetch(
                {.lab = assignment.lab, .wanted = wanted, .had = had, .folder = folder}, cancel));
  SWARMLAB_TRY(pack, read_file(file, 1U << 20U));
  SWARMLAB_CHECK(remove_tree(file));
  SWARMLAB_TRY(commits, from_pack(pack));
  for (const NamedCommit& one : commits) {
    life.commits.insert(one.id);
    trees_.insert_or_assign(one.id, one.commit.tree);
  }
  if (has_all()) return {};
  world_.violate("a pack does not bring what was asked for");
  return fail(ErrorCode::internal, "a pack does not bring what was asked for");
}

bool SimulatedWorker::work_for(Life& life, Milliseconds about, const CancelToken& cancel) {
  const auto longest = static_cast<std::uint64_t>(Micros(about).count());
  const std::uint64_t time = world_.random.between(longest / 10, longest * 2);
  return !life.process->sleep(Micros(time), cancel);
}

Measurement SimulatedWorker::run(const Assignment& assignment, const ObjectId& tree) {
  Measurement measurement;
  measurement.identity.evaluator = assignment.evaluator_hash;
  measurement.identity.data = assignment.data_hash;
  measurement.identity.tree = tree;
  measurement.identity.scale = assignment.settings.scale;
  measurement.identity.host_class = kHostClass;
  measurement.score = score_of(tree);
  if (plan_.noisy) measurement.score += static_cast<double>(world_.random.below(kNoise));
  if (plan_.several || plan_.simple) {
    measurement.metrics.push_back({"size", static_cast<double>(tree.bytes[0] % 16)});
  }
  measurement.took = Milliseconds(1);
  measurement.worker = WorkerName(name_);
  return measurement;
}

void SimulatedWorker::measure(const Assignment& assignment, Report& report) {
  report.outcome = Outcome::measured;
  report.reason.clear();
  report.measurement = run(assignment, *report.tree);
  for (std::uint32_t i = 1; i < assignment.repeats; ++i) {
    report.more.push_back(run(assignment, *report.tree));
  }
}

// Every candidate was made by an attempt; what is none of theirs is the lab's own commit.
ObjectId SimulatedWorker::tree_of(const Assignment& assignment, const ObjectId& commit) const {
  for (const auto& [token, attempt] : truth_) {
    if (attempt.report.commit == commit && attempt.report.tree) return *attempt.report.tree;
  }
  world_.require(commit == assignment.lab_commit, "asked to measure what nobody made");
  return object_named(1, number_of(commit));
}

void SimulatedWorker::compare(const Assignment& assignment, Report& report) {
  report.outcome = Outcome::measured;
  report.reason.clear();
  report.measurement = run(assignment, tree_of(assignment, assignment.comparison->candidate));
  report.more.push_back(run(assignment, tree_of(assignment, assignment.comparison->reference)));
}

// The report, as far as it came; it stays `returned` if it was cancelled.
void SimulatedWorker::fill(Life& life, const Assignment& assignment, const CancelToken& cancel,
                           worker::SpooledReport& result) {
  Report& report = result.report;
  Random& random = world_.random;
  const auto fails = [&](Outcome outcome, const char* reason) {
    report.outcome = outcome;
    report.reason = reason;
  };
  if (assignment.comparison) {
    if (!work_for(life, plan_.attempt / 2, cancel)) return;
    if (random.chance(plan_.fails / 4)) return fails(Outcome::crash, "it does not run twice");
    return compare(assignment, report);
  }
  // Of a check the candidate is there, as the lab's commit is of a baseline.
  const bool is_check = assignment.kind == TaskKind::baseline || !makes_experiment(assignment.kind);
  const bool is_given = is_check || assignment.candidate.has_value();
  if (is_check) {
    report.commit = assignment.parent_commit;
    report.tree = tree_of(assignment, assignment.parent_commit);
  } else if (assignment.candidate) {  // a person's
    report.commit = assignment.candidate;
    report.tree = trees_.at(*assignment.candidate);
  } else {
    const bool conflicts = assignment.merge && random.one_in(4);
    if (conflicts && assignment.kind == TaskKind::simplify) {
      return fails(Outcome::no_change, "what came after it changed the same lines");
    }
    const bool needs_agent = !assignment.merge || conflicts;
    const bool worked = !needs_agent || work_for(life, plan_.attempt / 2, cancel);
    if (needs_agent && plan_.costs_money) {
      report.cost = {.usd = MicroUsd(static_cast<std::int64_t>(random.between(1, 50'000))),
                     .input_tokens = random.below(1000),
                     .output_tokens = random.below(1000)};
    }
    if (!worked) return;
    report.reworks = static_cast<std::uint32_t>(assignment.token.value() % 3);
    if (needs_agent && random.chance(plan_.fails)) {
      if (random.one_in(2)) return fails(Outcome::timeout, "the agent took too long");
      return random.one_in(2) ? fails(Outcome::no_change, "nothing changed")
                              : fails(Outcome::crash, "the agent crashed");
    }
    report.tree = object_named(2, assignment.lab.value(), random.below(plan_.choices));
    const auto known = life.crew->link().known_tree({.lab = assignment.lab,
                                                     .lease = {assignment.task, assignment.token},
                                                     .tree = *report.tree,
                                                     .sketch = {}},
                                                    cancel);
    if (!known) return report.tree.reset();
    if (known->experiment) return fails(Outcome::duplicate, "its tree is known");
    report.commit = object_named(3, number_of(*report.tree), assignment.token.value());
  }
  const bool measured = work_for(life, plan_.attempt / 2, cancel);
  if (!measured) {
    report.tree.reset();
    report.commit.reset();
    return;
  }
  if (assignment.kind != TaskKind::baseline && random.chance(plan_.fails)) {
    fails(Outcome::guard_failed, "the guard failed");
  } else {
    measure(assignment, report);
  }
  if (is_given) return;
  const Commit commit{
      .tree = *report.tree,
      .parent = assignment.parent_commit,
      .merged = assignment.kind == TaskKind::merge ? assignment.merge->commit : ObjectId()};
  const std::size_t padding = random.chance(plan_.large_packs) ? 600'000 : random.below(200);
  result.pack = to_pack({{.id = *report.commit, .commit = commit}}, padding);
  life.commits.insert(*report.commit);
}

Result<worker::SpooledReport> SimulatedWorker::attempt(Life& life, std::uint32_t slot,
                                                       const Assignment& assignment,
                                                       const CancelToken& cancel) {
  world_.note("{} begins task {} {}", life.process->name(), assignment.task.value(),
              assignment.token.value());
  worker::SpooledReport result = worker::returned(assignment, "cancelled");
  result.report.host_class = kHostClass;
  world_.require(truth_.emplace(assignment.token, Attempted{.report = result.report}).second,
                 "I2: a lease is attempted twice");
  if (const auto fetched = fetch(life, slot, assignment, cancel); !fetched) {
    if (cancel.cancelled()) return result;
    return tl::unexpected(fetched.error());
  }
  if (!good_ && world_.random.chance(plan_.poison)) {
    world_.note("task {} kills its worker", assignment.task.value());
    life.process->die();
  }
  if (!good_ && world_.random.chance(plan_.broken)) {
    return fail(ErrorCode::unavailable, "the sandbox does not start");
  }
  fill(life, assignment, cancel, result);
  truth_.at(assignment.token).report = result.report;
  world_.note("{} ends task {} {}: {}", life.process->name(), assignment.task.value(),
              assignment.token.value(), static_cast<int>(result.report.outcome));
  return result;
}

}  // namespace swarmlab::simulation
