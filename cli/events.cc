// `swarmlab events`: what happened, in order; --follow goes on as it happens.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <memory>
#include <optional>
#include <ostream>

#include "cli/commands.h"
#include "cli/text.h"
#include "cli/views.h"
#include "common/os/signals.h"
#include "common/wire/json_codec.h"

namespace swarmlab::cli {

namespace {

constexpr std::uint32_t kPage = 500;
constexpr std::uint32_t kWaitMs = 500;  // how long Ctrl-C may have to wait for an answer

struct EventsOptions {
  bool follow = false;
  std::uint64_t after = 0;
  std::uint64_t last = 0;
};

std::string clock_text(std::optional<Timestamp> at) {
  if (!at) return std::string(8, ' ');
  const std::chrono::hh_mm_ss time(
      std::chrono::floor<std::chrono::seconds>(*at - std::chrono::floor<std::chrono::days>(*at)));
  return fmt::format("{:02}:{:02}:{:02}", time.hours().count(), time.minutes().count(),
                     time.seconds().count());
}

void print_event(const Context& context, schema::EventView::Reader event) {
  if (context.json) {
    context.out << wire::to_json(event) << '\n';
    return;
  }
  std::string subject = text_of(event.getLab());
  if (const auto number = count_of(event.getExperiment())) subject += fmt::format(" #{}", *number);
  const std::string line =
      fmt::format("{:>6.0f}  {}  {:<18}  ", event.getSequence(), clock_text(time_of(event.getAt())),
                  text_of(event.getKind()));
  context.out << line << painted(one_line(subject), Paint::bold, context.color)
              << (subject.empty() ? "" : "  ") << one_line(text_of(event.getText())) << '\n';
}

Result<wire::Incoming> ask(Swarm& swarm, std::uint64_t after, std::uint32_t wait_ms) {
  SWARMLAB_TRY(reply, swarm.ask([&](schema::Query::Builder query) {
    auto events = query.initEvents();
    events.setAfter(after);
    events.setLimit(kPage);
    events.setWaitMs(wait_ms);
  }));
  if (!reply.body().isEvents()) return tl::unexpected(unexpected_reply("events"));
  return std::move(reply);
}

// Where the last `count` begin: sequences have no gaps that matter to a person.
Result<std::uint64_t> start_of(Swarm& swarm, const EventsOptions& options) {
  if (options.last == 0) return options.after;
  SWARMLAB_TRY(reply, ask(swarm, UINT64_MAX >> 12U, 0));
  const auto end = static_cast<std::uint64_t>(std::max(0.0, reply.body().getEvents().getLast()));
  return std::max(options.after, end - std::min(end, options.last));
}

Result<void> print_events(Context& context, const EventsOptions& options) {
  std::optional<SignalWatch> signals;
  if (options.follow) {  // before a thread of the connection starts
    SWARMLAB_TRY(watch, SignalWatch::make({SIGINT, SIGTERM}));
    signals = std::move(watch);
  }
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(after, start_of(*swarm, options));
  const bool follow = options.follow && swarm->is_live();
  while (true) {
    SWARMLAB_TRY(reply, ask(*swarm, after, follow ? kWaitMs : 0));
    const auto events = reply.body().getEvents().getEvents();
    for (const auto event : events) {
      print_event(context, event);
      after = std::max(after, static_cast<std::uint64_t>(event.getSequence()));
    }
    context.out.flush();
    if (signals && signals->take()) {
      context.exit_code = kInterrupted;
      return {};
    }
    if (!context.out) return {};  // nobody reads any more: a pipe that was closed
    if (!follow && events.size() < kPage) break;
  }
  if (options.follow) context.note("no coordinator runs: there is nothing to follow");
  return {};
}

}  // namespace

void add_events(CLI::App& app, Context& context) {
  auto options = std::make_shared<EventsOptions>();
  CLI::App* command = app.add_subcommand("events", "What happened, in order");
  command->group(kGroupLook);
  command->add_flag("-f,--follow", options->follow, "Go on as more happens");
  command->add_option("--after", options->after, "Only those after this sequence number");
  command->add_option("--last", options->last, "Only the newest N")->check(CLI::PositiveNumber);
  command->add_flag("--json", context.json, "Print JSON, one event a line");
  add_quiet(*command, context);
  add_connect(*command, context);
  add_examples(*command,
               "  swarmlab events --last 20\n"
               "  swarmlab events --follow --json --after 1200");
  command->callback([&context, options] {
    context.action = [&context, options] { return print_events(context, *options); };
  });
}

}  // namespace swarmlab::cli
