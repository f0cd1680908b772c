// Two pools that follow the demand, as an autoscaler of a cluster does: machines take a minute to
// start, leave when nothing wanted them for five, and never with a lease. In simulated time.
#include <algorithm>
#include <cmath>
#include <deque>
#include <random>

#include "coordinator/swarm/demand.h"
#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {
namespace {

using std::chrono::seconds;

constexpr seconds kStart{60};       // of a machine, until its worker says hello
constexpr seconds kLook{15};        // how often the autoscaler looks
constexpr seconds kCalm{300};       // it goes by the most that was wanted within
constexpr seconds kSmallTask{120};  // about
constexpr seconds kLargeTask{600};
constexpr std::size_t kMostNodes = 64;

struct Running {
  Task task;
  Timestamp ends;
};

struct Node {
  std::string name;
  Timestamp up;
  bool here = false;
  bool leaving = false;
  std::uint64_t leases = 0;
  std::vector<Running> runs{};
};

// A group of machines that are alike, and what its autoscaler remembers.
struct Group {
  std::string pool;
  std::vector<std::string> labels;
  std::uint32_t slots = 1;
  std::vector<Node> nodes{};
  std::deque<std::pair<Timestamp, std::size_t>> wanted{};  // machines, lately
  int direction = 0;                                       // of the last change
  // What is asked of it.
  std::size_t turns = 0;  // from growing to shrinking, or back
  std::size_t started = 0;
  std::size_t useless = 0;  // left without ever having had a lease
  std::size_t most = 0;
  double idle_slot_hours = 0.0;
  double busy_slot_hours = 0.0;
};

class Cluster {
 public:
  explicit Cluster(std::uint64_t seed) : random_(seed) {
    swarm.rules.pools = {{.name = "cpu", .slots = 2}, {.name = "gpu", .labels = {"h100"}}};
    groups = {{.pool = "cpu", .labels = {"pool=cpu"}, .slots = 2},
              {.pool = "gpu", .labels = {"h100", "pool=gpu"}, .slots = 1}};
  }

  void run_until_stopped(const std::string& lab, seconds most) {
    const Timestamp end = swarm.now + most;
    while (swarm.now < end && !(swarm.lab(lab).status == LabStatus::stopped && is_empty())) step();
  }
  void run_for(seconds time) {
    for (const Timestamp end = swarm.now + time; swarm.now < end;) step();
  }
  [[nodiscard]] bool is_empty() const {
    return std::ranges::all_of(groups, [](const Group& one) { return one.nodes.empty(); });
  }
  [[nodiscard]] std::size_t machines(std::size_t group) const { return groups[group].nodes.size(); }

  SwarmUnderTest swarm;
  std::vector<Group> groups;
  std::optional<Timestamp> first_wait;  // of a promotion
  std::optional<Timestamp> first_lease;
  std::optional<Timestamp> first_measured;
  seconds longest_wait{0};  // of a promotion for its lease

 private:
  void step() {
    swarm.pass(seconds(1));
    swarm.expect<Done>(TimePassed{});
    note_waiting();
    for (Group& group : groups) {
      for (Node& node : group.nodes) work(group, node);
      std::erase_if(group.nodes, [&](const Node& node) { return is_gone(group, node); });
    }
    if (swarm.now.time_since_epoch() % kLook == seconds(0)) follow();
  }

  void note_waiting() {
    for (const auto& [id, task] : swarm.state.tasks) {
      if (task.kind != TaskKind::promote || task.lease) continue;
      if (!first_wait) first_wait = swarm.now;
      waits_.try_emplace(id, swarm.now);
    }
  }

  void work(Group& group, Node& node) {
    if (!node.here && swarm.now >= node.up) arrive(group, node);
    if (!node.here) return;
    report(node);
    while (!node.leaving && node.runs.size() < group.slots && take(node)) {
    }
    group.busy_slot_hours += static_cast<double>(node.runs.size()) / 3600.0;
    group.idle_slot_hours += static_cast<double>(group.slots - node.runs.size()) / 3600.0;
    if (swarm.now.time_since_epoch() % seconds(5) == seconds(0)) beat(node);
  }

  void arrive(const Group& group, Node& node) {
    swarm.arrive(node.name);
    Worker worker = swarm.state.workers.at(WorkerName(node.name));
    worker.slots = group.slots;
    worker.capacity.labels = group.labels;
    swarm.expect<Welcome>(
        WorkerArrived{.worker = worker, .session = swarm.sessions[node.name], .held = {}});
    node.here = true;
  }

  bool take(Node& node) {
    const Reply reply = swarm.ask(node.name);
    const auto* granted = std::get_if<Granted>(&reply);
    if (granted == nullptr) return false;
    const Task task = swarm.state.tasks.at(granted->task);
    const bool large = task.kind == TaskKind::promote;
    if (large && !first_lease) first_lease = swarm.now;
    if (const auto since = waits_.find(task.id); since != waits_.end()) {
      longest_wait =
          std::max(longest_wait, std::chrono::duration_cast<seconds>(swarm.now - since->second));
      waits_.erase(since);
    }
    std::uniform_real_distribution<double> around(0.5, 1.5);
    const double takes = static_cast<double>((large ? kLargeTask : kSmallTask).count());
    node.runs.push_back(
        {.task = task, .ends = swarm.now + seconds(std::lround(takes * around(random_)))});
    node.leases += 1;
    return true;
  }

  // One in eight is better than all before.
  double score() {
    std::uniform_real_distribution<double> chance(0.0, 1.0);
    if (chance(random_) < 0.125)
      best_ *= 0.99;
    else
      return best_ * 1.5;
    return best_;
  }

  void report(Node& node) {
    for (Running& run : node.runs) {
      if (swarm.now < run.ends) continue;
      const bool large = run.task.kind == TaskKind::promote;
      swarm.hand_in(node.name, swarm.scored(run.task, score()));
      if (large && !first_measured) first_measured = swarm.now;
    }
    std::erase_if(node.runs, [&](const Running& run) { return swarm.now >= run.ends; });
  }

  void beat(const Node& node) {
    std::vector<HeldLease> held;
    for (const Running& run : node.runs) {
      held.push_back({.task = run.task.id, .token = run.task.lease->token});
    }
    swarm.tell(Heartbeat{.worker = WorkerName(node.name),
                         .session = swarm.sessions[node.name],
                         .held = std::move(held),
                         .leaving = node.leaving});
  }

  bool is_gone(Group& group, const Node& node) {
    if (!node.leaving || !node.runs.empty()) return false;
    if (node.leases == 0) group.useless += 1;
    if (node.here) {
      swarm.expect<Done>(
          WorkerLeft{.worker = WorkerName(node.name), .session = swarm.sessions[node.name]});
    }
    return true;
  }

  void follow() {
    const auto pools = demand_of(swarm.state, swarm.rules, swarm.now);
    for (Group& group : groups) {
      const auto pool = std::ranges::find(pools, group.pool, &PoolDemand::pool);
      ASSERT_NE(pool, pools.end());
      const std::size_t wanted =
          std::min<std::size_t>(kMostNodes, (pool->wanted + group.slots - 1) / group.slots);
      group.wanted.emplace_back(swarm.now, wanted);
      while (swarm.now - group.wanted.front().first > kCalm) group.wanted.pop_front();
      std::size_t most = 0;
      for (const auto& [at, count] : group.wanted) most = std::max(most, count);
      resize(group, wanted, most);
    }
  }

  // Up at once, down when it was calm: to the most of that time.
  void resize(Group& group, std::size_t wanted, std::size_t calm) {
    std::size_t stay = 0;
    for (const Node& node : group.nodes) stay += node.leaving ? 0U : 1U;
    if (wanted > stay) note_turn(group, 1);
    if (calm < stay) note_turn(group, -1);
    for (; stay < wanted; ++stay) start(group);
    group.most = std::max(group.most, stay);
    // Whoever has least to do goes first, and ends what it has.
    for (; stay > calm; --stay) {
      Node* least = nullptr;
      for (Node& node : group.nodes) {
        if (node.leaving) continue;
        if (least == nullptr || node.runs.size() < least->runs.size()) least = &node;
      }
      least->leaving = true;
      if (least->here) beat(*least);
    }
  }

  static void note_turn(Group& group, int direction) {
    if (group.direction != 0 && group.direction != direction) group.turns += 1;
    group.direction = direction;
  }

  void start(Group& group) {
    group.started += 1;
    group.nodes.push_back(
        {.name = fmt::format("{}-{}", group.pool, group.started), .up = swarm.now + kStart});
  }

  std::mt19937_64 random_;
  std::map<TaskId, Timestamp> waits_;
  double best_ = 100.0;
};

LabSettings two_scales() {
  LabSettings settings = settings_named("lab");
  settings.policy = PolicyKind::ucb;
  settings.search.merge = false;
  settings.stop.max_iterations = 300;
  settings.scale = "small";
  settings.scales = {Scale{.name = "small"}, Scale{.name = "large"}};
  settings.scales[1].needs = Needs{.amount = {}, .labels = {"h100"}};
  settings.scales[1].promotion.fraction = 0.25;
  return settings;
}

constexpr std::size_t kCpu = 0;
constexpr std::size_t kGpu = 1;
constexpr std::uint64_t kSeeds = 10;

TEST(PoolsThatFollowTheDemand, StartFromNothingStarveNothingAndEndWithNothing) {
  seconds to_lease{0};
  seconds to_measured{0};
  seconds longest{0};
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Cluster cluster(seed);
    cluster.swarm.open(two_scales());
    cluster.run_until_stopped("lab", std::chrono::hours(24));
    EXPECT_EQ(cluster.swarm.lab("lab").counters.iterations, 300U);
    EXPECT_TRUE(cluster.is_empty());
    ASSERT_TRUE(cluster.first_wait && cluster.first_lease && cluster.first_measured);
    const auto lease =
        std::chrono::duration_cast<seconds>(*cluster.first_lease - *cluster.first_wait);
    EXPECT_LE(lease, kStart + kLook + seconds(2));
    to_lease = std::max(to_lease, lease);
    to_measured = std::max(to_measured, std::chrono::duration_cast<seconds>(
                                            *cluster.first_measured - *cluster.first_wait));
    longest = std::max(longest, cluster.longest_wait);
  }
  EXPECT_LE(longest, kStart + kLook + seconds(2)) << "of any promotion";
  fmt::print(
      "first promotion: {} s to its lease, {} s to its measurement (of about {} s) at most; "
      "no promotion waited longer than {} s\n",
      to_lease.count(), to_measured.count(), kLargeTask.count(), longest.count());
}

TEST(PoolsThatFollowTheDemand, DoNotFlapAndStartLittleInVain) {
  std::size_t started = 0;
  std::size_t useless = 0;
  std::size_t turns[2] = {0, 0};
  double busy = 0.0;
  double idle = 0.0;
  double hours = 0.0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Cluster cluster(seed);
    const Timestamp begin = cluster.swarm.now;
    cluster.swarm.open(two_scales());
    cluster.run_until_stopped("lab", std::chrono::hours(24));
    hours += std::chrono::duration<double>(cluster.swarm.now - begin).count() / 3600.0;
    for (const std::size_t group : {kCpu, kGpu}) {
      started += cluster.groups[group].started;
      useless += cluster.groups[group].useless;
      busy += cluster.groups[group].busy_slot_hours;
      idle += cluster.groups[group].idle_slot_hours;
      turns[group] += cluster.groups[group].turns;
      EXPECT_LE(cluster.groups[group].turns, 3U) << "it grows, and shrinks when all is done";
    }
  }
  const double per_run = static_cast<double>(kSeeds);
  fmt::print(
      "a run of {:.1f} h: {:.1f} machines started, {:.2f} in vain; turns: {:.1f} cpu, {:.1f} "
      "gpu; {:.0f} % of the slots' time idle\n",
      hours / per_run, static_cast<double>(started) / per_run,
      static_cast<double>(useless) / per_run, static_cast<double>(turns[0]) / per_run,
      static_cast<double>(turns[1]) / per_run, 100.0 * idle / (busy + idle));
  EXPECT_LE(static_cast<double>(useless), 0.1 * static_cast<double>(started));
}

TEST(PoolsThatFollowTheDemand, GoAwayWhenALabIsPausedAndComeBack) {
  Cluster cluster(1);
  LabSettings settings = two_scales();
  settings.stop.max_iterations = 3000;
  cluster.swarm.open(settings);
  cluster.run_for(std::chrono::minutes(10));
  ASSERT_GT(cluster.machines(kCpu), 0U);
  cluster.swarm.expect<LabsSteered>(
      SetLabStatus{.lab = "lab", .wish = SetLabStatus::Wish::pause, .reason = {}, .who = "ann"});
  cluster.run_for(kCalm + 2 * kLargeTask);
  EXPECT_TRUE(cluster.is_empty());
  EXPECT_TRUE(cluster.swarm.state.index.holds.empty()) << "nothing was thrown away";
  cluster.swarm.expect<LabsSteered>(
      SetLabStatus{.lab = "lab", .wish = SetLabStatus::Wish::resume, .reason = {}, .who = "ann"});
  cluster.run_for(kStart + kLook + seconds(2));
  EXPECT_GT(cluster.machines(kCpu), 0U);
  EXPECT_FALSE(cluster.swarm.state.index.holds.empty());
}

}  // namespace
}  // namespace swarmlab::swarm
