// How often a lab with two noisy metrics keeps what is no better, and finds what is, through the
// real core. Prints Markdown.
//   frontiers [CANDIDATES] [SEED]
#include <fmt/format.h>

#include <cstdlib>
#include <random>

#include "coordinator/swarm/command.h"

namespace {

using namespace swarmlab;
using namespace swarmlab::swarm;

struct Truth {
  double first = 0.0;  // of both, more is better
  double second = 0.0;
};

enum class Tails { normal, heavy };

ObjectId object(std::uint64_t number, std::uint8_t kind) {
  ObjectId id;
  id.bytes[0] = kind;
  for (std::size_t i = 0; i < 8; ++i) {
    id.bytes[i + 1] = static_cast<std::uint8_t>(number >> (8U * i));
  }
  return id;
}

// One lab and one worker, without time or failures.
class Run {
 public:
  Run(std::uint64_t seed, Tails tails) : random_(seed), tails_(tails) {
    LabSettings settings;
    settings.name = "two";
    settings.stop.max_iterations = 0;
    settings.stop.max_time = Milliseconds(0);
    settings.stop.plateau_threshold = 0;
    settings.search.merge = false;
    settings.metric.direction = Direction::maximize;
    settings.metric.worst = -1000.0;
    settings.more_metrics.push_back(settings.metric);
    settings.more_metrics.front().name = "second";
    Segment segment;
    segment.lab_commit = object(1, 1);
    segment.evaluator_hash = object(2, 1);
    tell(OpenLab{.settings = settings, .segment = segment, .who = "bench"});
    Worker worker;
    worker.name = WorkerName("w");
    worker.slots = 1;
    worker.measures = true;
    tell(WorkerArrived{.worker = worker, .session = SessionId(1), .held = {}});
    report({}, 3);
  }

  /// Whether it is kept.
  bool judge(const Truth& truth) {
    truths_.push_back(truth);
    while (true) {
      const auto verdict = report(truth, 1);
      if (verdict) return *verdict == Verdict::keep;
    }
  }
  [[nodiscard]] std::uint64_t runs() const { return runs_; }
  [[nodiscard]] Truth any_member() {
    const auto& members = state_.index.labs.begin()->second.front.members;
    auto at = members.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(random_() % members.size()));
    return true_of(at->first);
  }
  [[nodiscard]] std::size_t members() const {
    return state_.index.labs.begin()->second.front.members.size();
  }

 private:
  Reply tell(const Command& command) {
    Decision decision = decide(state_, rules_, command, Timestamp(Milliseconds(1000)));
    for (const Change& change : decision.changes) evolve(state_, change);
    return decision.reply;
  }

  [[nodiscard]] Truth true_of(ExperimentNumber number) const {
    return number == ExperimentNumber(1) ? Truth{} : truths_.at(number.value() - 2);
  }

  double noise() { return tails_ == Tails::normal ? normal_(random_) : student_(random_) / 1.732; }

  Measurement measured(const Truth& truth, const ObjectId& tree) {
    Measurement run;
    run.identity.evaluator = object(2, 1);
    run.identity.tree = tree;
    run.score = truth.first + noise();
    run.metrics = {{"second", truth.second + noise()}};
    ++runs_;
    return run;
  }

  // The next task: the candidate's first run, the baseline's, or a pair.
  std::optional<Verdict> report(const Truth& truth, std::uint32_t repeats) {
    const Reply reply = tell(WorkAsked{.worker = WorkerName("w"), .session = SessionId(1)});
    const Task task = state_.tasks.at(std::get<Granted>(reply).task);
    Report done;
    done.task = task.id;
    done.token = task.lease->token;
    done.lab = task.lab;
    done.experiment = task.experiment;
    done.outcome = Outcome::measured;
    const ObjectId tree = object(task.experiment.value(), 2);
    done.measurement = measured(truth, tree);
    if (task.pending) {
      done.more.push_back(measured(true_of(task.pending->reference), object(0, 3)));
    } else {
      done.tree = tree;
      done.commit = object(task.experiment.value(), 4);
      for (std::uint32_t i = 1; i < repeats; ++i) done.more.push_back(measured(truth, tree));
    }
    const Reply counted =
        tell(ReportArrived{.worker = WorkerName("w"), .report = done, .decided = {}});
    const auto& answer = std::get<ReportCounted>(counted);
    return answer.decided ? std::optional(answer.verdict) : std::nullopt;
  }

  State state_;
  Rules rules_;
  std::mt19937_64 random_;
  std::normal_distribution<double> normal_;
  std::student_t_distribution<double> student_{3.0};
  Tails tails_;
  std::vector<Truth> truths_;  // of experiments from 2 on
  std::uint64_t runs_ = 0;
};

struct Row {
  double kept = 0.0;
  double runs = 0.0;
};

// Candidates that are as good as a kept one, but for `better` in the first metric and less in the
// second. Labs of 100, as what is kept changes the frontier.
Row measure(std::size_t members, double better, double worse, Tails tails, std::uint64_t candidates,
            std::uint64_t seed) {
  constexpr std::uint64_t kPerLab = 100;
  Row row;
  std::uint64_t count = 0;
  for (std::uint64_t lab = 0; count < candidates; ++lab) {
    Run run(seed + lab, tails);
    // Trades that are far from each other.
    for (int step = 1; run.members() < members; ++step) run.judge({20.0 * step, -20.0 * step});
    const std::uint64_t before = run.runs();
    std::uint64_t done = 0;
    while (done < kPerLab && count < candidates) {
      const Truth base = run.any_member();
      const bool kept = run.judge({base.first + better, base.second - worse});
      row.kept += kept ? 1.0 : 0.0;
      ++done;
      ++count;
      if (kept && better > 0.0) break;  // the next one would be compared with this one
    }
    row.runs += static_cast<double>(run.runs() - before);
  }
  row.kept /= static_cast<double>(count);
  row.runs /= static_cast<double>(count);
  return row;
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t candidates = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 4000;
  const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  fmt::print(
      "| frontier | tails | false keeps | of 1 sd worse in one | power: 2 sd better, 2 sd worse | "
      "3 "
      "sd, 3 sd | 5 sd, 5 sd | runs a null |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n");
  for (const std::size_t members : {1U, 4U, 8U}) {
    for (const Tails tails : {Tails::normal, Tails::heavy}) {
      const auto row = [&](double better, double worse) {
        return measure(members, better, worse, tails, candidates, seed);
      };
      const Row null = row(0, 0);
      fmt::print("| {} | {} | {:.2f} % | {:.2f} % | {:.1f} % | {:.1f} % | {:.1f} % | {:.2f} |\n",
                 members, tails == Tails::normal ? "normal" : "heavy", 100 * null.kept,
                 100 * row(0, 1).kept, 100 * row(2, 2).kept, 100 * row(3, 3).kept,
                 100 * row(5, 5).kept, null.runs);
    }
  }
  return 0;
}
