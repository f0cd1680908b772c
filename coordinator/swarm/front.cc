#include "coordinator/swarm/front.h"

#include <algorithm>
#include <cmath>

#include "coordinator/judge/metrics.h"

namespace swarmlab::swarm {
namespace {

const FrontierEntry* baseline_of(const Lab& lab) {
  const auto found = lab.frontier.find(lab.segment.baseline);
  const bool is_whole = found != lab.frontier.end() &&
                        found->second.others.size() == lab.settings.more_metrics.size();
  return is_whole ? &found->second : nullptr;
}

// The metric's part of a point: below zero is better than what wins nothing.
double coordinate(const Metric& metric, double value, double baseline) {
  const double worst = judge::worst_of(metric, baseline);
  const double range = std::abs(baseline - worst);
  const double won = metric.direction == Direction::minimize ? value - worst : worst - value;
  return range > 0.0 ? won / range : won;
}

// Whether the set changed.
bool insert(policy::Front& front, const Lab& lab, const FrontierEntry& entry) {
  auto point = point_of(lab, entry.score, entry.others);
  if (!point) return false;
  const auto is_better = [&](const auto& member) {
    return judge::dominates(member.second.point, *point);
  };
  if (std::ranges::any_of(front.members, is_better)) return false;
  std::erase_if(front.members,
                [&](const auto& member) { return judge::dominates(*point, member.second.point); });
  front.members.emplace(entry.number, policy::Front::Member{.point = *std::move(point)});
  return true;
}

// In the order of the numbers, so that it is the same in whatever order they came.
void weigh(policy::Front& front) {
  std::vector<judge::Point> points;
  points.reserve(front.members.size());
  for (const auto& [number, member] : front.members) points.push_back(member.point);
  const std::vector<double> adds = judge::contributions(points);
  std::size_t place = 0;
  for (auto& [number, member] : front.members) member.contribution = adds[place++];
  front.hypervolume = judge::hypervolume(std::move(points));
}

}  // namespace

std::vector<double> worst_values(const Lab& lab) {
  const FrontierEntry* baseline = baseline_of(lab);
  if (baseline == nullptr) return {};
  std::vector<double> worst{judge::worst_of(lab.settings.metric, baseline->score)};
  for (std::size_t i = 0; i < baseline->others.size(); ++i) {
    worst.push_back(judge::worst_of(lab.settings.more_metrics[i], baseline->others[i]));
  }
  return worst;
}

std::optional<judge::Point> point_of(const Lab& lab, double score,
                                     const std::vector<double>& others) {
  const FrontierEntry* baseline = baseline_of(lab);
  if (baseline == nullptr || others.size() != baseline->others.size()) return std::nullopt;
  judge::Point point{coordinate(lab.settings.metric, score, baseline->score)};
  for (std::size_t i = 0; i < others.size(); ++i) {
    point.push_back(coordinate(lab.settings.more_metrics[i], others[i], baseline->others[i]));
  }
  return point;
}

policy::Front front_of(const Lab& lab) {
  policy::Front front;
  if (!has_several_metrics(lab.settings)) return front;
  for (const auto& [number, entry] : lab.frontier) insert(front, lab, entry);
  weigh(front);
  return front;
}

void add_to_front(policy::Front& front, const Lab& lab, const FrontierEntry& entry) {
  if (has_several_metrics(lab.settings) && insert(front, lab, entry)) weigh(front);
}

double hypervolume_with(const policy::Front& front, const Lab& lab, double score,
                        const std::vector<double>& others) {
  const auto point = point_of(lab, score, others);
  if (!point) return front.hypervolume;
  std::vector<judge::Point> points;
  points.reserve(front.members.size() + 1);
  for (const auto& [number, member] : front.members) points.push_back(member.point);
  points.push_back(*point);
  return judge::hypervolume(std::move(points));
}

}  // namespace swarmlab::swarm
