#include "worker/server/attempt.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "common/git/data_commit.h"
#include "common/git/merge.h"
#include "common/git/pack.h"
#include "common/git/pack_file.h"
#include "common/lab/lab.h"
#include "common/lab/scope.h"
#include "common/os/file.h"
#include "worker/agent/agent.h"
#include "worker/agent/outcome.h"
#include "worker/evaluator/evaluation.h"
#include "worker/server/stage_timer.h"
#include "worker/server/texts.h"
#include "worker/server/trials.h"
#include "worker/workspace/collect.h"
#include "worker/workspace/workspace.h"

namespace swarmlab::worker {
namespace {

constexpr std::uint64_t kSmallPack = 4U << 20U;  // inflated: is held in memory

class Attempt {
 public:
  Attempt(const Workbench& bench, const Assignment& assignment, CancelToken cancel,
          ObjectCache::Opened opened, std::string folder, GpuPool::Loan gpus)
      : bench_(bench),
        assignment_(assignment),
        settings_(assignment.settings),
        cancel_(std::move(cancel)),
        opened_(std::move(opened)),
        folder_(std::move(folder)),
        gpus_(std::move(gpus)) {}

  Result<SpooledReport> run() {
    result_ = returned(assignment_, {});
    report_.host_class = bench_.host_class;
    {
      const StageTimer total(report_.stages, Stage::total);
      SWARMLAB_CHECK(go());
    }
    return std::move(result_);
  }

 private:
  // Steps say whether to go on; when they do not, the report has its outcome.
  Result<void> go() {
    const DataSource& data = settings_.evaluator.data;
    SWARMLAB_CHECK(bench_.data.verify(data, assignment_.data_hash, [this](const ObjectId& hash) {
      return bench_.link.data_manifest(hash, cancel_);
    }));
    SWARMLAB_CHECK(fetch());
    SWARMLAB_CHECK(take_data());
    if (assignment_.comparison) return compare();
    // A baseline, or what was kept, at another scale or on other data: there is no agent.
    const bool is_given =
        assignment_.kind == TaskKind::baseline || !makes_experiment(assignment_.kind);
    SWARMLAB_TRY(has_candidate, is_given ? take_given() : make_candidate());
    if (!has_candidate) return {};
    SWARMLAB_CHECK(measure());
    if (report_.outcome == Outcome::returned) return forget_candidate();
    return is_given ? Result<void>() : pack();
  }

  // With the devices of this attempt, and no others.
  Result<sandbox::SandboxResult> run(sandbox::SandboxRequest request) {
    request.env.emplace_back("CUDA_VISIBLE_DEVICES", gpus_.visible_devices());
    return bench_.sandbox.run(request, cancel_);
  }

  bool end(Outcome outcome, std::string reason) {
    report_.outcome = outcome;
    report_.reason = std::move(reason);
    return false;
  }
  [[nodiscard]] std::string in_folder(const char* name) const { return folder_ + "/" + name; }

  Result<void> fetch() {
    const StageTimer timer(report_.stages, Stage::fetch);
    std::vector<ObjectId> wanted = {assignment_.lab_commit, assignment_.parent_commit};
    if (const auto& comparison = assignment_.comparison) {
      wanted = {assignment_.lab_commit, comparison->candidate, comparison->reference};
    }
    if (const auto& merge = assignment_.merge) {
      wanted.push_back(merge->commit);
      wanted.push_back(merge->base);
    }
    SWARMLAB_CHECK(bench_.objects.bring(bench_.link, assignment_.lab, wanted, opened_, cancel_));
    if (assignment_.comparison) return {};
    SWARMLAB_TRY(tree, repository_.tree_of(assignment_.parent_commit));
    parent_tree_ = tree;
    start_tree_ = tree;
    return {};
  }

  // Large data is in one folder for all attempts; small data of the repository comes with the rest.
  Result<void> take_data() {
    const StageTimer timer(report_.stages, Stage::fetch);
    const DataSource& data = settings_.evaluator.data;
    const ObjectId& tree = assignment_.data_hash;
    if (data.kind == DataSource::Kind::shipped) {
      if (bench_.data.is_in_place(data, tree)) return {};
      const ObjectId commit[] = {git::data_commit_of(tree)};
      SWARMLAB_CHECK(bench_.objects.bring(bench_.link, assignment_.lab, commit, opened_, cancel_));
    } else {
      if (data.kind != DataSource::Kind::folder) return {};
      // Without a sandbox nothing can be mounted where the data belongs.
      if (bench_.sandbox.name() == "none") return {};
      SWARMLAB_TRY(large, bench_.data.is_large(repository_, tree));
      if (!large) return {};
      data_in_checkout_ = data.path;
    }
    SWARMLAB_TRY(in_use, bench_.data.check_out(repository_, tree));
    data_ = std::move(in_use);
    return {};
  }

  // A coordinator of protocol 1 gave it with the task.
  Result<void> take_briefing() {
    briefing_ = assignment_.briefing;
    if (!briefing_.brief.empty()) return {};
    const StageTimer timer(report_.stages, Stage::fetch);
    SWARMLAB_TRY(told, bench_.link.briefing({assignment_.task, assignment_.token}, cancel_));
    briefing_ = std::move(told);
    return {};
  }

  Result<bool> take_given() {
    report_.commit = assignment_.parent_commit;
    report_.tree = parent_tree_;
    return true;
  }

  Result<bool> make_candidate() {
    if (assignment_.merge) {
      SWARMLAB_TRY(conflicts, merge());
      if (!conflicts) return take_tree(start_tree_);
    }
    SWARMLAB_CHECK(take_briefing());
    SWARMLAB_TRY(scope, Scope::from(settings_.artifact));
    SWARMLAB_CHECK(lay_out(scope));
    SWARMLAB_TRY(has_worked, let_agent_work(scope));
    if (!has_worked) return false;
    return collect_changes(scope);
  }

  // Combines both candidates. Where they conflict, an agent starts from what has the marks.
  Result<bool> merge() {
    const StageTimer timer(report_.stages, Stage::checkout);
    const MergeWith& with = *assignment_.merge;
    SWARMLAB_TRY(base, repository_.tree_of(with.base));
    SWARMLAB_TRY(theirs, repository_.tree_of(with.commit));
    SWARMLAB_TRY(merged, git::merge(repository_, {.base = base,
                                                  .ours = parent_tree_,
                                                  .theirs = theirs,
                                                  .our_name = name_of_parent(),
                                                  .their_name = name_of(with.other)}));
    start_tree_ = merged.tree;
    report_.notes.hypothesis =
        fmt::format("what {} and {} changed adds up", name_of_parent(), name_of(with.other));
    return !merged.conflicts.empty();
  }
  [[nodiscard]] std::string name_of_parent() const {
    return assignment_.parent ? name_of(*assignment_.parent) : "the baseline";
  }
  [[nodiscard]] static std::string name_of(ExperimentNumber number) {
    return fmt::format("#{}", number.value());
  }

  // The files of ours that lie in the workspace too, where an agent of a predecessor looks for
  // them.
  [[nodiscard]] std::map<std::string, std::string> texts_in_workspace(const Scope& scope) const {
    const std::string base = settings_.folder.empty() ? "" : settings_.folder + "/";
    std::map<std::string, std::string> texts = {{base + settings_.results_file, briefing_.results},
                                                {base + "brief.md", briefing_.brief}};
    std::erase_if(texts, [&](const auto& text) { return scope.editable(text.first); });
    return texts;
  }

  Result<void> lay_out(const Scope& scope) {
    const StageTimer timer(report_.stages, Stage::checkout);
    const std::string workspace = in_folder("workspace");
    SWARMLAB_CHECK(prepare(repository_, start_tree_, workspace, data_in_checkout_));
    for (const auto& [path, text] : texts_in_workspace(scope)) {
      const std::string file = fmt::format("{}/{}", workspace, path);
      SWARMLAB_CHECK(make_folders(std::filesystem::path(file).parent_path().string()));
      SWARMLAB_CHECK(write_file(file, text));
    }
    SWARMLAB_CHECK(write_file(in_folder("brief.md"), briefing_.brief));
    SWARMLAB_CHECK(write_file(in_folder("results.tsv"), briefing_.results));
    return make_folders(in_folder("out"));
  }

  // Binds of the workspace: all of it, then what may not be written over it.
  Result<std::vector<sandbox::Mount>> mounts(const Scope& scope) const {
    SWARMLAB_TRY(listing, repository_.list_tree(start_tree_));
    const std::string base = settings_.folder.empty() ? "" : settings_.folder + "/";
    std::vector<sandbox::Mount> mounts;
    for (const MountPlan& plan : plan_mounts(listing, scope, {base + "lab.toml"})) {
      const std::string below = plan.path.empty() ? "" : "/" + plan.path;
      mounts.push_back({.kind = plan.writable ? sandbox::Mount::Kind::read_write
                                              : sandbox::Mount::Kind::read_only,
                        .host = in_folder("workspace") + below,
                        .inside = "/workspace" + below});
    }
    if (!data_in_checkout_.empty()) {
      mounts.push_back({.kind = sandbox::Mount::Kind::read_only,
                        .host = data_.folder,
                        .inside = "/workspace/" + data_in_checkout_});
    }
    return mounts;
  }

  Result<bool> let_agent_work(const Scope& scope) {
    const StageTimer timer(report_.stages, Stage::agent);
    SWARMLAB_TRY(workspace, mounts(scope));
    const std::unique_ptr<Agent> agent = make_agent(settings_.agent.kind);
    SWARMLAB_TRY(request, agent->prepare(assignment_,
                                         {.workspace = workspace,
                                          .checkout = in_folder("workspace"),
                                          .brief = in_folder("brief.md"),
                                          .results = in_folder("results.tsv"),
                                          .out = in_folder("out"),
                                          .data = data_.folder},
                                         bench_.environment));
    SWARMLAB_TRY(ended, run(std::move(request)));
    report_.cost = agent->read_cost(ended);
    result_.attachments.agent_log = log_of(ended);
    AgentSaid said = read_outcome(in_folder("out") + "/" + kOutcomeFile);
    report_.notes = std::move(said.notes);
    if (!said.warning.empty()) result_.attachments.agent_log += said.warning + "\n";
    if (auto failure = agent->read_end(ended)) {
      return end(failure->outcome, std::move(failure->reason));
    }
    return true;
  }

  Result<bool> collect_changes(const Scope& scope) {
    const StageTimer timer(report_.stages, Stage::collect);
    CollectRequest request{.folder = in_folder("workspace"),
                           .parent_tree = parent_tree_,
                           .limits = {.max_file_bytes = settings_.artifact.max_file_bytes},
                           .ignored = {}};
    for (const auto& [path, text] : texts_in_workspace(scope)) request.ignored.push_back(path);
    if (!data_in_checkout_.empty()) request.ignored.push_back(data_in_checkout_);
    SWARMLAB_TRY(collected, collect(repository_, scope, request));
    if (!collected.violations.empty()) {
      for (const Violation& violation : collected.violations) {
        report_.paths.push_back(violation.path);
      }
      return end(Outcome::out_of_scope, violations_text(collected.violations));
    }
    return take_tree(collected.tree);
  }

  Result<bool> take_tree(const ObjectId& tree) {
    if (tree == parent_tree_) {
      return end(Outcome::no_change, assignment_.merge
                                         ? "the merge changes nothing"
                                         : "the agent changed nothing that it may change");
    }
    report_.tree = tree;
    // Nobody there to ask: then it is measured, and the coordinator finds out itself.
    const auto known = bench_.link.known_tree(assignment_.lab, tree, cancel_);
    if (known && *known) {
      return end(Outcome::duplicate,
                 fmt::format("same tree as #{}: not measured again", (*known)->value()));
    }
    return commit_candidate(tree);
  }

  Result<bool> commit_candidate(const ObjectId& tree) {
    SWARMLAB_TRY(commit,
                 repository_.commit(tree, parents(),
                                    {.author_name = "swarmlab " + bench_.worker.value(),
                                     .author_email = "swarmlab@localhost",
                                     .at = bench_.clock.now(),
                                     .message = candidate_message(assignment_, report_.notes)}));
    report_.commit = commit;
    bench_.objects.remember(commit);
    return true;
  }

  [[nodiscard]] std::vector<ObjectId> parents() const {
    std::vector<ObjectId> parents = {assignment_.parent_commit};
    if (assignment_.merge) parents.push_back(assignment_.merge->commit);
    return parents;
  }

  // What is not sent is not named.
  Result<void> forget_candidate() {
    report_.commit.reset();
    report_.tree.reset();
    SWARMLAB_CHECK(forget_runs());
    result_.pack.clear();
    return result_.pack_file.empty() ? Result<void>()
                                     : remove_tree(std::exchange(result_.pack_file, {}));
  }

  // Of the baseline so often that its noise is known. Two equal runs say that there is none.
  Result<void> measure() {
    SWARMLAB_CHECK(trials_.check_out(*report_.tree, "checkout"));
    SWARMLAB_TRY(passed, trials_.guard("checkout"));
    if (!passed) return {};
    for (std::uint32_t run = 0; run < std::max(1U, assignment_.repeats); ++run) {
      SWARMLAB_TRY(measured, trials_.evaluate("checkout", *report_.tree, run));
      if (!measured) return forget_runs();
      take_run(*std::move(measured));
      if (run == 1 && report_.more.front().score == report_.measurement->score) break;
    }
    report_.outcome = Outcome::measured;
    return {};
  }

  void take_run(Measurement run) {
    if (report_.measurement) {
      report_.more.push_back(std::move(run));
    } else {
      report_.measurement = std::move(run);
    }
  }

  Result<void> forget_runs() {
    report_.measurement.reset();
    report_.more.clear();
    return {};
  }

  // A candidate that was measured before, and what it is compared with, one after the other.
  Result<void> compare() {
    const Comparison& comparison = *assignment_.comparison;
    SWARMLAB_TRY(candidate, repository_.tree_of(comparison.candidate));
    SWARMLAB_TRY(reference, repository_.tree_of(comparison.reference));
    SWARMLAB_CHECK(trials_.check_out(candidate, "candidate"));
    SWARMLAB_CHECK(trials_.check_out(reference, "reference"));
    const std::uint32_t repeat = comparison.pair + 1;
    std::optional<Measurement> of_reference;
    const auto run_reference = [&]() -> Result<void> {
      SWARMLAB_TRY(run, trials_.evaluate("reference", reference, repeat));
      of_reference = std::move(run);
      return {};
    };
    const bool reference_first = comparison.pair % 2 == 1;
    if (reference_first) SWARMLAB_CHECK(run_reference());
    if (reference_first && !of_reference) return reference_failed();
    SWARMLAB_TRY(of_candidate, trials_.evaluate("candidate", candidate, repeat));
    if (!of_candidate) return {};
    if (!reference_first) SWARMLAB_CHECK(run_reference());
    if (!of_reference) return reference_failed();
    report_.outcome = Outcome::measured;
    report_.reason.clear();
    report_.measurement = std::move(of_candidate);
    report_.more.push_back(*std::move(of_reference));
    return {};
  }

  // It was measured before, and kept: this machine is what failed.
  Result<void> reference_failed() {
    if (report_.outcome == Outcome::returned) return {};  // cancelled
    report_.reason =
        fmt::format("what the candidate is compared with does not run here: {}", report_.reason);
    report_.outcome = Outcome::returned;
    report_.own_failure = true;
    return {};
  }

  Result<void> pack() {
    const StageTimer timer(report_.stages, Stage::pack);
    const std::vector<ObjectId> wanted{*report_.commit};
    const std::vector<ObjectId> had = parents();
    SWARMLAB_TRY(small, git::is_small_pack(repository_, wanted, had, kSmallPack));
    std::uint64_t bytes = 0;
    if (small) {
      SWARMLAB_TRY(pack, git::make_pack(repository_, wanted, had));
      result_.pack = std::move(pack);
      bytes = result_.pack.size();
    } else {
      result_.pack_file = Spool::pack_file(bench_.spool, assignment_.task, assignment_.token);
      SWARMLAB_TRY(pack, git::write_pack_file(repository_, wanted, had, result_.pack_file));
      bytes = pack.bytes;
    }
    if (bytes <= bench_.max_pack_bytes) return {};
    end(Outcome::invalid, fmt::format("the candidate's pack has {} bytes, expected {} at most: the "
                                      "limit is this worker's --max-candidate",
                                      bytes, bench_.max_pack_bytes));
    return forget_candidate();
  }

  const Workbench& bench_;
  const Assignment& assignment_;
  const LabSettings& settings_;
  CancelToken cancel_;
  ObjectCache::Opened opened_;
  git::Repository& repository_ = opened_.repository;
  std::string folder_;  // of this attempt alone
  GpuPool::Loan gpus_;
  Briefing briefing_;
  ObjectId parent_tree_;
  ObjectId start_tree_;  // of the workspace: the parent's, or of a merge both sides
  DataFolders::InUse data_;
  std::string data_in_checkout_;  // empty there, and to be mounted
  SpooledReport result_;
  Report& report_ = result_.report;
  Trials trials_{{.bench = bench_,
                  .assignment = assignment_,
                  .repository = repository_,
                  .folder = folder_,
                  .data = data_,
                  .data_in_checkout = data_in_checkout_,
                  .run = [this](auto request) { return run(std::move(request)); },
                  .result = result_}};
};

}  // namespace

Result<SpooledReport> attempt(const Workbench& bench, const Assignment& assignment,
                              const CancelToken& cancel) {
  SWARMLAB_TRY(gpus, bench.gpus.borrow(assignment.takes.gpus));
  SWARMLAB_TRY(opened, bench.objects.repository());
  SWARMLAB_TRY(folder, TempFolder::create(bench.work_folder, "attempt"));
  auto result =
      Attempt(bench, assignment, cancel, std::move(opened), folder.path(), std::move(gpus)).run();
  bench.janitor.remove(folder.release());
  if (!result && cancel.cancelled()) return returned(assignment, "cancelled");
  return result;
}

}  // namespace swarmlab::worker
