#include "coordinator/server/metric_views.h"

#include "common/model/names.h"
#include "common/wire/json_codec.h"
#include "common/wire/lab_codec.h"
#include "coordinator/swarm/front.h"

namespace swarmlab::server {
namespace {

unsigned size_of(std::size_t size) {
  return static_cast<unsigned>(size);
}

const Metric& metric_at(const LabSettings& settings, std::size_t place) {
  return place == 0 ? settings.metric : settings.more_metrics[place - 1];
}

void write_values(capnp::List<schema::NamedNumber>::Builder to, const LabSettings& settings,
                  double score, const std::vector<double>& others) {
  for (unsigned i = 0; i < to.size(); ++i) {
    to[i].setName(metric_at(settings, i).name.c_str());
    to[i].setValue(i == 0 ? score : others[i - 1]);
  }
}

bool is_whole(const LabSettings& settings, const std::vector<double>& others) {
  return swarm::has_several_metrics(settings) && others.size() == settings.more_metrics.size();
}

void write_metric_list(capnp::List<schema::MetricView>::Builder to, const swarm::Lab& lab) {
  const std::vector<double> worst = swarm::worst_values(lab);
  for (unsigned i = 0; i < to.size(); ++i) {
    const Metric& metric = metric_at(lab.settings, i);
    to[i].setName(metric.name.c_str());
    to[i].setDirection(std::string(name_of(metric.direction)).c_str());
    if (i < worst.size()) wire::write(to[i].initWorst(), worst[i]);
  }
}

const policy::Front& front_of(const swarm::State& state, const swarm::Lab& lab) {
  return state.index.labs.at(lab.id).front;
}

}  // namespace

void write_metrics(schema::ExperimentView::Builder to, const swarm::Lab& lab,
                   const Experiment& experiment) {
  if (experiment.hypervolume) wire::write(to.initHypervolume(), experiment.hypervolume);
  const auto score = experiment.score();
  if (!score || !is_whole(lab.settings, experiment.other_scores)) return;
  const unsigned count = size_of(experiment.other_scores.size() + 1);
  write_values(to.initJudged(count), lab.settings, *score, experiment.other_scores);
  if (!experiment.evidence) return;
  std::vector<Evidence> all{*experiment.evidence};
  all.insert(all.end(), experiment.other_evidence.begin(), experiment.other_evidence.end());
  auto evidence = to.initEvidence(size_of(all.size()));
  for (unsigned i = 0; i < evidence.size(); ++i) {
    const bool is_primary = all[i].metric.empty();
    evidence[i].setMetric((is_primary ? lab.settings.metric.name : all[i].metric).c_str());
    wire::write(evidence[i].initGain(), all[i].gain);
    wire::write(evidence[i].initLow(), all[i].low);
    wire::write(evidence[i].initHigh(), all[i].high);
    wire::write(evidence[i].initConfidence(), all[i].confidence);
  }
}

void write_metrics(schema::LabView::Builder to, const swarm::State& state, const swarm::Lab& lab) {
  if (!swarm::has_several_metrics(lab.settings)) return;
  write_metric_list(to.initMetrics(size_of(lab.settings.more_metrics.size() + 1)), lab);
  if (lab.best) wire::write(to.initHypervolume(), front_of(state, lab).hypervolume);
}

void write_metrics(schema::FrontierList::Builder to, const swarm::State& state,
                   const swarm::Lab& lab) {
  if (!swarm::has_several_metrics(lab.settings)) return;
  write_metric_list(to.initMetrics(size_of(lab.settings.more_metrics.size() + 1)), lab);
  wire::write(to.initHypervolume(), front_of(state, lab).hypervolume);
}

void write_metrics(schema::FrontierEntryView::Builder to, const swarm::State& state,
                   const swarm::Lab& lab, const policy::FrontierEntry& entry) {
  if (!is_whole(lab.settings, entry.others)) return;
  write_values(to.initValues(size_of(entry.others.size() + 1)), lab.settings, entry.score,
               entry.others);
  const policy::Front& front = front_of(state, lab);
  const auto member = front.members.find(entry.number);
  if (member != front.members.end()) {
    wire::write(to.initContribution(), member->second.contribution);
    return;
  }
  const auto point = swarm::point_of(lab, entry.score, entry.others);
  for (const auto& [number, other] : front.members) {
    if (!point || !judge::dominates(other.point, *point)) continue;
    wire::write(to.initDominatedBy(), static_cast<std::uint32_t>(number.value()));
    return;
  }
}

}  // namespace swarmlab::server
