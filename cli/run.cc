// `swarmlab run`: a coordinator in this process, workers as processes of their own, and a view of
// what happens, until the lab stops or a person does.
#include <poll.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <csignal>
#include <limits>
#include <ostream>

#include "cli/commands.h"
#include "cli/endpoint.h"
#include "cli/home.h"
#include "cli/hosted_coordinator.h"
#include "cli/lab_source.h"
#include "cli/local_workers.h"
#include "cli/open_lab.h"
#include "cli/run_flags.h"
#include "cli/run_view.h"
#include "cli/swarm.h"
#include "cli/text.h"
#include "common/log/log.h"
#include "common/os/host.h"
#include "common/os/signals.h"

namespace swarmlab::cli {

namespace {

constexpr std::uint32_t kWaitMs = 250;  // for events: how late a Ctrl-C may be noticed
constexpr unsigned kMostWorkers = 512;

struct RunOptions {
  unsigned workers = 0;  // 0: by the machine
  std::vector<std::string> expose;
  std::string sandbox = "bubblewrap";
  std::vector<std::string> agent_args;
  std::shared_ptr<RunFlags> flags;
};

unsigned workers_for_this_machine() {
  return std::clamp(read_host_facts().cores, 1U, 8U);
}

class Run {
 public:
  Run(Context& context, const RunOptions& options, SignalWatch signals)
      : context_(context), options_(options), signals_(std::move(signals)), view_(context) {}

  Result<void> go() {
    SWARMLAB_TRY(place, locate_lab(context_));
    SWARMLAB_CHECK(check(place));
    SWARMLAB_TRY(state, make_state_folder(place.root));
    SWARMLAB_CHECK(log::init({.level = log::Level::info, .file = (state / "swarm.log").string()}));
    SWARMLAB_CHECK(host(state));
    SWARMLAB_TRY(runs, open(place));
    coordinator_->serve();
    SWARMLAB_TRY(swarm, Swarm::open(asking_our_coordinator()));
    swarm_ = std::move(swarm);
    SWARMLAB_CHECK(skip_old_events());
    if (runs) {
      SWARMLAB_CHECK(start_workers(state));
      SWARMLAB_CHECK(watch());
    }
    return finish();
  }

 private:
  Result<LabOverrides> overrides_for(const LabPlace& place) const {
    SWARMLAB_TRY(overrides, resolve(*options_.flags, place.folder));
    overrides.agent_args = options_.agent_args;
    return std::move(overrides);
  }

  // What is wrong with the lab is told before anything is written.
  Result<void> check(const LabPlace& place) const {
    SWARMLAB_TRY(overrides, overrides_for(place));
    SWARMLAB_TRY(settings, check_lab_source(place, overrides));
    for (const std::string& name : settings.agent.env) {
      if (context_.environment.contains(name)) continue;
      return fail(ErrorCode::invalid_input,
                  "variable {} of [agent] env is not set, expected it in the environment of "
                  "swarmlab run",
                  name);
    }
    return {};
  }

  Result<void> host(const std::filesystem::path& state) {
    address_ = "ipc://" + socket_file_of(state).string();
    SWARMLAB_TRY(started, HostedCoordinator::start({.folder = state, .address = address_}));
    coordinator_ = std::move(started);
    return {};
  }

  // Whether it runs.
  Result<bool> open(const LabPlace& place) {
    SWARMLAB_TRY(overrides, overrides_for(place));
    SWARMLAB_TRY(opened, open_lab(context_, coordinator_->server(), place, overrides));
    lab_ = place.name;
    return opened.stays_stopped.empty();
  }

  [[nodiscard]] Context asking_our_coordinator() const {
    Context asking = context_;
    asking.connect = address_;
    return asking;
  }

  // Before the workers start, so that none of theirs is missed.
  Result<void> skip_old_events() {
    SWARMLAB_TRY(reply, swarm_->ask([](schema::Query::Builder query) {
      query.initEvents().setAfter(std::numeric_limits<std::uint64_t>::max());
    }));
    if (!reply.body().isEvents()) return tl::unexpected(unexpected_reply("events"));
    last_event_ = static_cast<std::uint64_t>(reply.body().getEvents().getLast());
    return {};
  }

  Result<void> start_workers(const std::filesystem::path& state) {
    SWARMLAB_TRY(program, self_executable());
    LocalWorkersOptions workers{.program = program,
                                .folder = state / "workers",
                                .address = address_,
                                .count = options_.workers,
                                .arguments = {"--sandbox", options_.sandbox}};
    for (const std::string& path : options_.expose) {
      workers.arguments.push_back("--expose");
      workers.arguments.push_back(path);
    }
    SWARMLAB_CHECK(make_folders_for(workers.folder));
    SWARMLAB_TRY(started, LocalWorkers::start(workers));
    workers_.emplace(std::move(started));
    return {};
  }

  static Result<void> make_folders_for(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return fail(ErrorCode::unavailable, "{}: {}", folder.string(), error.message());
    return {};
  }

  Result<void> watch() {
    while (!workers_->all_ended()) {
      take_signals();
      SWARMLAB_CHECK(tend_workers());
      if (!coordinator_->alive()) return coordinator_->stop();
      SWARMLAB_CHECK(show_news());
      if (!leaving_ && lab_stopped_) {
        leaving_ = true;
        workers_->leave();
      }
    }
    return show_news();
  }

  Result<void> tend_workers() {
    const auto alive = workers_->tend();
    for (const std::string& end : workers_->take_ends()) {
      view_.erase();
      context_.note(end);
    }
    return alive;
  }

  void take_signals() {
    while (signals_.take()) {
      view_.erase();
      if (!interrupted_) {
        context_.note("finishing what runs; once more to stop at once");
      }
      interrupted_ = true;
      leaving_ = true;
      workers_->leave();
    }
  }

  Result<void> show_news() {
    SWARMLAB_TRY(reply, swarm_->ask([this](schema::Query::Builder query) {
      auto events = query.initEvents();
      events.setAfter(last_event_);
      events.setWaitMs(kWaitMs);
    }));
    if (!reply.body().isEvents()) return tl::unexpected(unexpected_reply("events"));
    const auto events = reply.body().getEvents();
    last_event_ = static_cast<std::uint64_t>(events.getLast());
    for (const auto event : events.getEvents()) {
      tell_why_handed_back(event);
      if (text_of(event.getKind()) != "experiment_finished" || text_of(event.getLab()) != lab_)
        continue;
      if (const auto number = count_of(event.getExperiment()))
        SWARMLAB_CHECK(show_verdict(*number));
    }
    if (events.getEvents().size() > 0 || view_.live()) return show_state();
    return {};
  }

  // A worker that fails gives its work back and tries again, later and later: a person should not
  // have to look into its log to know. What we interrupted ourselves is no news.
  void tell_why_handed_back(schema::EventView::Reader event) {
    const std::string why = one_line(text_of(event.getWhy()));
    if (leaving_ || why.empty() || text_of(event.getLab()) != lab_) return;
    const auto number = count_of(event.getExperiment());
    view_.erase();
    context_.note(fmt::format("{}goes back, its worker failed: {}",
                              number ? fmt::format("#{} ", *number) : "", why));
  }

  Result<void> show_verdict(std::uint32_t number) {
    SWARMLAB_TRY(reply, swarm_->ask([&](schema::Query::Builder query) {
      auto experiments = query.initExperiments();
      experiments.setLab(lab_);
      experiments.setAfter(number - 1);
      experiments.setLimit(1);
    }));
    if (!reply.body().isExperiments()) return tl::unexpected(unexpected_reply("experiments"));
    for (const auto experiment : reply.body().getExperiments().getExperiments())
      view_.verdict(experiment);
    return {};
  }

  Result<void> show_state() {
    SWARMLAB_TRY(labs, ask_labs(*swarm_));
    const auto lab = find_lab_view(labs, lab_);
    if (!lab) return fail(ErrorCode::internal, "lab {} is gone", lab_);
    lab_stopped_ = text_of(lab->getState()) == "stopped";
    if (!view_.live()) return {};
    SWARMLAB_TRY(running, load_experiments(*swarm_, lab_, {.verdict = "running", .last = 0}));
    view_.draw(*lab, running.views, {});
    return {};
  }

  Result<void> finish() {
    SWARMLAB_TRY(labs, ask_labs(*swarm_));
    if (const auto lab = find_lab_view(labs, lab_)) view_.summary(*lab, context_.lab);
    swarm_.reset();
    SWARMLAB_CHECK(coordinator_->stop());
    if (interrupted_) {
      context_.note("interrupted; swarmlab run goes on where it was");
      context_.exit_code = kInterrupted;
    }
    return {};
  }

  Context& context_;
  const RunOptions& options_;
  SignalWatch signals_;
  std::string address_;
  std::string lab_;
  std::unique_ptr<HostedCoordinator> coordinator_;
  std::unique_ptr<Swarm> swarm_;
  std::optional<LocalWorkers> workers_;  // goes before the coordinator
  RunView view_;
  std::uint64_t last_event_ = 0;
  bool lab_stopped_ = false;
  bool leaving_ = false;
  bool interrupted_ = false;
};

Result<void> run(Context& context, RunOptions& options) {
  if (options.workers == 0) options.workers = workers_for_this_machine();
  SWARMLAB_TRY(signals, SignalWatch::make({SIGINT, SIGTERM}));
  return Run(context, options, std::move(signals)).go();
}

}  // namespace

void add_run(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand(
      "run", "Run a lab until a stop condition holds; goes on where an earlier run was");
  command->group(kGroupRun);
  const auto options = std::make_shared<RunOptions>();
  add_lab(*command, context);
  command
      ->add_option("--workers", options->workers,
                   "Worker processes on this machine (default: one a core, at most 8)")
      ->check(CLI::Range(1U, kMostWorkers));
  options->flags = add_run_flags(*command);
  command->add_option("--expose", options->expose,
                      "A path of this machine that sandboxes see, read-only (may be given again)");
  command
      ->add_option("--sandbox", options->sandbox,
                   "bubblewrap, or none: no isolation at all, scores can be forged")
      ->check(CLI::IsMember({"bubblewrap", "none"}));
  add_json(*command, context);
  add_quiet(*command, context);
  add_examples(*command,
               "  swarmlab run                                # the lab of this folder\n"
               "  swarmlab run my-lab --workers 4 --max-iterations 60\n"
               "  swarmlab run my-lab --max-hours 8 -- --effort high   # more for the agent\n"
               "Ctrl-C finishes what runs, a second one stops at once; the next run goes on.");
  command->callback([&context, options] {
    options->agent_args = context.after_dashes;
    context.action = [&context, options] { return run(context, *options); };
  });
}

}  // namespace swarmlab::cli
