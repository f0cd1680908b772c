#include "coordinator/server/sample_views.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "common/wire/json_codec.h"
#include "common/wire/lab_codec.h"

namespace swarmlab::server {
namespace {

std::optional<double> finite(double score) {
  return std::isfinite(score) ? std::optional(score) : std::nullopt;
}

double size_of(const ChangedSample& change) {
  if (!change.score || !change.before) return std::numeric_limits<double>::infinity();
  return std::abs(*change.score - *change.before);
}

// The experiments whose samples these may be held against, the best choice first.
std::vector<ExperimentNumber> references(const swarm::Lab& lab, const Experiment& experiment) {
  std::vector<ExperimentNumber> numbers;
  if (experiment.parent) numbers.push_back(*experiment.parent);
  if (lab.best && lab.best->number != experiment.number && experiment.parent) {
    numbers.push_back(lab.best->number);
  }
  return numbers;
}

void write_changes(const std::vector<ChangedSample>& changes,
                   schema::ExperimentDetail::Builder to) {
  auto list = to.initChangedSamples(static_cast<unsigned>(changes.size()));
  for (unsigned i = 0; i < list.size(); ++i) {
    list[i].setId(changes[i].id.c_str());
    if (changes[i].score) wire::write(list[i].initScore(), *changes[i].score);
    if (changes[i].before) wire::write(list[i].initBefore(), *changes[i].before);
  }
}

}  // namespace

std::vector<ChangedSample> changed_samples(const std::vector<SampleScore>& now,
                                           const std::vector<SampleScore>& before,
                                           std::size_t most) {
  std::map<std::string, ChangedSample> by_id;
  for (const SampleScore& sample : now) {
    by_id.try_emplace(sample.id, ChangedSample{sample.id, finite(sample.score), std::nullopt});
  }
  std::map<std::string, bool> seen;
  for (const SampleScore& sample : before) {
    if (!seen.try_emplace(sample.id, true).second) continue;
    by_id.try_emplace(sample.id, ChangedSample{sample.id, std::nullopt, std::nullopt})
        .first->second.before = finite(sample.score);
  }
  std::vector<ChangedSample> changes;
  for (auto& [id, change] : by_id) {
    if (change.score != change.before) changes.push_back(std::move(change));
  }
  std::stable_sort(changes.begin(), changes.end(),
                   [](const auto& a, const auto& b) { return size_of(a) > size_of(b); });
  if (changes.size() > most) changes.resize(most);
  return changes;
}

Result<void> write_changed(const Source& source, const swarm::Lab& lab,
                           const Experiment& experiment, const std::vector<SampleScore>& samples,
                           schema::ExperimentDetail::Builder to) {
  if (samples.empty()) return {};
  for (const ExperimentNumber reference : references(lab, experiment)) {
    SWARMLAB_TRY(there, source.store.attachments(lab.id, reference));
    if (there.samples.empty()) continue;
    write_changes(changed_samples(samples, there.samples, kMostChangedSamples), to);
    wire::write(to.initChangedAgainst(), static_cast<std::uint32_t>(reference.value()));
    return {};
  }
  return {};
}

}  // namespace swarmlab::server
