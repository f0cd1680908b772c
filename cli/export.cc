// `swarmlab export`: the winning chain, with the table of results, as a branch of the user's
// repository. Writes objects and that one branch, nothing else.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <system_error>
#include <vector>

#include "cli/commands.h"
#include "cli/download.h"
#include "cli/lab_texts.h"
#include "cli/locate.h"
#include "cli/notebook.h"
#include "cli/own_log.h"
#include "cli/peer.h"
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

struct ExportOptions {
  std::string branch;  // empty: swarmlab/LAB
  bool force = false;
};

// The part of the chain that one lab found.
struct Chapter {
  std::string lab;
  std::string metric;
  Experiments experiments;
  std::vector<View> chain;  // the baseline first
};

// What there is to export: of a branch, what led to it comes first.
struct Story {
  std::string folder;
  std::deque<Chapter> before;  // up to the experiment that the next one began with
  Chapter own;                 // the best last
};

// From the baseline to this experiment, or to the best one.
Result<std::vector<View>> chain_to(const Experiments& experiments,
                                   std::optional<std::uint32_t> last) {
  std::map<std::uint64_t, View> by_number;
  std::optional<View> at;
  for (const View& view : experiments.views) {
    by_number.emplace(view.getNumber(), view);
    if (last ? view.getNumber() == *last : view.getIsBest()) at = view;
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
  return chain;
}

Result<Chapter> load_chapter(Swarm& swarm, schema::LabView::Reader lab,
                             std::optional<std::uint32_t> last) {
  Chapter chapter{.lab = text_of(lab.getName()),
                  .metric = text_of(lab.getMetric()),
                  .experiments = {},
                  .chain = {}};
  SWARMLAB_TRY(experiments, load_experiments(swarm, chapter.lab, {}));
  chapter.experiments = std::move(experiments);
  SWARMLAB_TRY(chain, chain_to(chapter.experiments, last));
  chapter.chain = std::move(chain);
  return chapter;
}

Result<schema::LabView::Reader> view_of(const wire::Incoming& labs, const std::string& lab) {
  const auto view = find_lab_view(labs, lab);
  if (!view) return fail(ErrorCode::not_found, "no lab {} here; swarmlab labs lists them", lab);
  return *view;
}

Result<Story> load_story(const Context& context, Swarm& swarm) {
  SWARMLAB_TRY(lab, swarm.lab_of(context));
  SWARMLAB_TRY(labs, ask_labs(swarm));
  SWARMLAB_TRY(view, view_of(labs, lab));
  Story story{.folder = text_of(view.getFolder()), .before = {}, .own = {}};
  // Where there is a ladder, who leads on its largest scale; else the best.
  SWARMLAB_TRY(own, load_chapter(swarm, view, count_of(view.getChampion())));
  story.own = std::move(own);
  if (story.own.chain.size() < 2) {
    return fail(ErrorCode::not_found,
                "nothing better than the baseline was found yet, so there is nothing to export");
  }
  for (auto from = count_of(view.getBranchedFrom()); from;) {
    SWARMLAB_TRY(parent, view_of(labs, text_of(view.getParent())));
    SWARMLAB_TRY(chapter, load_chapter(swarm, parent, from));
    if (chapter.chain.empty()) {
      return fail(ErrorCode::corrupt, "experiment {} of {} is not there", *from, chapter.lab);
    }
    story.before.insert(story.before.begin(), std::move(chapter));
    view = parent;
    from = count_of(view.getBranchedFrom());
  }
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
  if (force || is_summary_of(story.own.lab, message)) return {};
  return fail(ErrorCode::conflict,
              "branch {} is there and is no export of lab {}: export to another with --branch, or "
              "overwrite it with --force",
              branch, story.own.lab);
}

NotebookEntry entry_of(const Chapter& chapter, View view, View parent) {
  return {.lab = chapter.lab,
          .metric = chapter.metric,
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

// Brings the candidate of a lab's experiment into the repository.
using Bring = std::function<Result<void>(const std::string& lab, View view, const ObjectId&)>;

// The candidates' trees under messages of our own.
class ChainWriter {
 public:
  ChainWriter(const Bring& bring, git::Repository& repository, ObjectId tip)
      : bring_(bring), repository_(repository), tip_(tip) {}

  /// Of the first chapter the baseline is there already; of a branch it is the candidate that the
  /// chapter before ends with, unless the branch has other instructions.
  Result<void> add(const Chapter& chapter, bool is_branch) {
    if (is_branch) SWARMLAB_CHECK(add_instructions(chapter));
    for (std::size_t i = 1; i < chapter.chain.size(); ++i) {
      const View view = chapter.chain[i];
      const std::string message = message_of(entry_of(chapter, view, chapter.chain[i - 1]));
      SWARMLAB_TRY(tree, tree_of(chapter, view));
      SWARMLAB_CHECK(commit(tree, view, message));
    }
    return {};
  }
  [[nodiscard]] const ObjectId& tip() const { return tip_; }

 private:
  Result<void> add_instructions(const Chapter& chapter) {
    const View baseline = chapter.chain.front();
    SWARMLAB_TRY(tree, tree_of(chapter, baseline));
    SWARMLAB_TRY(before, repository_.tree_of(tip_));
    if (tree == before) return {};
    return commit(tree, baseline, chapter.lab + ": other instructions\n");
  }

  Result<ObjectId> tree_of(const Chapter& chapter, View view) {
    SWARMLAB_TRY(candidate, id_of(view.getCommit()));
    SWARMLAB_CHECK(bring_(chapter.lab, view, candidate));
    return repository_.tree_of(candidate);
  }

  Result<void> commit(const ObjectId& tree, View view, const std::string& message) {
    SWARMLAB_TRY(commit, repository_.commit(tree, {tip_}, text_at(view, message)));
    tip_ = commit;
    return {};
  }

  const Bring& bring_;
  git::Repository& repository_;
  ObjectId tip_;
};

// From the commit on that the first lab began with.
Result<ObjectId> write_chain(const Story& story, const Bring& bring, git::Repository& repository) {
  const Chapter& first = story.before.empty() ? story.own : story.before.front();
  SWARMLAB_TRY(start, id_of(first.chain.front().getParentCommit()));
  if (!repository.has(start)) {
    return fail(ErrorCode::not_found,
                "commit {}, which the lab started from, is not in this repository any more",
                start.brief());
  }
  ChainWriter writer(bring, repository, start);
  for (const Chapter& chapter : story.before) {
    SWARMLAB_CHECK(writer.add(chapter, &chapter != &story.before.front()));
  }
  SWARMLAB_CHECK(writer.add(story.own, !story.before.empty()));
  return writer.tip();
}

NotebookSummary summary_of(const Chapter& story) {
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

// The tables that the branch is to have, by path: where the lab wants its results, and the logs
// that a predecessor's lab keeps, continued in their own form.
Result<std::map<std::string, std::string>> tables_of(const Story& story,
                                                     const git::Repository& repository,
                                                     const ObjectId& tree) {
  SWARMLAB_TRY(texts, lab_texts_at(repository, tree, story.folder, story.own.lab));
  SWARMLAB_TRY(settings, read_lab(texts));
  const fs::path results = fs::path(story.folder) / settings.results_file;
  std::map<std::string, std::string> tables{{results.lexically_normal().generic_string(),
                                             results_tsv(rows_of(story.own.experiments, false))}};
  const predecessors::LogOf of{.lab = story.own.lab,
                               .metric = settings.metric.name,
                               .lower_is_better = settings.metric.direction == Direction::minimize};
  const auto runs = runs_of(story.own.experiments);
  for (OwnLog& log : own_logs(repository.folder(), story.folder, settings.results_file)) {
    tables[log.path] = predecessors::continued(log.format, std::move(log.text), of, runs);
  }
  return tables;
}

Result<ObjectId> add_results(const Story& story, git::Repository& repository,
                             const ObjectId& chain) {
  SWARMLAB_TRY(tree, repository.tree_of(chain));
  SWARMLAB_TRY(tables, tables_of(story, repository, tree));
  std::vector<git::PathEdit> leaves;
  for (const auto& [path, text] : tables) {
    SWARMLAB_TRY(blob, repository.write_blob(text));
    leaves.push_back({path, git::Leaf{.id = blob}});
  }
  SWARMLAB_TRY(with_table, repository.replace_paths(tree, leaves));
  return repository.commit(
      with_table, {chain},
      text_at(story.own.experiments.views.back(), message_of(summary_of(story.own))));
}

void tell(const Context& context, const Chapter& story, const std::string& branch,
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

// From where the coordinator of this repository keeps them.
Result<Bring> from_disk(const fs::path& root, git::Repository& repository) {
  const std::string folder = (state_folder(root) / "objects.git").string();
  auto opened = git::Repository::open(folder);
  if (!opened) {
    return fail(
        ErrorCode::not_found,
        "{} is not there: export from the repository that the coordinator works in, or name "
        "the coordinator with --connect",
        folder);
  }
  auto objects = std::make_shared<git::Repository>(*std::move(opened));
  return Bring([objects, &repository](const std::string&, View, const ObjectId& candidate) {
    return git::copy_commit(*objects, candidate, repository);
  });
}

Bring from_afar(Swarm& swarm, git::Repository& repository) {
  return [&](const std::string& lab, View view, const ObjectId& candidate) {
    return download(swarm, {.lab = lab, .experiment = view.getNumber(), .commit = candidate},
                    repository);
  };
}

Result<void> export_chain(const Context& context, const ExportOptions& options) {
  SWARMLAB_TRY(root, locate_root(context));
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(story, load_story(context, *swarm));
  SWARMLAB_TRY(repository, git::Repository::open(root.string()));
  SWARMLAB_TRY(elsewhere, chosen_peer(context));
  Bring bring = from_afar(*swarm, repository);
  if (!elsewhere) {
    SWARMLAB_TRY(here, from_disk(root, repository));
    bring = std::move(here);
  }
  const std::string branch =
      options.branch.empty() ? "swarmlab/" + safe_name(story.own.lab) : options.branch;
  SWARMLAB_CHECK(check_branch(repository, story, branch, options.force));
  SWARMLAB_TRY(chain, write_chain(story, bring, repository));
  SWARMLAB_TRY(commit, add_results(story, repository, chain));
  if (const auto moved = repository.set_ref("refs/heads/" + branch, commit); !moved) {
    return within("--branch " + branch, moved.error());
  }
  tell(context, story.own, branch, commit);
  return {};
}

}  // namespace

void add_export(CLI::App& app, Context& context) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* command = app.add_subcommand(
      "export", "The winning chain, with results.tsv, as a branch of your repository");
  command->group(kGroupLook);
  add_lab(*command, context);
  command->add_option("--branch", options->branch, "Its name (default: swarmlab/LAB)");
  command->add_flag("--force", options->force, "Overwrite a branch that is no export of this lab");
  add_json(*command, context);
  add_quiet(*command, context);
  add_connect(*command, context);
  add_examples(
      *command,
      "  swarmlab export\n"
      "  swarmlab export my-lab --branch notebook && git log notebook\n"
      "  swarmlab export my-lab --connect tcp://host:7000 --key me.key --server-key server.pub");
  command->callback([&context, options] {
    context.action = [&context, options] { return export_chain(context, *options); };
  });
}

}  // namespace swarmlab::cli
