// `swarmlab context [LAB]`: what is known of a lab. And with a word after it, add, use, list or
// remove: coordinators by name, so that nobody types addresses and keys. A lab of such a name is
// --lab's.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/commands.h"
#include "cli/known_swarms.h"
#include "cli/research.h"
#include "cli/table.h"

namespace swarmlab::cli {

namespace {

struct Wish {
  std::string name;
  KnownSwarm swarm;
};

// What is typed relative to a folder is meant from there for good.
std::string absolute(const Context& context, const std::string& path) {
  if (path.empty()) return path;
  return (context.cwd / path).lexically_normal().string();
}

// Reads the file, lets `change` happen, writes it.
template <class Change>
Result<void> with_file(const Context& context, const Change& change) {
  SWARMLAB_TRY(file, KnownSwarms::file_for(context));
  SWARMLAB_TRY(known, KnownSwarms::read(file));
  SWARMLAB_CHECK(change(known));
  return known.write(file);
}

Result<void> add(const Context& context, const Wish& wish) {
  KnownSwarm swarm = wish.swarm;
  swarm.key = absolute(context, swarm.key);
  swarm.server_key = absolute(context, swarm.server_key);
  return with_file(context, [&](KnownSwarms& known) -> Result<void> {
    const bool first = known.all().empty();
    SWARMLAB_CHECK(known.add(wish.name, swarm));
    if (first) SWARMLAB_CHECK(known.use(wish.name));
    context.note(fmt::format("{} is {}{}", wish.name, swarm.address,
                             known.current() == wish.name ? ", and in use" : ""));
    return {};
  });
}

Result<void> use(const Context& context, const std::string& name) {
  return with_file(context, [&](KnownSwarms& known) -> Result<void> {
    SWARMLAB_CHECK(known.use(name));
    context.note(name == kLocalSwarm
                     ? "commands go to the repository that you are in"
                     : fmt::format("commands go to {}, {}", name, known.all().at(name).address));
    return {};
  });
}

Result<void> remove(const Context& context, const std::string& name) {
  return with_file(context, [&](KnownSwarms& known) -> Result<void> {
    SWARMLAB_CHECK(known.remove(name));
    context.note(name + " is forgotten; its keys are where they were");
    return {};
  });
}

Result<void> list(const Context& context) {
  SWARMLAB_TRY(file, KnownSwarms::file_for(context));
  SWARMLAB_TRY(known, KnownSwarms::read(file));
  if (context.json) {
    nlohmann::ordered_json all = nlohmann::ordered_json::array();
    for (const auto& [name, swarm] : known.all()) {
      all.push_back({{"name", name},
                     {"connect", swarm.address},
                     {"key", swarm.key},
                     {"serverKey", swarm.server_key},
                     {"current", name == known.current()}});
    }
    const nlohmann::ordered_json body = {{"contexts", std::move(all)}};
    context.out << body.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    return {};
  }
  Table table({{.header = ""}, {.header = "NAME"}, {.header = "CONNECT"}, {.header = "KEY"}});
  for (const auto& [name, swarm] : known.all()) {
    table.add({{name == known.current() ? "*" : "", Paint::none},
               {name, Paint::none},
               {swarm.address, Paint::none},
               {swarm.key.empty() ? "none" : swarm.key, Paint::none}});
  }
  if (table.empty()) {
    context.note("no contexts yet; swarmlab context add NAME --connect ADDRESS makes one");
  } else {
    table.print(context.out, context.color, context.width);
  }
  return {};
}

void add_add(CLI::App& parent, Context& context) {
  auto wish = std::make_shared<Wish>();
  CLI::App* command = parent.add_subcommand("add", "Remember a coordinator; the first is in use");
  command->add_option("NAME", wish->name, "What to call it")->required();
  command->add_option("--connect", wish->swarm.address, "Such as tcp://host:7000")->required();
  command->add_option("--key", wish->swarm.key, "File with your own key, as `keys new` made it");
  command->add_option("--server-key", wish->swarm.server_key,
                      "File with the coordinator's public key");
  add_quiet(*command, context);
  add_examples(*command,
               "  swarmlab context add night --connect tcp://10.0.0.1:7000 --key anna.key "
               "--server-key server.pub");
  command->callback(
      [&context, wish] { context.action = [&context, wish] { return add(context, *wish); }; });
}

using OfName = Result<void> (*)(const Context&, const std::string&);

void add_named(CLI::App& parent, Context& context, const char* word, const char* about,
               const char* example, OfName action) {
  auto name = std::make_shared<std::string>();
  CLI::App* command = parent.add_subcommand(word, about);
  command->add_option("NAME", *name, "As swarmlab context list shows it")->required();
  add_quiet(*command, context);
  add_examples(*command, example);
  command->callback([&context, name, action] {
    context.action = [&context, name, action] { return action(context, *name); };
  });
}

void add_list(CLI::App& parent, Context& context) {
  CLI::App* command = parent.add_subcommand("list", "Show all, the one in use marked");
  add_json(*command, context);
  add_quiet(*command, context);
  add_examples(*command, "  swarmlab context list");
  command->callback([&context] { context.action = [&context] { return list(context); }; });
}

}  // namespace

void add_context(CLI::App& app, Context& context) {
  CLI::App* command =
      app.add_subcommand("context", "What is known of a lab; also coordinators by name: add, use");
  command->group(kGroupLook);
  command->require_subcommand(0, 1);
  auto research = std::make_shared<ResearchOptions>();
  add_lab(*command, context);
  command->add_flag("--brief", research->brief, "As an agent that starts now would be told");
  add_json(*command, context);
  add_connect(*command, context);
  command->callback([&context, command, research] {
    if (!command->get_subcommands().empty()) return;  // they act
    context.action = [&context, research] { return print_research_context(context, *research); };
  });
  add_add(*command, context);
  add_named(*command, context, "use", "Let commands go there; `local`: this repository's own",
            "  swarmlab context use night\n  swarmlab context use local", use);
  add_list(*command, context);
  add_named(*command, context, "remove", "Forget one", "  swarmlab context remove night", remove);
  add_examples(
      *command,
      "  swarmlab context my-lab    # history, what runs, hints, ideas\n"
      "  swarmlab context --brief   # what an agent is told\n"
      "  swarmlab context add night --connect tcp://10.0.0.1:7000 --key anna.key "
      "--server-key server.pub\n"
      "  swarmlab status            # of night, from anywhere\n"
      "  swarmlab --help            # SWARMLAB_CONTEXT and --context choose for one command");
}

}  // namespace swarmlab::cli
