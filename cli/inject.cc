// `swarmlab inject COMMIT`: a person's candidate, from a commit of their repository. It is measured
// and judged like any other.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <optional>
#include <ostream>

#include "cli/commands.h"
#include "cli/locate.h"
#include "cli/open_lab.h"
#include "cli/swarm.h"
#include "cli/upload.h"
#include "cli/views.h"
#include "common/git/library.h"
#include "common/git/pack_file.h"
#include "common/git/repository.h"
#include "common/os/file.h"
#include "common/wire/json_codec.h"
#include "common/wire/record_codec.h"

namespace swarmlab::cli {

namespace {

constexpr std::size_t kMostAncestors = 10'000;

struct InjectOptions {
  std::string commit;
  std::string hypothesis;
  std::string mechanism;
  std::uint64_t parent = 0;  // 0: found out
};

using Kept = std::map<ObjectId, std::uint64_t>;  // the frontier: commits and their experiments

Result<Kept> frontier_of(Swarm& swarm, const std::string& lab) {
  SWARMLAB_TRY(reply, swarm.ask([&](schema::Query::Builder query) { query.setFrontier(lab); }));
  if (!reply.body().isFrontier()) return tl::unexpected(unexpected_reply("frontier"));
  Kept kept;
  for (const auto entry : reply.body().getFrontier().getEntries()) {
    if (const auto commit = ObjectId::from_hex(text_of(entry.getCommit()))) {
      kept.emplace(*commit, entry.getNumber());
    }
  }
  return kept;
}

// The nearest kept candidate that the commit was made from, by its first parents.
std::optional<Kept::value_type> origin_of(const git::Repository& repository, ObjectId commit,
                                          const Kept& kept) {
  for (std::size_t steps = 0; steps < kMostAncestors; ++steps) {
    const auto parents = repository.parents_of(commit);
    if (!parents || parents->empty()) return std::nullopt;
    commit = parents->front();
    if (const auto found = kept.find(commit); found != kept.end()) return *found;
  }
  return std::nullopt;
}

Result<void> send(Swarm& swarm, const git::Repository& repository, const ObjectId& commit,
                  const std::optional<ObjectId>& had) {
  SWARMLAB_TRY(folder, TempFolder::create(std::filesystem::temp_directory_path().string(),
                                          "swarmlab-inject"));
  const std::string file = folder.path() + "/pack";
  std::vector<ObjectId> there;
  if (had) there.push_back(*had);
  SWARMLAB_TRY(pack, git::write_pack_file(repository, {commit}, there, file));
  return upload(swarm, commit, file, pack);
}

void tell(const Context& context, schema::InjectedView::Reader injected) {
  if (!injected.getIsNew()) {
    context.note(
        fmt::format("the same candidate was there already: experiment {}; "
                    "swarmlab show {}",
                    injected.getExperiment(), injected.getExperiment()));
    return;
  }
  context.note(fmt::format("experiment {} measures it, as a change of #{}; swarmlab show {} tells",
                           injected.getExperiment(), count_of(injected.getParent()).value_or(0),
                           injected.getExperiment()));
}

Result<void> inject(const Context& context, const InjectOptions& options) {
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(lab, swarm->lab_of(context));
  const git::Library library;
  SWARMLAB_TRY(repository, git::Repository::discover(context.cwd.string()));
  SWARMLAB_TRY(commit, repository.resolve_commit(options.commit));
  SWARMLAB_TRY(kept, frontier_of(*swarm, lab));
  const auto origin = origin_of(repository, commit, kept);
  std::optional<ObjectId> had;
  if (origin) had = origin->first;
  SWARMLAB_CHECK(send(*swarm, repository, commit, had));
  SWARMLAB_TRY(reply, swarm->request([&](schema::Envelope::Body::Builder body) {
    auto wish = body.initInject();
    wish.setLab(lab);
    wish.setCommit(wire::data_of(commit));
    wish.setHypothesis(options.hypothesis);
    wish.setMechanism(options.mechanism);
    wish.setWho(who_asks(context));
    wish.setParent(options.parent != 0 ? options.parent : origin ? origin->second : 0);
  }));
  if (!reply.body().isInjected()) return tl::unexpected(unexpected_reply("inject"));
  if (context.json) {
    context.out << wire::to_json(reply.body().getInjected(), wire::JsonStyle::pretty) << '\n';
  } else {
    tell(context, reply.body().getInjected());
  }
  return {};
}

}  // namespace

void add_inject(CLI::App& app, Context& context) {
  auto options = std::make_shared<InjectOptions>();
  CLI::App* command =
      app.add_subcommand("inject", "Have a commit of your own measured, like any candidate");
  command->group(kGroupSteer);
  command->add_option("COMMIT", options->commit, "Of this repository: a name or an id")->required();
  add_lab_flag(*command, context);
  command->add_option("--hypothesis", options->hypothesis, "What it tries");
  command->add_option("--mechanism", options->mechanism, "Why it should help");
  command
      ->add_option("--parent", options->parent,
                   "The kept experiment that it changes (default: the nearest that it was made "
                   "from, else the baseline)")
      ->check(CLI::PositiveNumber);
  add_json(*command, context);
  add_quiet(*command, context);
  add_connect(*command, context);
  add_examples(*command,
               "  swarmlab inject HEAD --hypothesis \"unroll the inner loop\"\n"
               "  swarmlab inject my-branch --lab my-lab --connect tcp://host:7000");
  command->callback([&context, options] {
    context.action = [&context, options] { return inject(context, *options); };
  });
}

}  // namespace swarmlab::cli
