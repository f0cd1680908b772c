#include "coordinator/server/branch.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/git/hash.h"
#include "common/lab/lab_check.h"
#include "common/lab/paths.h"
#include "common/lab/relevance.h"
#include "coordinator/server/queries.h"

namespace swarmlab::server {
namespace {

constexpr std::uint64_t kMaxLabFile = 1U << 20U;
constexpr std::size_t kLongestName = 100;

Result<void> check_name(const std::string& name) {
  const bool is_plain = !safe_name(name).empty() && name.size() <= kLongestName &&
                        name.find_first_of("/\n\t") == std::string::npos;
  if (is_plain) return {};
  return fail(ErrorCode::invalid_input,
              "a branch cannot be named \"{}\", expected a name without \"/\", with at least one "
              "letter or digit",
              name);
}

// What was set for the branch and for those that it is a branch of, the oldest first.
std::vector<std::string> all_set(const swarm::State& state, const swarm::Lab& lab) {
  if (!lab.origin) return {};
  std::vector<std::string> set = all_set(state, state.labs.at(lab.origin->parent));
  set.insert(set.end(), lab.origin->set.begin(), lab.origin->set.end());
  return set;
}

// The lab files of a commit: no candidate can differ in them from the lab that it is of.
Result<std::vector<LabText>> lab_files(const store::ObjectStore& objects, const ObjectId& commit,
                                       const std::string& lab_folder) {
  std::vector<LabText> files;
  for (const std::string& folder : folders_down_to(lab_folder)) {
    auto text = objects.file_of(commit, join(folder, "lab.toml"), kMaxLabFile);
    if (text) {
      files.push_back({.folder = folder, .text = *std::move(text)});
    } else if (text.error().code != ErrorCode::not_found || folder == lab_folder) {
      return tl::unexpected(text.error());
    }
  }
  return files;
}

// A commit, and what its lab files and `set` make of it.
struct Reading {
  CheckedLab lab;
  ObjectId evaluator_hash;
};

Result<Reading> read_at(const store::ObjectStore& objects, const ObjectId& commit,
                        const std::string& folder, std::vector<std::string> set) {
  SWARMLAB_TRY(texts, lab_files(objects, commit, folder));
  SWARMLAB_TRY(files, objects.files_of(commit));
  std::vector<std::string> paths;
  std::vector<HashedFile> hashed;
  for (const store::StoredFile& file : files) {
    paths.push_back(file.path);
    hashed.push_back({.path = file.path, .mode = file.mode, .id = file.id.hex()});
  }
  SWARMLAB_TRY(lab, check_lab({.files = std::move(texts), .set = std::move(set)}, paths));
  SWARMLAB_CHECK(check_has_agent(lab.settings));
  SWARMLAB_TRY(relevance, Relevance::of(lab, paths));
  const std::string text = evaluator_text(lab.settings, relevance, hashed);
  return Reading{.lab = std::move(lab), .evaluator_hash = git::hash_blob(text)};
}

Result<Experiment> candidate_of(const store::Store& store, const swarm::Lab& lab,
                                ExperimentNumber number) {
  const std::string& name = lab.settings.name;
  SWARMLAB_TRY(found, store.experiment(lab.id, number));
  if (!found) {
    const bool is_planned = number.value() > 0 && number < lab.next_experiment;
    return fail(ErrorCode::not_found, "lab {}: {}", name,
                is_planned ? fmt::format("experiment {} has not ended", number.value())
                           : fmt::format("no experiment {}, expected 1 to {}", number.value(),
                                         lab.next_experiment.value() - 1));
  }
  if (!found->commit) {
    return fail(ErrorCode::invalid_input,
                "experiment {} of {} has no candidate, expected one that was measured",
                number.value(), name);
  }
  if (found->segment != lab.segment.number) {
    return fail(ErrorCode::invalid_input,
                "experiment {} of {} was measured by an earlier evaluator or on other data, "
                "expected one since experiment {}",
                number.value(), name, lab.segment.baseline.value());
  }
  return *std::move(found);
}

// The branch's first commit: the candidate, with the instructions that are asked for.
Result<ObjectId> first_commit(store::ObjectStore& objects, const BranchWish& wish,
                              const Experiment& experiment, const LabSettings& settings) {
  if (!wish.instructions) return *experiment.commit;
  SWARMLAB_TRY(path, to_repository(settings.agent.instructions, settings.folder));
  return objects.change_file(
      {.commit = *experiment.commit,
       .path = path,
       .bytes = *wish.instructions,
       .message = fmt::format("{}: other instructions\n\nFor branch {} from experiment {} of {}.\n",
                              path, wish.name, experiment.number.value(), wish.lab),
       .at = experiment.ended_at});
}

}  // namespace

Result<swarm::OpenLab> plan_branch(const swarm::State& state, const store::Store& store,
                                   store::ObjectStore& objects, const BranchWish& wish) {
  SWARMLAB_CHECK(check_name(wish.name));
  SWARMLAB_TRY(parent, find_lab(state, wish.lab));
  SWARMLAB_TRY(experiment, candidate_of(store, *parent, wish.experiment));
  const std::string& folder = parent->settings.folder;
  std::vector<std::string> set = all_set(state, *parent);
  SWARMLAB_TRY(written, read_at(objects, parent->segment.lab_commit, folder, set));
  SWARMLAB_TRY(commit, first_commit(objects, wish, experiment, written.lab.settings));
  set.insert(set.end(), wish.set.begin(), wish.set.end());
  SWARMLAB_TRY(next, read_at(objects, commit, folder, std::move(set)));
  swarm::OpenLab command;
  command.settings = with_flags_in_effect(std::move(next.lab.settings), written.lab.settings,
                                          parent->settings, wish.set);
  command.settings.name = join(parent->settings.name, wish.name);
  command.segment.lab_commit = commit;
  command.segment.evaluator_hash = next.evaluator_hash;
  command.segment.data_hash = parent->segment.data_hash;
  command.segment.holdout_hash = parent->segment.holdout_hash;
  command.who = wish.who;
  command.origin =
      swarm::LabOrigin{.parent = parent->id, .experiment = wish.experiment, .set = wish.set};
  return command;
}

Result<swarm::OpenLab> plan_reopening(const swarm::State& state, const store::ObjectStore& objects,
                                      const swarm::Lab& branch, const LabOverrides& overrides,
                                      const std::string& who) {
  const swarm::Lab& parent = state.labs.at(branch.origin->parent);
  auto reading =
      read_at(objects, branch.segment.lab_commit, branch.settings.folder, all_set(state, branch));
  if (!reading) return within("branch " + branch.settings.name, reading.error());
  SWARMLAB_TRY(settings, with_overrides(std::move(reading->lab.settings), overrides));
  swarm::OpenLab command;
  command.settings = std::move(settings);
  command.settings.name = branch.settings.name;
  command.segment = branch.segment;
  command.segment.evaluator_hash = reading->evaluator_hash;
  const DataSource& data = command.settings.evaluator.data;
  const bool is_elsewhere =
      data.kind != DataSource::Kind::folder || data != branch.settings.evaluator.data;
  if (is_elsewhere && data == parent.settings.evaluator.data) {
    command.segment.data_hash = parent.segment.data_hash;  // just looked at, by who opened it
  }
  if (command.settings.holdout == parent.settings.holdout) {
    command.segment.holdout_hash = parent.segment.holdout_hash;
  }
  command.who = who;
  command.origin = branch.origin;
  return command;
}

std::vector<LabId> branches_of(const swarm::State& state, LabId lab) {
  std::vector<LabId> branches;
  for (const auto& [id, other] : state.labs) {  // a branch is younger than its parent
    if (!other.origin) continue;
    const LabId parent = other.origin->parent;
    if (parent == lab || std::ranges::find(branches, parent) != branches.end()) {
      branches.push_back(id);
    }
  }
  return branches;
}

}  // namespace swarmlab::server
