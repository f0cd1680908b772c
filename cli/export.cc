// `swarmlab export`: the winning chain, with the table of results, as a branch of the user's
// repository. Writes objects and that one branch, nothing else.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <system_error>
#include <vector>

#include "cli/commands.h"
#include "cli/locate.h"
#include "cli/notebook.h"
#include "cli/result_rows.h"
#include "cli/text.h"
#include "cli/views.h"
#include "common/git/pack.h"
#include "common/git/repository.h"
#include "common/lab/lab.h"
#include "common/os/file.h"

namespace swarmlab::cli {

namespace {

namespace fs = std::filesystem;
using View = schema::ExperimentView::Reader;

constexpr std::uint64_t kMaxSmallFile = 1U << 20U;

struct Options {
  std::string branch;  // empty: swarmlab/LAB
  bool force = false;
};

// What there is to export.
struct Story {
  std::string lab;
  std::string folder;
  std::string metric;
  Experiments experiments;
  std::vector<View> chain;  // the baseline first, the best last
};

Result<std::vector<View>> winning_chain(const Experiments& experiments) {
  std::map<std::uint64_t, View> by_number;
  std::optional<View> at;
  for (const View& view : experiments.views) {
    by_number.emplace(view.getNumber(), view);
    if (view.getIsBest()) at = view;
  }
  std::vector<View> chain;
  while (at) {
    chain.push_back(*at);
    const auto parent = count_of(at->getParent());
    if (!parent) break;
    const auto found = by_number.find(*parent);
    if (found == by_number.end() || *parent >= at->getNumber()) {
      return fail(ErrorCode::corrupt, "experiment {}: its parent {} is not there", at->getNumber(),
                  *parent);
    }
    at = found->second;
  }
  std::ranges::reverse(chain);
  if (chain.size() < 2) {
    return fail(ErrorCode::not_found,
                "nothing better than the baseline was found yet, so there is nothing to export");
  }
  return chain;
}

Result<Story> load_story(const Context& context) {
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(lab, swarm->lab_of(context));
  SWARMLAB_TRY(labs, ask_labs(*swarm));
  const auto view = find_lab_view(labs, lab);
  if (!view) return fail(ErrorCode::not_found, "no lab {} here; swarmlab labs lists them", lab);
  SWARMLAB_TRY(experiments, load_experiments(*swarm, lab, {}));
  Story story{.lab = lab,
              .folder = text_of(view->getFolder()),
              .metric = text_of(view->getMetric()),
              .experiments = std::move(experiments),
              .chain = {}};
  SWARMLAB_TRY(chain, winning_chain(story.experiments));
  story.chain = std::move(chain);
  return story;
}

Result<ObjectId> id_of(capnp::Text::Reader hex) {
  const auto id = ObjectId::from_hex(text_of(hex));
  if (!id) return fail(ErrorCode::corrupt, "{} is no commit", text_of(hex));
  return *id;
}

git::CommitText text_at(View view, std::string message) {
  return {.author_name = "swarmlab",
          .author_email = "swarmlab@localhost",
          .at = time_of(view.getEndedAt()).value_or(Timestamp{}),
          .message = std::move(message)};
}

// Moving a branch that is checked out would change what the working tree is compared with.
bool is_checked_out(const git::Repository& repository, const std::string& ref) {
  const fs::path git_folder = repository.git_folder();
  fs::path common = git_folder;
  if (const auto text = read_file((git_folder / "commondir").string(), kMaxSmallFile)) {
    common = git_folder / one_line(*text);
  }
  std::vector<fs::path> heads{common / "HEAD"};
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(common / "worktrees", ignored)) {
    heads.push_back(entry.path() / "HEAD");
  }
  return std::ranges::any_of(heads, [&](const fs::path& head) {
    const auto text = read_file(head.string(), kMaxSmallFile);
    return text && one_line(*text) == "ref: " + ref;
  });
}

Result<void> check_branch(const git::Repository& repository, const Story& story,
                          const std::string& branch, bool force) {
  const std::string ref = "refs/heads/" + branch;
  if (is_checked_out(repository, ref)) {
    return fail(ErrorCode::conflict, "branch {} is checked out: export to another with --branch",
                branch);
  }
  const auto tip = repository.read_ref(ref);
  if (!tip && tip.error().code == ErrorCode::not_found) return {};
  if (!tip) return within("--branch " + branch, tip.error());
  SWARMLAB_TRY(message, repository.message_of(*tip));
  if (force || is_summary_of(story.lab, message)) return {};
  return fail(ErrorCode::conflict,
              "branch {} is there and is no export of lab {}: export to another with --branch, or "
              "overwrite it with --force",
              branch, story.lab);
}

NotebookEntry entry_of(const Story& story, View view, View parent) {
  return {.lab = story.lab,
          .metric = story.metric,
          .number = view.getNumber(),
          .parent = parent.getNumber(),
          .score = number_of(view.getScore()).value_or(0.0),
          .previous_score = number_of(parent.getScore()).value_or(0.0),
          .hypothesis = text_of(view.getHypothesis()),
          .mechanism = text_of(view.getMechanism()),
          .notes = text_of(view.getNotes()),
          .worker = text_of(view.getWorker()),
          .candidate = text_of(view.getCommit())};
}

// The candidates' trees under messages of our own, from the commit on that the lab began with.
Result<ObjectId> write_chain(const Story& story, const git::Repository& objects,
                             git::Repository& repository) {
  SWARMLAB_TRY(tip, id_of(story.chain.front().getParentCommit()));
  if (!repository.has(tip)) {
    return fail(ErrorCode::not_found,
                "commit {}, which the lab started from, is not in this repository any more",
                tip.brief());
  }
  for (std::size_t i = 1; i < story.chain.size(); ++i) {
    const View view = story.chain[i];
    SWARMLAB_TRY(candidate, id_of(view.getCommit()));
    SWARMLAB_CHECK(git::copy_commit(objects, candidate, repository));
    SWARMLAB_TRY(tree, repository.tree_of(candidate));
    const std::string message = message_of(entry_of(story, view, story.chain[i - 1]));
    SWARMLAB_TRY(commit, repository.commit(tree, {tip}, text_at(view, message)));
    tip = commit;
  }
  return tip;
}

NotebookSummary summary_of(const Story& story) {
  NotebookSummary summary{.lab = story.lab,
                          .metric = story.metric,
                          .best = story.chain.back().getNumber(),
                          .from = number_of(story.chain.front().getScore()).value_or(0.0),
                          .to = number_of(story.chain.back().getScore()).value_or(0.0)};
  for (const ResultsRow& row : rows_of(story.experiments, false)) {
    ++summary.experiments;
    summary.kept += row.kept ? 1 : 0;
  }
  return summary;
}

// Where the lab wants its table, relative to the root.
Result<std::string> results_path(const Story& story, const git::Repository& repository,
                                 const ObjectId& tree) {
  const fs::path folder(story.folder);
  SWARMLAB_TRY(text, repository.file_at(tree, (folder / "lab.toml").generic_string()));
  SWARMLAB_TRY(settings, read_lab(text, story.folder, story.lab));
  return (folder / settings.results_file).lexically_normal().generic_string();
}

Result<ObjectId> add_results(const Story& story, git::Repository& repository,
                             const ObjectId& chain) {
  SWARMLAB_TRY(tree, repository.tree_of(chain));
  SWARMLAB_TRY(path, results_path(story, repository, tree));
  SWARMLAB_TRY(blob, repository.write_blob(results_tsv(rows_of(story.experiments, false))));
  SWARMLAB_TRY(with_table, repository.replace_paths(tree, {{path, git::Leaf{.id = blob}}}));
  return repository.commit(with_table, {chain},
                           text_at(story.experiments.views.back(), message_of(summary_of(story))));
}

void tell(const Context& context, const Story& story, const std::string& branch,
          const ObjectId& commit) {
  const NotebookSummary summary = summary_of(story);
  if (context.json) {
    nlohmann::ordered_json numbers = nlohmann::ordered_json::array();
    for (const View& view : story.chain) numbers.push_back(view.getNumber());
    const nlohmann::ordered_json body = {
        {"lab", story.lab},         {"branch", branch},
        {"commit", commit.hex()},   {"experiments", std::move(numbers)},
        {"baseline", summary.from}, {"score", summary.to}};
    context.out << body.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    return;
  }
  context.out << branch << '\n';
  context.note(fmt::format(
      "{} of {}: {} {} -> {}\n  git log {}      # the notebook\n  git merge "
      "--ff {}  # take it over",
      counted(story.chain.size() - 1, "kept change"), counted(summary.experiments, "experiment"),
      story.metric, score_text(summary.from), score_text(summary.to), branch, branch));
}

Result<void> export_chain(const Context& context, const Options& options) {
  SWARMLAB_TRY(root, locate_root(context));
  SWARMLAB_TRY(story, load_story(context));
  const fs::path objects_folder = state_folder(root) / "objects.git";
  auto opened = git::Repository::open(objects_folder.string());
  if (!opened) {
    return fail(ErrorCode::not_found,
                "{} is not there: export from the repository that the coordinator works in",
                objects_folder.string());
  }
  SWARMLAB_TRY(repository, git::Repository::open(root.string()));
  const std::string branch =
      options.branch.empty() ? "swarmlab/" + safe_name(story.lab) : options.branch;
  SWARMLAB_CHECK(check_branch(repository, story, branch, options.force));
  SWARMLAB_TRY(chain, write_chain(story, *opened, repository));
  SWARMLAB_TRY(commit, add_results(story, repository, chain));
  if (const auto moved = repository.set_ref("refs/heads/" + branch, commit); !moved) {
    return within("--branch " + branch, moved.error());
  }
  tell(context, story, branch, commit);
  return {};
}

}  // namespace

void add_export(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "export", "The winning chain, with results.tsv, as a branch of your repository");
  command->group(kGroupLook);
  add_lab(*command, context);
  command->add_option("--branch", options->branch, "Its name (default: swarmlab/LAB)");
  command->add_flag("--force", options->force, "Overwrite a branch that is no export of this lab");
  add_json(*command, context);
  add_quiet(*command, context);
  add_examples(*command,
               "  swarmlab export\n"
               "  swarmlab export my-lab --branch notebook && git log notebook");
  command->callback([&context, options] {
    context.action = [&context, options] { return export_chain(context, *options); };
  });
}

}  // namespace swarmlab::cli
