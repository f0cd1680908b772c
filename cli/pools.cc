// `swarmlab pools`: what each pool of workers could be used for, and why.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <ostream>

#include "cli/commands.h"
#include "cli/text.h"
#include "cli/views.h"
#include "common/wire/json_codec.h"

namespace swarmlab::cli {

namespace {

std::string whole(std::uint32_t number) {
  return fmt::format("{}", number);
}

void print_pools(const Context& context, capnp::List<schema::PoolView>::Reader pools) {
  if (pools.size() == 0) {
    context.out << "no worker was ever here, and no lab asks for one\n";
    return;
  }
  using Align = Column::Align;
  Table table({{"POOL"},
               {"WORKERS", Align::right},
               {"SLOTS", Align::right},
               {"RUNNING", Align::right},
               {"IDLE", Align::right},
               {"LEASABLE", Align::right},
               {"WANTED", Align::right}});
  for (const auto pool : pools) {
    table.add({Cell(one_line(text_of(pool.getName())), Paint::bold), whole(pool.getWorkers()),
               whole(pool.getSlots()), whole(pool.getRunning()), whole(pool.getIdle()),
               whole(pool.getLeasable()), whole(pool.getWanted())});
  }
  table.print(context.out, context.color, context.width);
  for (const auto pool : pools) {
    context.out << fmt::format("{}: {}\n", one_line(text_of(pool.getName())),
                               one_line(text_of(pool.getWhy())));
  }
}

Result<void> run_pools(const Context& context) {
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(reply, swarm->ask([](schema::Query::Builder query) { query.setPools(); }));
  if (!reply.body().isPools()) return tl::unexpected(unexpected_reply("pools"));
  const auto pools = reply.body().getPools().getPools();
  if (context.json) {
    print_array(context.out, pools, [](auto pool) { return wire::to_json(pool); });
  } else {
    print_pools(context, pools);
  }
  return {};
}

}  // namespace

void add_pools(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand(
      "pools", "What each pool of workers could be used for, for those who start machines");
  command->group(kGroupLook);
  add_json(*command, context);
  add_connect(*command, context);
  add_examples(*command,
               "  swarmlab pools\n"
               "  swarmlab pools --json | jq '.[] | select(.name == \"gpu\").wanted'\n"
               "A worker says with --pool which one it is of. WANTED are slots: for what runs,\n"
               "and for what could begin now within the limits of its lab.");
  command->callback([&context] { context.action = [&context] { return run_pools(context); }; });
}

}  // namespace swarmlab::cli
