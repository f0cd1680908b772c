#include "coordinator/swarm/climb.h"

#include <algorithm>
#include <cmath>

#include "common/result.h"
#include "coordinator/swarm/climbs.h"
#include "coordinator/swarm/find.h"

namespace swarmlab::swarm {
namespace {

using ladder::Climb;
using ladder::Ranking;
using ladder::Rung;

const Rung& rung_of(const Lab& lab, std::uint32_t scale) {
  SWARMLAB_ASSERT(scale >= 1 && scale <= lab.rungs.size());
  return lab.rungs[scale - 1];
}

const Scale& scale_of(const Lab& lab, std::uint32_t scale) {
  return lab.settings.scales.at(scale);
}

const Ranking& ranking_below(const State& state, const Lab& lab, std::uint32_t scale) {
  return state.index.labs.at(lab.id).rankings.at(scale - 1);
}

// Whom a candidate has to beat on the scale below, where a margin decides: who is the champion of
// this scale, or the baseline as long as there is none.
double to_beat(const Lab& lab, std::uint32_t scale) {
  const ExperimentNumber who = rung_of(lab, scale).champion.value_or(lab.segment.baseline);
  const ExperimentNumber there = score_at(lab, who, scale - 1) ? who : lab.segment.baseline;
  return score_at(lab, there, scale - 1).value_or(0.0);
}

bool beats_by_margin(const State& state, const Lab& lab, std::uint32_t scale,
                     ExperimentNumber number) {
  const Improvement& margin = scale_of(lab, scale).promotion.margin;
  const double score = to_beat(lab, scale);
  const double least = margin.relative ? margin.amount * std::abs(score) : margin.amount;
  const double bound = ranking_below(state, lab, scale).bound_of(number);
  return bound > ladder::pessimistic(lab.settings.metric.direction, score, 0.0) + least;
}

// For people: why it climbs.
std::string why_due(const State& state, const Lab& lab, std::uint32_t scale) {
  const Promotion& rule = scale_of(lab, scale).promotion;
  const std::uint64_t entrants = ranking_below(state, lab, scale).entrants();
  const std::string& below = scale_of(lab, scale - 1).name;
  if (rule.fraction == 0.0) {
    return fmt::format("ahead at {} by the margin, the worst that noise allows taken", below);
  }
  return fmt::format("in the top {:.4g} % of {} at {}, the worst that noise allows taken",
                     100.0 * rule.fraction, entrants, below);
}

// The candidate's or the baseline's, at a scale.
void begin(Draft& draft, const Lab& lab, ExperimentNumber number, std::uint32_t scale,
           std::string why) {
  draft.begin_check({.task = {},
                     .lab = lab.id,
                     .kind = TaskKind::promote,
                     .experiment = number,
                     .segment = lab.segment.number,
                     .scale = scale,
                     .commit = lab.frontier.at(number).commit,
                     .why = std::move(why),
                     .at = {}});
}

void begin_promoted(Draft& draft, const Lab& lab, std::uint32_t scale,
                    const std::set<ExperimentNumber>& promoted) {
  const Rung& rung = rung_of(lab, scale);
  if (promoted.empty() || !rung.closed.empty()) return;
  const ExperimentNumber baseline = lab.segment.baseline;
  const auto known = rung.climbs.find(baseline);
  // One that failed is tried again: what closed the scale for it was changed.
  const bool was_tried =
      known != rung.climbs.end() && known->second.standing != ladder::Standing::failed;
  if (!was_tried) {
    return begin(draft, lab, baseline, scale, "the baseline comes first at each scale");
  }
  if (known->second.standing == ladder::Standing::running) return;
  for (const ExperimentNumber number : promoted) {
    const auto climb = rung.climbs.find(number);
    begin(draft, lab, number, scale,
          climb == rung.climbs.end() ? std::string("promoted") : climb->second.reason);
  }
}

void climb_to(Draft& draft, const State& state, const Lab& lab, std::uint32_t scale,
              Timestamp now) {
  std::set<ExperimentNumber> promoted = rung_of(lab, scale).promoted;
  if (const auto next = due(state, lab, scale)) {
    std::string why = why_due(state, lab, scale);
    if (scale_of(lab, scale).promotion.approve) {
      draft.add(PromotionProposed{
          .lab = lab.id, .experiment = *next, .scale = scale, .why = std::move(why), .at = now});
    } else {
      draft.add(Promoted{.lab = lab.id,
                         .experiment = *next,
                         .scale = scale,
                         .why = std::move(why),
                         .who = kCoordinator,
                         .at = now});
    }
  }
  begin_promoted(draft, lab, scale, promoted);
}

}  // namespace

std::optional<double> score_at(const Lab& lab, ExperimentNumber number, std::uint32_t scale) {
  if (scale == 0) {
    const auto entry = lab.frontier.find(number);
    return entry == lab.frontier.end() ? std::nullopt : std::optional(entry->second.score);
  }
  const auto& climbs = rung_of(lab, scale).climbs;
  const auto climb = climbs.find(number);
  if (climb == climbs.end() || !climb->second.has_score()) return std::nullopt;
  return climb->second.score;
}

std::string why_closed(const Lab& lab, std::uint32_t scale) {
  const Rung& rung = rung_of(lab, scale);
  const Scale& settings = scale_of(lab, scale);
  if (!rung.closed.empty()) return rung.closed;
  const std::uint64_t begun = rung.begun + rung.promoted.size();
  if (settings.max_experiments != 0 && begun >= settings.max_experiments) {
    return fmt::format("{} of {} experiments of this scale are measured or under way", begun,
                       settings.max_experiments);
  }
  if (settings.max_time.count() != 0 && rung.spent >= settings.max_time) {
    return fmt::format("{:.3g} of {:.3g} hours of measuring at this scale are over",
                       static_cast<double>(rung.spent.count()) / 3.6e6,
                       static_cast<double>(settings.max_time.count()) / 3.6e6);
  }
  return {};
}

std::optional<ExperimentNumber> due(const State& state, const Lab& lab, std::uint32_t scale) {
  const Promotion& rule = scale_of(lab, scale).promotion;
  const Ranking& ranking = ranking_below(state, lab, scale);
  if (ranking.entrants() < ladder::floor_of(rule)) return std::nullopt;
  const auto next = ranking.next();
  if (!next || !why_closed(lab, scale).empty()) return std::nullopt;
  if (rule.fraction == 0.0 && !beats_by_margin(state, lab, scale, *next)) return std::nullopt;
  return next;
}

bool has_more_to_climb(const State& state, const Lab& lab) {
  const Index::OfLab& open = state.index.labs.at(lab.id);
  if (open.leased_checks > 0 || !open.checks.empty()) return true;
  for (std::uint32_t scale = 1; scale <= lab.rungs.size(); ++scale) {
    const Rung& rung = rung_of(lab, scale);
    if (rung.closed.empty() && !rung.promoted.empty()) return true;
    if (!scale_of(lab, scale).promotion.approve && due(state, lab, scale)) return true;
  }
  return false;
}

void climb(Draft& draft, const State& state, const Lab& lab, Timestamp now) {
  if (lab.status != LabStatus::running || !lab.segment.baseline_measured) return;
  for (auto scale = static_cast<std::uint32_t>(lab.rungs.size()); scale >= 1; --scale) {
    climb_to(draft, state, lab, scale, now);
  }
}

std::optional<LabChampion> champion_of(const Lab& lab) {
  for (auto scale = static_cast<std::uint32_t>(lab.rungs.size()); scale >= 1; --scale) {
    const Rung& rung = rung_of(lab, scale);
    const bool is_reached = std::ranges::any_of(rung.climbs, [&](const auto& one) {
      return one.first != lab.segment.baseline && one.second.has_score() &&
             one.second.standing != ladder::Standing::rejected;
    });
    if (!is_reached || !rung.champion) continue;
    const auto entry = lab.frontier.find(*rung.champion);
    if (entry == lab.frontier.end()) continue;
    return LabChampion{.number = *rung.champion,
                       .scale = scale,
                       .score = rung.climbs.at(*rung.champion).score,
                       .commit = entry->second.commit};
  }
  return std::nullopt;
}

}  // namespace swarmlab::swarm
