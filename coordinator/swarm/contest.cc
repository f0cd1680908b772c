#include "coordinator/swarm/contest.h"

#include <algorithm>

#include "common/result.h"
#include "coordinator/judge/judge.h"
#include "coordinator/judge/metrics.h"
#include "coordinator/judge/pareto.h"
#include "coordinator/swarm/front.h"

namespace swarmlab::swarm {
namespace {

using judge::Aspect;
using judge::Look;

const judge::Learned& learned_of(const Lab& lab, const Metric& metric) {
  static const judge::Learned kNothing{};
  if (&metric == &lab.settings.metric) return lab.learned;
  const auto known = lab.learned_others.find(metric.name);
  return known == lab.learned_others.end() ? kNothing : known->second;
}

// A candidate in one metric: its runs as if that were the score, and what it is worth by them.
struct Lane {
  const Metric& metric;
  const judge::Learned& learned;
  Experiment runs;
  double value = 0.0;
  bool comparable = true;
};

double mean_at_home(const std::vector<judge::Pair>& pairs, const judge::Learned& learned) {
  double sum = 0.0;
  for (const judge::Pair& pair : pairs) {
    sum += judge::at_home(pair.candidate.score, pair.candidate.identity.host_class, learned);
  }
  return sum / static_cast<double>(pairs.size());
}

class Contest {
 public:
  Contest(const State& state, const Lab& lab, const Experiment& so_far)
      : lab_(lab),
        front_(state.index.labs.at(lab.id).front),
        so_far_(so_far),
        rules_{.confidence = lab.settings.metric.confidence,
               .max_repeats = lab.settings.metric.max_repeats} {
    add_lane(lab.settings.metric, so_far.measurements);
    for (const Metric& metric : lab.settings.more_metrics) {
      auto runs = judge::scored_by(so_far.measurements, metric.name);
      SWARMLAB_ASSERT(runs.has_value());
      add_lane(metric, *std::move(runs));
    }
  }

  Ruling rule(const std::optional<Pending>& pending) {
    if (std::string beyond = beyond_the_worst(); !beyond.empty()) {
      return discard(std::move(beyond));
    }
    if (pending) {
      passed_ = pending->passed;
      series_ = pending->series;
      if (auto ruling = compare(pending->reference)) return *std::move(ruling);
      passed_.push_back(pending->reference);
    }
    return meet_the_next();
  }

 private:
  void add_lane(const Metric& metric, std::vector<Measurement> runs) {
    Lane lane{.metric = metric, .learned = learned_of(lab_, metric), .runs = {}};
    lane.runs.measurements = std::move(runs);
    const std::vector<judge::Pair> pairs = pairs_of(lane.runs, 1);
    const std::string& host_class = lane.runs.measurements.front().identity.host_class;
    lane.value = pairs.empty() ? judge::at_home(lane.runs.measurements.front().score, host_class,
                                                lane.learned)
                               : mean_at_home(pairs, lane.learned);
    lane.comparable = !pairs.empty() || judge::is_comparable(host_class, lane.learned);
    lanes_.push_back(std::move(lane));
  }

  [[nodiscard]] std::string beyond_the_worst() const {
    const std::vector<double> worst = worst_values(lab_);
    for (std::size_t i = 0; i < worst.size(); ++i) {
      if (judge::is_better(lanes_[i].metric.direction, worst[i], lanes_[i].value)) {
        return fmt::format("{} is {:.6g}, worse than {:.6g}: that far nothing is traded",
                           lanes_[i].metric.name, lanes_[i].value, worst[i]);
      }
    }
    return {};
  }

  // Beside a kept one; with the pairs of the current series if `paired`.
  [[nodiscard]] std::vector<Aspect> beside(const FrontierEntry& kept, bool paired) const {
    std::vector<Aspect> aspects;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      const Lane& lane = lanes_[i];
      Aspect& aspect =
          aspects.emplace_back(Aspect{.metric = lane.metric,
                                      .learned = lane.learned,
                                      .own = lane.value,
                                      .reference = i == 0 ? kept.score : kept.others[i - 1],
                                      .comparable = lane.comparable});
      if (!paired) continue;
      for (const judge::Pair& pair : pairs_of(lane.runs, series_)) {
        aspect.gains.push_back(
            judge::gain_of(pair, lane.metric.direction, aspect.reference, lane.learned.home));
      }
    }
    return aspects;
  }

  [[nodiscard]] bool is_any_noisy() const {
    return std::ranges::any_of(lanes_, [&](const Lane& lane) {
      return judge::is_noisy({.metric = lane.metric, .learned = lane.learned}, rules_);
    });
  }

  // With the reference of the pairs. Nothing: it is passed.
  std::optional<Ruling> compare(ExperimentNumber number) {
    const FrontierEntry& kept = lab_.frontier.at(number);
    const std::vector<Aspect> aspects = beside(kept, true);
    found_ = judge::look_at(aspects, rules_);
    reference_ = &kept;
    const std::size_t pairs = aspects.front().gains.size();
    if (found_.look == Look::better || judge::is_better_for_sure(aspects, rules_)) {
      if (pairs < std::min<std::size_t>(2, rules_.max_repeats - 1)) return again(number);
      return std::nullopt;
    }
    if (found_.look == Look::open) return again(number);
    return discard(fmt::format("not shown to be better than #{} in any metric: {}", number.value(),
                               best_finding()));
  }

  [[nodiscard]] std::string best_finding() const {
    const judge::Finding& best = found_.findings[found_.best];
    return fmt::format("{} {:+.3g}, {:.4g} % sure", lanes_[found_.best].metric.name, best.gain,
                       100.0 * best.confidence);
  }

  // Of those that could dominate it and were not passed, the one that it is least clear of.
  Ruling meet_the_next() {
    const FrontierEntry* nearest = nullptr;
    double advantage = 0.0;
    for (const auto& [number, member] : front_.members) {
      if (std::ranges::find(passed_, number) != passed_.end()) continue;
      const FrontierEntry& kept = lab_.frontier.at(number);
      const judge::Sight sight = judge::at_first_sight(beside(kept, false), rules_);
      if (sight.passes) continue;
      if (nearest == nullptr || sight.advantage < advantage) {
        nearest = &kept;
        advantage = sight.advantage;
      }
    }
    const bool may_repeat = is_any_noisy() && rules_.max_repeats >= 2;
    if (nearest == nullptr) {
      // What is kept is not taken at the word of one run.
      const bool once = so_far_.measurements.size() < 2;
      return may_repeat && once ? measure_beside(lab_.best->number, "looks not dominated") : keep();
    }
    if (!(advantage > 0.0)) {
      return discard(fmt::format("no better than #{} in any metric: {}", nearest->number.value(),
                                 values_text(*nearest)));
    }
    if (!may_repeat || passed_.size() >= judge::kMostReferences) {
      return discard(
          fmt::format("not clear of #{}: {}", nearest->number.value(), values_text(*nearest)));
    }
    return measure_beside(nearest->number,
                          fmt::format("looks not dominated by #{}: {}", nearest->number.value(),
                                      values_text(*nearest)));
  }

  // "loss 0.5 (0.4), size 120 (100)": its own, and in brackets the other's.
  [[nodiscard]] std::string values_text(const FrontierEntry& kept) const {
    std::string text;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      text += fmt::format("{}{} {:.6g} ({:.6g})", i == 0 ? "" : ", ", lanes_[i].metric.name,
                          lanes_[i].value, i == 0 ? kept.score : kept.others[i - 1]);
    }
    return text;
  }

  Ruling ruling(std::optional<Verdict> verdict, std::string reason) {
    Ruling ruling{.verdict = verdict, .reason = std::move(reason)};
    const bool kept = verdict == Verdict::keep;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      const double worth = kept ? lanes_[i].value - luck(i) : lanes_[i].value;
      if (i > 0) ruling.others.push_back(worth);
      if (i == 0 && worth != so_far_.measurements.front().score) ruling.score = worth;
    }
    if (reference_ == nullptr) return ruling;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      const judge::Finding& found = found_.findings[i];
      Evidence evidence{
          .reference = reference_->number,
          .reference_score = i == 0 ? reference_->score : reference_->others[i - 1],
          .pairs = static_cast<std::uint32_t>((so_far_.measurements.size() - series_) / 2),
          .gain = found.gain,
          .low = found.low,
          .high = found.high,
          .confidence = found.confidence,
          .metric = i == 0 ? std::string() : lanes_[i].metric.name};
      if (i == 0) {
        ruling.evidence = std::move(evidence);
      } else {
        ruling.other_evidence.push_back(std::move(evidence));
      }
    }
    return ruling;
  }

  // What chance has added to a value that was looked at for being good: half of it fell to the
  // candidate's runs, the other half to the reference's.
  [[nodiscard]] double luck(std::size_t metric) const {
    if (reference_ == nullptr) return 0.0;
    const judge::Finding& found = found_.findings[metric];
    if (found.gain <= 0.0) return 0.0;
    const double half = (found.gain - judge::shrunken(found.gain, found.error)) / 2.0;
    return lanes_[metric].metric.direction == Direction::maximize ? half : -half;
  }

  Ruling discard(std::string reason) { return ruling(Verdict::discard, std::move(reason)); }

  Ruling again(ExperimentNumber number) {
    Ruling open = ruling(std::nullopt,
                         best_finding() + fmt::format(" over #{}: measured again", number.value()));
    open.against = {.reference = number, .series = series_, .passed = passed_};
    return open;
  }

  Ruling measure_beside(ExperimentNumber number, std::string reason) {
    Ruling open = ruling(std::nullopt, reason + ", measured again beside it");
    open.against = {.reference = number,
                    .series = static_cast<std::uint32_t>(so_far_.measurements.size()),
                    .passed = passed_};
    return open;
  }

  Ruling keep() {
    std::string reason = "not dominated by any that is kept";
    if (reference_ != nullptr) {
      reason += fmt::format(": {} over #{}", best_finding(), reference_->number.value());
    }
    Ruling kept = ruling(Verdict::keep, std::move(reason));
    const Aspect primary = beside(*lab_.best, false).front();
    const double score = kept.score.value_or(so_far_.measurements.front().score);
    if (!judge::is_better(primary.metric.direction, score, lab_.best->score)) return kept;
    if (!judge::is_noisy(primary, rules_) || rules_.max_repeats < 2) {
      kept.becomes_best = judge::at_first_sight({&primary, 1}, rules_).passes;
      return kept;
    }
    const bool is_shown = reference_ != nullptr && reference_->number == lab_.best->number &&
                          found_.findings.front().look == Look::better;
    if (is_shown) {
      kept.becomes_best = true;
      return kept;
    }
    // Kept it is; whether it is the best in the primary metric takes pairs with that one.
    kept.reason += fmt::format("; measured again beside #{}, the best", lab_.best->number.value());
    kept.verdict.reset();
    kept.against = {.reference = lab_.best->number,
                    .series = static_cast<std::uint32_t>(so_far_.measurements.size()),
                    .kept = true,
                    .passed = passed_};
    return kept;
  }

  const Lab& lab_;
  const policy::Front& front_;
  const Experiment& so_far_;
  judge::Rules rules_;
  std::vector<Lane> lanes_;
  std::vector<ExperimentNumber> passed_;
  std::uint32_t series_ = 1;
  judge::Outlook found_;                      // of the current series
  const FrontierEntry* reference_ = nullptr;  // of the current series
};

}  // namespace

Ruling rule_on_several(const State& state, const Lab& lab, const Task& task,
                       const Experiment& so_far) {
  return Contest(state, lab, so_far).rule(task.pending);
}

}  // namespace swarmlab::swarm
