#include "coordinator/server/ladder_view.h"

#include <algorithm>
#include <array>

#include "common/model/names.h"
#include "common/result.h"
#include "common/wire/json_codec.h"
#include "common/wire/lab_codec.h"
#include "coordinator/ladder/correlation.h"
#include "coordinator/ladder/overfit.h"
#include "coordinator/swarm/climb.h"

namespace swarmlab::server {
namespace {

using ladder::Climb;
using ladder::Rung;

std::uint32_t count(std::uint64_t value) {
  constexpr std::uint64_t kMost = 0xffffffffU;
  return static_cast<std::uint32_t>(std::min(value, kMost));
}

std::uint32_t number(ExperimentNumber number) {
  return count(number.value());
}

std::uint32_t last_scale(const swarm::Lab& lab) {
  return static_cast<std::uint32_t>(lab.rungs.size());
}

const Rung& rung_of(const swarm::Lab& lab, std::uint32_t scale) {
  return lab.rungs.at(scale - 1);
}

ladder::Correlation correlation_with_below(const swarm::Lab& lab, std::uint32_t scale) {
  std::vector<ladder::Scores> scores;
  for (const auto& [candidate, climb] : rung_of(lab, scale).climbs) {
    const auto below = swarm::score_at(lab, candidate, scale - 1);
    if (climb.standing == ladder::Standing::rejected) continue;
    if (climb.has_score() && below) scores.push_back({.smaller = *below, .larger = climb.score});
  }
  return ladder::correlation_of(scores);
}

std::string warning_of(const swarm::Lab& lab, std::uint32_t scale) {
  return ladder::warning_of(correlation_with_below(lab, scale),
                            lab.settings.scales.at(scale - 1).name,
                            lab.settings.scales.at(scale).name);
}

ladder::Gap gap_of(const swarm::Lab& lab) {
  std::vector<ladder::OnHoldout> kept;
  for (const auto& [candidate, climb] : lab.holdout) {
    const auto score = swarm::score_at(lab, candidate, 0);
    if (climb.has_score() && score) kept.push_back({.score = *score, .holdout = climb.score});
  }
  return ladder::gap_of(lab.settings.metric.direction, kept);
}

std::string rule_text(const Promotion& rule) {
  std::string text = rule.fraction > 0.0 ? fmt::format("top {:.4g} %", 100.0 * rule.fraction)
                     : rule.margin.relative
                         ? fmt::format("ahead by {:.4g} %", 100.0 * rule.margin.amount)
                         : fmt::format("ahead by {:.4g}", rule.margin.amount);
  return rule.approve ? text + ", if a person says so" : text;
}

// Of the scale above, as they stand there; less the baseline.
std::uint64_t climbed(const swarm::Lab& lab, std::uint32_t scale) {
  if (scale >= last_scale(lab)) return 0;
  return static_cast<std::uint64_t>(
      std::ranges::count_if(rung_of(lab, scale + 1).climbs, [&](const auto& one) {
        return one.first != lab.segment.baseline &&
               one.second.standing != ladder::Standing::proposed &&
               one.second.standing != ladder::Standing::rejected;
      }));
}

void write_score(schema::RungView::Builder to, double score, double doubt) {
  wire::write(to.initScore(), score);
  wire::write(to.initLow(), score - doubt);
  wire::write(to.initHigh(), score + doubt);
}

void write_first(schema::RungView::Builder to, const swarm::Lab& lab) {
  const std::uint64_t kept = lab.frontier.size();
  const std::uint64_t entrants = lab.segment.baseline_measured && kept > 0 ? kept - 1 : 0;
  to.setEntrants(count(entrants));
  to.setMeasured(count(entrants));
  if (lab.best) {
    wire::write(to.initChampion(), number(lab.best->number));
    write_score(to, lab.best->score, lab.best->doubt);
  }
  if (const auto score = swarm::score_at(lab, lab.segment.baseline, 0)) {
    wire::write(to.initBaseline(), *score);
  }
}

void write_counts(schema::RungView::Builder to, const swarm::Lab& lab, const Rung& rung) {
  std::array<std::uint64_t, 7> by_standing{};
  std::vector<ExperimentNumber> proposed;
  std::uint64_t measured = 0;
  for (const auto& [candidate, climb] : rung.climbs) {
    if (candidate == lab.segment.baseline) continue;
    by_standing.at(static_cast<std::size_t>(climb.standing)) += 1;
    if (climb.has_score()) ++measured;
    if (climb.standing == ladder::Standing::proposed) proposed.push_back(candidate);
  }
  const auto of = [&](ladder::Standing standing) {
    return count(by_standing.at(static_cast<std::size_t>(standing)));
  };
  using ladder::Standing;
  to.setEntrants(of(Standing::promoted) + of(Standing::running) + of(Standing::measured) +
                 of(Standing::demoted) + of(Standing::failed));
  to.setWaiting(of(Standing::promoted));
  to.setRunning(of(Standing::running));
  to.setMeasured(count(measured));
  to.setDemoted(of(Standing::demoted));
  auto waiting = to.initProposed(count(proposed.size()));
  for (unsigned i = 0; i < proposed.size(); ++i) waiting.set(i, number(proposed[i]));
}

void write_above(schema::RungView::Builder to, const swarm::Lab& lab, std::uint32_t scale) {
  const Rung& rung = rung_of(lab, scale);
  const Scale& settings = lab.settings.scales.at(scale);
  write_counts(to, lab, rung);
  if (rung.champion) {
    const Climb& champion = rung.climbs.at(*rung.champion);
    wire::write(to.initChampion(), number(*rung.champion));
    write_score(to, champion.score, champion.doubt);
  }
  if (const auto score = swarm::score_at(lab, lab.segment.baseline, scale)) {
    wire::write(to.initBaseline(), *score);
  }
  to.setRule(rule_text(settings.promotion).c_str());
  to.setFloor(count(ladder::floor_of(settings.promotion)));
  to.setBegun(count(rung.begun));
  to.setMaxExperiments(count(settings.max_experiments));
  to.setSpentMs(static_cast<double>(rung.spent.count()));
  to.setMaxMs(static_cast<double>(settings.max_time.count()));
  to.setClosed(swarm::why_closed(lab, scale).c_str());
  const ladder::Correlation found = correlation_with_below(lab, scale);
  to.setPairs(found.pairs);
  wire::write(to.initCorrelation(), found.value);
  wire::write(to.initCorrelationLow(), found.low);
  wire::write(to.initCorrelationHigh(), found.high);
  to.setWarning(warning_of(lab, scale).c_str());
}

void write_climb(schema::ClimbView::Builder to, const Climb& climb) {
  to.setStanding(std::string(name_of(climb.standing)).c_str());
  if (climb.has_score()) {
    wire::write(to.initScore(), climb.score);
    wire::write(to.initLow(), climb.score - climb.doubt);
    wire::write(to.initHigh(), climb.score + climb.doubt);
  }
  to.setReason(climb.reason.c_str());
  to.setWho(climb.who.c_str());
  wire::write(to.initAt(), climb.at);
  to.setRuns(count(climb.measurements.size()));
}

std::string scales_in_a_line(const swarm::Lab& lab) {
  std::string text;
  for (std::uint32_t scale = 0; scale <= last_scale(lab); ++scale) {
    const std::string& name = lab.settings.scales.at(scale).name;
    std::uint64_t measured = lab.frontier.empty() ? 0 : lab.frontier.size() - 1;
    if (scale > 0) {
      measured = static_cast<std::uint64_t>(
          std::ranges::count_if(rung_of(lab, scale).climbs, [&](const auto& one) {
            return one.first != lab.segment.baseline && one.second.has_score();
          }));
    }
    text += fmt::format("{}{} {}", text.empty() ? "" : " > ", name, measured);
  }
  return text;
}

}  // namespace

void write_view(schema::LadderView::Builder to, const swarm::State& /*state*/,
                const swarm::Lab& lab) {
  to.setLab(lab.settings.name.c_str());
  to.setMetric(lab.settings.metric.name.c_str());
  to.setDirection(std::string(swarmlab::name_of(lab.settings.metric.direction)).c_str());
  to.setConfidence(ladder::kConfidence);
  auto rungs = to.initRungs(last_scale(lab) + 1);
  for (std::uint32_t scale = 0; scale <= last_scale(lab); ++scale) {
    rungs[scale].setScale(lab.settings.scales.empty() ? lab.settings.scale.c_str()
                                                      : lab.settings.scales.at(scale).name.c_str());
    rungs[scale].setPromoted(count(climbed(lab, scale)));
    if (scale == 0) {
      write_first(rungs[scale], lab);
    } else {
      write_above(rungs[scale], lab, scale);
    }
  }
  if (const auto champion = swarm::champion_of(lab)) {
    wire::write(to.initChampion(), number(champion->number));
    to.setChampionScale(lab.settings.scales.at(champion->scale).name.c_str());
  }
  const ladder::Gap gap = gap_of(lab);
  auto holdout = to.initHoldout();
  holdout.setMeasured(gap.measured);
  holdout.setWaiting(count(static_cast<std::uint64_t>(
      std::ranges::count(lab.holdout, ladder::Standing::running,
                         [](const auto& one) { return one.second.standing; }))));
  wire::write(holdout.initGap(), gap.newest);
  wire::write(holdout.initTrend(), gap.slope);
  holdout.setWarning(ladder::warning_of(gap).c_str());
}

void write_climbs(schema::ExperimentView::Builder to, const swarm::Lab& lab,
                  ExperimentNumber experiment) {
  const auto on_holdout = lab.holdout.find(experiment);
  if (on_holdout != lab.holdout.end() && on_holdout->second.has_score()) {
    wire::write(to.initHoldout(), on_holdout->second.score);
  }
  std::vector<std::pair<std::uint32_t, const Climb*>> climbs;
  for (std::uint32_t scale = 1; scale <= last_scale(lab); ++scale) {
    const auto found = rung_of(lab, scale).climbs.find(experiment);
    if (found != rung_of(lab, scale).climbs.end()) climbs.emplace_back(scale, &found->second);
  }
  auto list = to.initClimbs(count(climbs.size()));
  for (unsigned i = 0; i < climbs.size(); ++i) {
    const auto& [scale, climb] = climbs[i];
    list[i].setScale(lab.settings.scales.at(scale).name.c_str());
    list[i].setIsChampion(rung_of(lab, scale).champion == experiment);
    write_climb(list[i], *climb);
  }
}

void write_ladder(schema::LabView::Builder to, const swarm::Lab& lab) {
  std::vector<std::string> warnings;
  if (std::string warning = ladder::warning_of(gap_of(lab)); !warning.empty()) {
    warnings.push_back(std::move(warning));
  }
  if (!lab.rungs.empty()) {
    to.setLadder(scales_in_a_line(lab).c_str());
    for (std::uint32_t scale = 1; scale <= last_scale(lab); ++scale) {
      if (std::string warning = warning_of(lab, scale); !warning.empty()) {
        warnings.push_back(std::move(warning));
      }
    }
  }
  if (const auto champion = swarm::champion_of(lab)) {
    wire::write(to.initChampion(), number(champion->number));
    to.setChampionScale(lab.settings.scales.at(champion->scale).name.c_str());
  }
  auto list = to.initWarnings(count(warnings.size()));
  for (unsigned i = 0; i < warnings.size(); ++i) list.set(i, warnings[i].c_str());
}

}  // namespace swarmlab::server
