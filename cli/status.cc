// `swarmlab status`: what runs, how far it is, who works on it.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <ostream>

#include "cli/commands.h"
#include "cli/overview.h"
#include "cli/swarm.h"
#include "cli/text.h"
#include "cli/views.h"
#include "common/wire/json_codec.h"

namespace swarmlab::cli {

namespace {

void print_disk_and_backup(const Context& context, schema::CoordinatorView::Reader coordinator) {
  if (const auto disk = text_of(coordinator.getDisk()); !disk.empty() && disk != "ok") {
    context.out << "disk         " << disk << '\n';
  }
  if (const auto taken = time_of(coordinator.getLastBackupAt())) {
    context.out << "last backup  " << ago(*taken, context.now()) << ", "
                << text_of(coordinator.getLastBackup()) << '\n';
  } else if (coordinator.getRunning()) {
    context.out << "last backup  none\n";
  }
  context.out << '\n';
}

void print_coordinator(const Context& context, schema::CoordinatorView::Reader coordinator) {
  if (!coordinator.getRunning()) {
    context.out << "coordinator  not running: read from " << text_of(coordinator.getStore())
                << '\n';
    print_disk_and_backup(context, coordinator);
    return;
  }
  std::string line = fmt::format("coordinator  running, pid {}", coordinator.getPid());
  if (const auto started = time_of(coordinator.getStartedAt())) {
    line += ", started " + ago(*started, context.now());
  }
  context.out << line << "\n             " << text_of(coordinator.getAddress()) << '\n';
  print_disk_and_backup(context, coordinator);
}

// "circles: a new best within 20 experiments has a chance of 34 %; ..."
void print_prospects(const Context& context, capnp::List<schema::LabView>::Reader labs) {
  for (const auto lab : labs) {
    const auto chance = number_of(lab.getGainChance());
    if (!chance) continue;
    std::string line = fmt::format("{}: a new best within {} experiments has a chance of {} %",
                                   one_line(text_of(lab.getName())), lab.getGainExperiments(),
                                   rounded_text(100.0 * *chance));
    if (const auto gain = number_of(lab.getGainPerExperiment())) {
      line += fmt::format("; {:.3g} expected of each", *gain);
    }
    if (const auto gain = number_of(lab.getGainPerDollar())) {
      line += fmt::format(", {:.3g} of a dollar", *gain);
    }
    if (const auto mad = number_of(lab.getMadConfidence())) {
      line += fmt::format("; MAD confidence {}", rounded_text(*mad));
    }
    context.out << line << '\n';
  }
}

// How far candidates climbed, and what to be warned of.
void print_ladders(const Context& context, capnp::List<schema::LabView>::Reader labs) {
  for (const auto lab : labs) {
    const std::string name = one_line(text_of(lab.getName()));
    if (lab.getLadder().size() > 0) {
      context.out << name << " ladder: " << one_line(text_of(lab.getLadder()));
      if (const auto champion = count_of(lab.getChampion())) {
        context.out << fmt::format(", champion #{} of {}", *champion,
                                   one_line(text_of(lab.getChampionScale())));
      }
      context.out << '\n';
    }
    for (const auto warning : lab.getWarnings()) {
      context.out << name << " warning: " << one_line(text_of(warning)) << '\n';
    }
  }
}

// Why labs that run get no more work done just now.
void print_waiting(const Context& context, capnp::List<schema::LabView>::Reader labs) {
  for (const auto lab : labs) {
    if (lab.getWaiting().size() == 0) continue;
    context.out << one_line(text_of(lab.getName()))
                << " waits: " << one_line(text_of(lab.getWaiting())) << '\n';
  }
}

void print_status(const Context& context, schema::StatusView::Reader status) {
  print_coordinator(context, status.getCoordinator());
  print_labs(context, status.getLabs());
  print_prospects(context, status.getLabs());
  print_ladders(context, status.getLabs());
  if (status.getCoordinator().getRunning()) {
    print_waiting(context, status.getLabs());
    if (status.getAlarm().size() > 0) {
      context.out << "\nalarm: " << one_line(text_of(status.getAlarm())) << '\n';
    }
    context.out << '\n';
    print_workers(context, status.getWorkers());
  }
}

Result<void> run_status(const Context& context) {
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(reply, swarm->ask([](schema::Query::Builder query) { query.setStatus(); }));
  if (!reply.body().isStatus()) return tl::unexpected(unexpected_reply("status"));
  const auto status = reply.body().getStatus();
  if (context.json) {
    context.out << wire::to_json(status, wire::JsonStyle::pretty) << '\n';
  } else {
    print_status(context, status);
  }
  return {};
}

Result<void> run_labs(const Context& context) {
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(reply, ask_labs(*swarm));
  const auto labs = reply.body().getLabs().getLabs();
  if (context.json) {
    print_array(context.out, labs, [](auto lab) { return wire::to_json(lab); });
  } else {
    print_labs(context, labs);
  }
  return {};
}

Result<void> run_workers(const Context& context) {
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(reply, swarm->ask([](schema::Query::Builder query) { query.setStatus(); }));
  if (!reply.body().isStatus()) return tl::unexpected(unexpected_reply("workers"));
  const auto workers = reply.body().getStatus().getWorkers();
  if (context.json) {
    print_array(context.out, workers, [](auto worker) { return wire::to_json(worker); });
  } else {
    print_workers(context, workers);
  }
  return {};
}

void add_query(CLI::App& app, Context& context, const char* name, const char* about,
               Result<void> (*run)(const Context&)) {
  CLI::App* command = app.add_subcommand(name, about);
  command->group(kGroupLook);
  add_json(*command, context);
  add_connect(*command, context);
  add_examples(*command, fmt::format("  swarmlab {0}\n  swarmlab {0} --json", name));
  command->callback([&context, run] { context.action = [&context, run] { return run(context); }; });
}

}  // namespace

void add_status(CLI::App& app, Context& context) {
  add_query(app, context, "status", "What runs, how far it is, who works on it", run_status);
}

void add_labs(CLI::App& app, Context& context) {
  add_query(app, context, "labs", "The labs of this swarm", run_labs);
}

void add_workers(CLI::App& app, Context& context) {
  add_query(app, context, "workers", "The workers of this swarm", run_workers);
}

}  // namespace swarmlab::cli
