#include "worker/server/workshop.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "common/model/sketch.h"
#include "common/os/file.h"
#include "worker/agent/outcome.h"
#include "worker/agent/preset.h"
#include "worker/agent/steps.h"
#include "worker/server/announcer.h"
#include "worker/server/laid_out.h"
#include "worker/server/redaction.h"
#include "worker/server/stage_timer.h"
#include "worker/server/texts.h"
#include "worker/workspace/collect.h"
#include "worker/workspace/workspace.h"

namespace swarmlab::worker {
namespace {

constexpr std::size_t kMostDiff = 4U << 20U;  // a larger change has no sketch
constexpr std::size_t kMostPrompt = 3000;     // bytes, in a transcript

void add(Cost& sum, const Cost& cost) {
  sum.usd = MicroUsd(sum.usd.value() + cost.usd.value());
  sum.input_tokens += cost.input_tokens;
  sum.output_tokens += cost.output_tokens;
}

// Commands are not asked anything: they know what they do.
std::string asked_of(const LabSettings& settings, const std::optional<Rework>& rework,
                     const std::string& news) {
  if (settings.agent.kind != AgentKind::command) return prompt_of(settings, rework, news);
  return rework ? fmt::format("rework {}: {}", rework->round, rework->reason) : std::string();
}

}  // namespace

bool Workshop::end(Outcome outcome, std::string reason) {
  parts_.result.report.outcome = outcome;
  parts_.result.report.reason = std::move(reason);
  return false;
}

// The files of ours that lie in the workspace too, where an agent of a predecessor looks for them.
std::map<std::string, std::string> Workshop::texts_in_workspace(const Scope& scope) const {
  const LabSettings& settings = parts_.assignment.settings;
  const std::string base = settings.folder.empty() ? "" : settings.folder + "/";
  std::map<std::string, std::string> texts = {
      {base + settings.results_file, parts_.briefing.results},
      {base + "brief.md", parts_.briefing.brief}};
  std::erase_if(texts, [&](const auto& text) { return scope.editable(text.first); });
  return texts;
}

std::string Workshop::name_of_parent() const {
  const auto& parent = parts_.assignment.parent;
  return parent ? fmt::format("#{}", parent->value()) : "the baseline";
}

std::vector<ObjectId> Workshop::parents() const {
  std::vector<ObjectId> parents = {parts_.assignment.parent_commit};
  if (parts_.assignment.kind == TaskKind::merge) {
    parents.push_back(parts_.assignment.merge->commit);
  }
  return parents;
}

std::string Workshop::name_of_other() const {
  return fmt::format("#{}", parts_.assignment.merge->other.value());
}

// Into merged_. Whether they conflict.
Result<bool> Workshop::merge_trees() {
  const StageTimer timer(parts_.result.report.stages, Stage::checkout);
  const MergeWith& with = *parts_.assignment.merge;
  SWARMLAB_TRY(base, parts_.repository.tree_of(with.base));
  SWARMLAB_TRY(theirs, parts_.repository.tree_of(with.commit));
  SWARMLAB_TRY(merged, git::merge(parts_.repository, {.base = base,
                                                      .ours = parts_.parent_tree,
                                                      .theirs = theirs,
                                                      .our_name = name_of_parent(),
                                                      .their_name = name_of_other()}));
  merged_ = std::move(merged);
  return !merged_->conflicts.empty();
}

Result<bool> Workshop::merge() {
  SWARMLAB_TRY(conflicts, merge_trees());
  parts_.result.report.notes.hypothesis =
      fmt::format("what {} and {} changed adds up", name_of_parent(), name_of_other());
  return conflicts;
}

// Backwards: from what has the change to what it was made from.
Result<bool> Workshop::take_out() {
  SWARMLAB_TRY(conflicts, merge_trees());
  parts_.result.report.notes.hypothesis =
      fmt::format("{} does not need what {} changed", name_of_parent(), name_of_other());
  if (!conflicts) return true;
  std::string paths;
  for (const git::Conflict& conflict : merged_->conflicts) {
    paths += (paths.empty() ? "" : ", ") + conflict.path;
  }
  return end(Outcome::no_change,
             fmt::format("what {} changed cannot be taken out: what came after it changed the same "
                         "lines of {}",
                         name_of_other(), paths));
}

Result<bool> Workshop::take_merged() {
  return take_tree(start_tree());
}

Result<void> Workshop::lay_out() {
  const StageTimer timer(parts_.result.report.stages, Stage::checkout);
  SWARMLAB_TRY(scope, Scope::from(parts_.assignment.settings.artifact));
  if (parts_.session != nullptr) {
    SWARMLAB_CHECK(parts_.session->begin(parts_.assignment));
    session_ = parts_.session->id();
    news_ = parts_.session->news();
    told_ = parts_.session->told();
  }
  const std::string workspace = in_folder("workspace");
  SWARMLAB_CHECK(shakes_hands() ? lay_out_for_hands(scope)
                                : prepare(parts_.repository, start_tree(), workspace,
                                          parts_.data_in_checkout));
  for (const auto& [path, text] : texts_in_workspace(scope)) {
    const std::string file = fmt::format("{}/{}", workspace, path);
    SWARMLAB_CHECK(make_folders(std::filesystem::path(file).parent_path().string()));
    SWARMLAB_CHECK(write_file(file, text));
  }
  SWARMLAB_CHECK(write_for_agent("results.tsv", parts_.briefing.results));
  SWARMLAB_CHECK(lay_out_conflicts());
  SWARMLAB_CHECK(make_folders(in_folder("home")));
  return make_folders(in_folder("out"));
}

// Both sides of what conflicts, for the agent to read: the workspace is whole without them.
Result<void> Workshop::lay_out_conflicts() {
  if (!merged_) return {};
  for (const git::Conflict& conflict : merged_->conflicts) {
    const std::string file = fmt::format("{}/{}", in_folder("conflicts"), conflict.path);
    SWARMLAB_CHECK(make_folders(std::filesystem::path(file).parent_path().string()));
    SWARMLAB_CHECK(write_file(file, conflict.marked));
  }
  return {};
}

// Of all rounds, each after what the agent was asked.
void Workshop::add_steps(const std::string& asked, const AgentEnded& said_end,
                         const sandbox::SandboxResult& ended) {
  const auto before = std::chrono::floor<Milliseconds>(worked_ - ended.took);
  Transcript& all = parts_.result.attachments.transcript;
  if (!asked.empty()) {
    TranscriptStep prompt{.kind = StepKind::prompt, .at = before};
    prompt.text = trimmed(asked, kMostPrompt);
    prompt.text_bytes = asked.size();
    all.push_back(std::move(prompt));
  }
  for (TranscriptStep step : said_end.transcript) {
    if (step.at) *step.at += before;
    all.push_back(std::move(step));
  }
  all = within_limit(std::move(all));
}

// What it says of its change in a later round replaces what it said before.
void Workshop::take_agents_words(const sandbox::SandboxResult& ended, const AgentEnded& said_end,
                                 const std::optional<Rework>& rework, const Outlets::Went& went) {
  Report& report = parts_.result.report;
  std::string& log = parts_.result.attachments.agent_log;
  add(report.cost, cost_of(said_end.cost, went.tally));
  if (said_end.run) {
    session_ = said_end.run->session;
    std::vector<NetworkRefusal> earlier;
    if (report.agent) earlier = std::move(report.agent->refused);
    report.agent = said_end.run;
    report.agent->refused = std::move(earlier);
    add_measured(*report.agent, went);
  }
  if (said_end.failure) report.own_failure = said_end.failure->own_failure;
  if (rework) log += fmt::format("=== rework {}\n", rework->round);
  log += log_of(ended);
  AgentSaid said = read_outcome(in_folder("out") + "/" + kOutcomeFile);
  report.notes = std::move(said.notes);
  if (!said.warning.empty()) log += said.warning + "\n";
}

// Of what this lease may spend, in all rounds; 0: it has no limit.
MicroUsd Workshop::left() const {
  const MicroUsd most = parts_.assignment.settings.stop.max_cost;
  if (most == MicroUsd(0)) return most;
  const MicroUsd spent = parts_.result.report.cost.usd;
  return MicroUsd(std::max<std::int64_t>(1, most.value() - spent.value()));
}

AgentPaths Workshop::agent_paths(std::vector<sandbox::Mount> workspace,
                                 const std::optional<Rework>& rework) const {
  const AgentSession* session = parts_.session;
  return {.workspace = std::move(workspace),
          .checkout = in_folder("workspace"),
          .brief = in_folder("brief.md"),
          .results = in_folder("results.tsv"),
          .out = in_folder("out"),
          .data = parts_.data.folder,
          .program = parts_.bench.program,
          .conflicts = merged_ ? in_folder("conflicts") : "",
          .rework = rework,
          .home = session != nullptr ? session->home() : in_folder("home"),
          .session = session_,
          .news = news_,
          .session_experiment = session != nullptr ? session->experiment() : 0,
          .handshake = shakes_hands() ? in_folder(kHandshakeFolder) : ""};
}

// Of a program that counts its whole session, what this round added.
void Workshop::count_round(AgentEnded& end) {
  if (!end.counts_session) return;
  const auto added = [](std::uint64_t now, std::uint64_t before) {
    return now >= before ? now - before : now;  // it began to count anew
  };
  const Cost told = end.cost;
  if (!session_.empty()) {
    end.cost.input_tokens = added(told.input_tokens, told_.input_tokens);
    end.cost.output_tokens = added(told.output_tokens, told_.output_tokens);
    if (told.usd >= told_.usd) end.cost.usd = MicroUsd(told.usd.value() - told_.usd.value());
    for (TranscriptStep& step : end.transcript) {
      if (step.output_tokens != told.output_tokens) continue;
      step.input_tokens = end.cost.input_tokens;
      step.output_tokens = end.cost.output_tokens;
    }
  }
  told_ = told;
}

// The program ended without a word: what was kept of an experiment before is of no use to it.
bool Workshop::lost_session(const AgentEnded& end) const {
  if (parts_.assignment.settings.agent.kind == AgentKind::command) return false;
  const bool is_silent = end.run && end.run->turns == 0 && end.run->tool_calls == 0;
  return !news_.empty() && is_silent &&
         (end.run->end == AgentEnd::crashed || end.run->end == AgentEnd::finished);
}

void Workshop::settle_session(const AgentEnded& end) {
  if (parts_.session == nullptr) return;
  if (end.failure || !end.run || end.run->end != AgentEnd::finished) {
    session_.clear();
    return parts_.session->end();
  }
  // A command has no name for it: what it keeps is in its home.
  const bool is_command = parts_.assignment.settings.agent.kind == AgentKind::command;
  parts_.session->went(is_command ? "command" : end.run->session, told_);
  if (parts_.result.report.agent) {
    parts_.result.report.agent->session_experiment = parts_.session->experiment();
  }
}

Result<std::optional<AgentFailure>> Workshop::let_agent_work(Milliseconds time,
                                                             const std::optional<Rework>& rework) {
  const StageTimer timer(parts_.result.report.stages, Stage::agent);
  const auto before = worked_;
  SWARMLAB_TRY(end, run_agent(time, rework));
  const auto left = time - std::chrono::ceil<Milliseconds>(worked_ - before);
  if (lost_session(end) && left > Milliseconds(0)) {
    parts_.session->begin_anew();
    session_.clear();
    news_.clear();
    SWARMLAB_TRY(again, run_agent(left, rework));
    end = std::move(again);
  }
  news_.clear();  // a rework is told other things
  settle_session(end);
  return std::move(end.failure);
}

Result<AgentEnded> Workshop::run_agent(Milliseconds time, const std::optional<Rework>& rework) {
  const LabSettings& settings = parts_.assignment.settings;
  SWARMLAB_TRY(scope, Scope::from(settings.artifact));
  SWARMLAB_TRY(workspace, workspace_mounts(parts_.repository, start_tree(), scope,
                                           {.folder = in_folder("workspace"),
                                            .lab = settings.folder,
                                            .data = parts_.data.folder,
                                            .data_inside = parts_.data_in_checkout}));
  SWARMLAB_CHECK(write_for_agent(
      "brief.md", rework ? rework_brief(*rework, parts_.briefing.brief) : parts_.briefing.brief));
  const std::unique_ptr<Agent> agent = make_agent(settings.agent.kind);
  SWARMLAB_TRY(outlets, Outlets::open(parts_.bench, {.network = settings.agent.network,
                                                     .secrets = parts_.secrets,
                                                     .provider = agent->provider(settings),
                                                     .prices = settings.agent.prices,
                                                     .budget = left()}));
  AgentPaths paths = agent_paths(std::move(workspace), rework);
  paths.bridge = outlets.bridge();
  SWARMLAB_TRY(request, agent->prepare(parts_.assignment, paths, parts_.bench.environment));
  request.timeout = time;
  outlets.add_to(request);
  auto announcer =
      Announcer::watch(in_folder("out") + "/" + kHypothesisFile, [this](const Announcement& said) {
        parts_.bench.link.announce(lease(), {.hypothesis = parts_.secrets.redacted(said.hypothesis),
                                             .mechanism = parts_.secrets.redacted(said.mechanism)});
      });
  SWARMLAB_TRY(
      ended, shakes_hands() ? take_turn(std::move(request), time) : parts_.run(std::move(request)));
  worked_ += ended.took;
  AgentEnded end = agent->read(ended, settings);
  if (shakes_hands()) end.counts_session = end.cost != Cost{};
  count_round(end);
  add_steps(asked_of(settings, rework, news_), end, ended);
  const Outlets::Went went = outlets.end();
  blame_provider(end, went.tally);
  take_agents_words(ended, end, rework, went);
  if (announcer) (*announcer)->fill_in(parts_.result.report.notes);
  note_signal();
  redact(parts_.result, parts_.secrets);
  return end;
}

Result<bool> Workshop::collect_changes() {
  Report& report = parts_.result.report;
  const StageTimer timer(report.stages, Stage::collect);
  const LabSettings& settings = parts_.assignment.settings;
  report.commit.reset();  // of an earlier round
  report.tree.reset();
  SWARMLAB_TRY(scope, Scope::from(settings.artifact));
  CollectRequest request{
      .folder = in_folder("workspace"),
      .parent_tree = parts_.parent_tree,
      .limits = {.max_file_bytes = settings.artifact.max_file_bytes},
      .ignored = {},
      .is_secret = [this](std::string_view text) { return parts_.secrets.are_in(text); }};
  for (const auto& [path, text] : texts_in_workspace(scope)) request.ignored.push_back(path);
  if (!parts_.data_in_checkout.empty()) request.ignored.push_back(parts_.data_in_checkout);
  SWARMLAB_TRY(collected, collect(parts_.repository, scope, request));
  if (!collected.violations.empty()) {
    for (const Violation& violation : collected.violations) report.paths.push_back(violation.path);
    if (parts_.session != nullptr) parts_.session->take_living();  // it has made a mess of it
    return end(Outcome::out_of_scope, violations_text(collected.violations));
  }
  return take_tree(collected.tree);
}

Result<bool> Workshop::take_tree(const ObjectId& tree) {
  if (tree == parts_.parent_tree) {
    const bool is_merge = parts_.assignment.merge.has_value();
    return end(Outcome::no_change, is_merge ? "the merge changes nothing"
                                            : "the agent changed nothing that it may change");
  }
  parts_.result.report.tree = tree;
  SWARMLAB_TRY(known, is_known());
  return known ? Result<bool>(false) : commit_candidate(tree);
}

Result<bool> Workshop::is_known() {
  Report& report = parts_.result.report;
  SWARMLAB_TRY(diff, parts_.repository.diff_text(parts_.parent_tree, *report.tree, kMostDiff));
  std::string& sketch = parts_.result.attachments.sketch;
  sketch = sketch_of(diff);
  const bool is_measured = parts_.assignment.merge || parts_.assignment.candidate;
  // Nobody there to ask: then it is measured, and the coordinator finds out itself.
  const auto known = parts_.bench.link.known_tree({.lab = parts_.assignment.lab,
                                                   .lease = lease(),
                                                   .tree = *report.tree,
                                                   .sketch = is_measured ? std::string() : sketch},
                                                  parts_.cancel);
  if (!known) return false;
  report.near_duplicate = known->near_duplicate;
  if (!known->experiment && !(known->near_duplicate && known->skip)) return false;
  end(Outcome::duplicate, why_not_measured(*known));
  report.commit.reset();
  return true;
}

Result<bool> Workshop::commit_candidate(const ObjectId& tree) {
  Report& report = parts_.result.report;
  SWARMLAB_TRY(commit, parts_.repository.commit(
                           tree, parents(),
                           {.author_name = "swarmlab " + parts_.bench.worker.value(),
                            .author_email = "swarmlab@localhost",
                            .at = parts_.bench.clock.now(),
                            .message = candidate_message(parts_.assignment, report.notes)}));
  report.commit = commit;
  parts_.bench.objects.remember(commit);
  return true;
}

}  // namespace swarmlab::worker
