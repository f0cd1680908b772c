// `swarmlab keys`: who may speak to this repository's coordinator from elsewhere, and as what.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/commands.h"
#include "cli/endpoint.h"
#include "cli/home.h"
#include "cli/locate.h"
#include "cli/table.h"
#include "cli/text.h"
#include "common/keys/key_folder.h"

namespace swarmlab::cli {

namespace {

using keys::Entry;
using keys::KeyFolder;

struct Wish {
  std::string name;
  std::string role;
  std::string folder;  // --keys; empty: of the repository
};

KeyFolder keys_in(const std::filesystem::path& state) {
  return KeyFolder(keys_folder(state).string());
}

// Of the repository, without making anything in it.
Result<KeyFolder> key_folder(const Context& context, const std::string& named) {
  if (!named.empty()) return KeyFolder((context.cwd / named).string());
  SWARMLAB_TRY(root, locate_root(context));
  return keys_in(state_folder(root));
}

void print_json(const Context& context, const nlohmann::ordered_json& body) {
  context.out << body.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

nlohmann::ordered_json json_of(const keys::Holder& holder) {
  return {{"name", holder.name}, {"role", name_of(holder.role)}, {"publicKey", holder.key.text()}};
}

nlohmann::ordered_json json_of(const Entry& entry) {
  nlohmann::ordered_json body = json_of(entry.holder);
  body["revokedAt"] = entry.revoked_at ? nlohmann::ordered_json(keys::time_text(*entry.revoked_at))
                                       : nlohmann::ordered_json();
  return body;
}

// Where there is none yet, it is made.
Result<KeyFolder> writable_folder(const Context& context, const std::string& named) {
  if (!named.empty()) return KeyFolder((context.cwd / named).string());
  SWARMLAB_TRY(root, locate_root(context));
  SWARMLAB_TRY(state, make_state_folder(root));
  return keys_in(state);
}

Result<void> make_key(const Context& context, const Wish& wish) {
  SWARMLAB_TRY(folder, writable_folder(context, wish.folder));
  const auto role = keys::role_from(wish.role);
  if (!role) return fail(ErrorCode::invalid_input, "--role is \"{}\"", wish.role);
  SWARMLAB_TRY(made, folder.make(wish.name, *role));
  if (context.json) {
    auto body = json_of(made.holder);
    body["file"] = made.file;
    body["serverKeyFile"] = folder.public_file();
    print_json(context, body);
    return {};
  }
  context.out << made.file << '\n';
  context.note(
      fmt::format("{} is allowed as {}. Whoever has this file is {}: take it, and the\n"
                  "coordinator's public key, {},\nto where it is used, by a safe way.",
                  wish.name, wish.role, wish.name, folder.public_file()));
  return {};
}

Result<void> list_keys(const Context& context, const std::string& named) {
  SWARMLAB_TRY(folder, key_folder(context, named));
  SWARMLAB_TRY(list, folder.allowed());
  if (context.json) {
    nlohmann::ordered_json all = nlohmann::ordered_json::array();
    for (const Entry& entry : list.entries()) all.push_back(json_of(entry));
    print_json(context, {{"keys", std::move(all)}});
    return {};
  }
  Table table(
      {{.header = "NAME"}, {.header = "ROLE"}, {.header = "PUBLIC KEY"}, {.header = "STATE"}});
  for (const Entry& entry : list.entries()) {
    const Paint paint = entry.revoked_at ? Paint::dim : Paint::none;
    table.add(
        {{entry.holder.name, paint},
         {std::string(name_of(entry.holder.role)), paint},
         {entry.holder.key.text(), paint},
         {entry.revoked_at ? "revoked " + keys::time_text(*entry.revoked_at) : "allowed", paint}});
  }
  if (table.empty()) {
    context.note("no keys yet; swarmlab keys new NAME --role worker makes one");
  } else {
    table.print(context.out, context.color, context.width);
  }
  return {};
}

Result<void> revoke_key(const Context& context, const Wish& wish) {
  SWARMLAB_TRY(folder, key_folder(context, wish.folder));
  const Timestamp now = context.now();
  SWARMLAB_TRY(holder, folder.revoke(wish.name, now));
  if (context.json) {
    print_json(context, json_of(Entry{.holder = holder, .revoked_at = now}));
  } else {
    context.note(fmt::format("{} ({}) is revoked, for good; swarmlab keys new makes another key",
                             holder.name, name_of(holder.role)));
  }
  return {};
}

void add_shared(CLI::App& command, Context& context, std::string& folder) {
  command.add_option("--keys", folder,
                     "Folder of keys, as of coordinator --keys (default: the repository's)");
  add_json(command, context);
  add_quiet(command, context);
}

void add_new(CLI::App& keys, Context& context) {
  auto wish = std::make_shared<Wish>();
  CLI::App* command = keys.add_subcommand("new", "Make a key, and allow it");
  command->add_option("NAME", wish->name, "Of the worker or person: letters, digits, '.', '_', '-'")
      ->required();
  command
      ->add_option("--role", wish->role,
                   "worker: takes tasks and reports; viewer: looks; operator: looks and steers")
      ->required()
      ->check(CLI::IsMember({"worker", "viewer", "operator"}));
  add_shared(*command, context, wish->folder);
  add_examples(
      *command,
      "  swarmlab keys new gpu-box-3 --role worker\n"
      "  swarmlab keys new anna --role operator\n"
      "  swarmlab keys new w1 --role worker --keys /etc/swarmlab/keys   # in no repository");
  command->callback(
      [&context, wish] { context.action = [&context, wish] { return make_key(context, *wish); }; });
}

void add_list(CLI::App& keys, Context& context) {
  CLI::App* command = keys.add_subcommand("list", "Show all keys, revoked ones too");
  const auto folder = std::make_shared<std::string>();
  add_shared(*command, context, *folder);
  add_examples(*command, "  swarmlab keys list\n  swarmlab keys list --json");
  command->callback([&context, folder] {
    context.action = [&context, folder] { return list_keys(context, *folder); };
  });
}

void add_revoke(CLI::App& keys, Context& context) {
  const auto wish = std::make_shared<Wish>();
  CLI::App* command = keys.add_subcommand("revoke", "Let a key in no more, for good");
  command->add_option("NAME", wish->name, "Whose; swarmlab keys list shows all")->required();
  add_shared(*command, context, wish->folder);
  add_examples(*command, "  swarmlab keys revoke gpu-box-3");
  command->callback([&context, wish] {
    context.action = [&context, wish] { return revoke_key(context, *wish); };
  });
}

}  // namespace

void add_keys(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand(
      "keys", "Make, list and revoke keys of those who connect from other machines");
  command->group(kGroupOperate);
  command->require_subcommand(1);
  add_new(*command, context);
  add_list(*command, context);
  add_revoke(*command, context);
  add_examples(*command,
               "  swarmlab keys new gpu-box-3 --role worker   # prints the file to take there\n"
               "  swarmlab keys list\n"
               "  swarmlab keys revoke gpu-box-3");
}

}  // namespace swarmlab::cli
