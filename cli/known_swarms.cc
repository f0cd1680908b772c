#include "cli/known_swarms.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <sstream>

#include "common/keys/key_folder.h"
#include "common/net/endpoint.h"
#include "common/os/file.h"

namespace swarmlab::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxFile = 1U << 20U;
constexpr std::size_t kMaxName = 64;

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  });
}

Result<void> check_name(const std::string& name) {
  if (name == kLocalSwarm) {
    return fail(ErrorCode::invalid_input,
                "the name is \"local\", which always means the repository that you are in; "
                "expected another");
  }
  if (is_name(name)) return {};
  return fail(ErrorCode::invalid_input,
              "the name is \"{}\", expected 1 to {} letters, digits, '-', '_' and '.'", name,
              kMaxName);
}

Error at(const std::string& file, const toml::node& node, const std::string& what) {
  return Error{ErrorCode::invalid_input,
               fmt::format("{}:{}: {}", file, node.source().begin.line, what)};
}

Result<std::string> toml_text(const std::string& file, const std::string& key,
                              const toml::node& node) {
  const auto value = node.value_exact<std::string>();
  if (!value) return tl::unexpected(at(file, node, key + " is no string"));
  return *value;
}

Result<KnownSwarm> read_entry(const std::string& file, const std::string& name,
                              const toml::node& node) {
  const toml::table* table = node.as_table();
  if (table == nullptr) {
    return tl::unexpected(at(file, node, name + " is no table, expected connect, key, server_key"));
  }
  KnownSwarm swarm;
  for (const auto& [key, value] : *table) {
    const std::string word(key.str());
    SWARMLAB_TRY(text, toml_text(file, word, value));
    if (word == "connect") {
      swarm.address = text;
    } else if (word == "key") {
      swarm.key = text;
    } else if (word == "server_key") {
      swarm.server_key = text;
    } else {
      return tl::unexpected(
          at(file, value, "unknown key " + word + ", expected connect, key or server_key"));
    }
  }
  if (swarm.address.empty()) return tl::unexpected(at(file, node, name + " has no connect"));
  return swarm;
}

std::string names_of(const std::map<std::string, KnownSwarm>& swarms) {
  std::string names;
  for (const auto& [name, swarm] : swarms) names += (names.empty() ? "" : ", ") + name;
  return names;
}

}  // namespace

Result<std::string> KnownSwarms::file_for(const Context& context) {
  if (const auto file = context.variable("SWARMLAB_CONTEXTS")) return *file;
  const auto config = context.variable("XDG_CONFIG_HOME");
  if (config) return *config + "/swarmlab/contexts.toml";
  const auto home = context.variable("HOME");
  if (home) return *home + "/.config/swarmlab/contexts.toml";
  return fail(ErrorCode::not_found,
              "HOME is not set, so there is no place for contexts.toml; SWARMLAB_CONTEXTS names "
              "one");
}

Result<KnownSwarms> KnownSwarms::read(const std::string& file) {
  KnownSwarms known;
  const auto text = read_file(file, kMaxFile);
  if (!text && text.error().code == ErrorCode::not_found) return known;
  if (!text) return tl::unexpected(text.error());
  try {
    const toml::table root = toml::parse(*text, file);
    for (const auto& [key, value] : root) {
      if (key == "current") {
        SWARMLAB_TRY(current, toml_text(file, "current", value));
        known.current_ = current;
      } else if (const toml::table* contexts = value.as_table();
                 key == "contexts" && contexts != nullptr) {
        for (const auto& [name, entry] : *contexts) {
          SWARMLAB_TRY(swarm, read_entry(file, std::string(name.str()), entry));
          known.swarms_.emplace(std::string(name.str()), std::move(swarm));
        }
      } else {
        return tl::unexpected(
            at(file, value,
               "unknown key " + std::string(key.str()) + ", expected current or [contexts.NAME]"));
      }
    }
  } catch (const toml::parse_error& error) {
    return fail(ErrorCode::invalid_input, "{}:{}: {}", file, error.source().begin.line,
                error.description());
  }
  if (!known.current_.empty() && !known.swarms_.contains(known.current_)) {
    return fail(ErrorCode::invalid_input, "{}: current is {}, which it does not hold; it has: {}",
                file, known.current_, names_of(known.swarms_));
  }
  return known;
}

Result<void> KnownSwarms::write(const std::string& file) const {
  toml::table contexts;
  for (const auto& [name, swarm] : swarms_) {
    toml::table entry{{"connect", swarm.address}};
    if (!swarm.key.empty()) {
      entry.insert("key", swarm.key);
      entry.insert("server_key", swarm.server_key);
    }
    contexts.insert(name, std::move(entry));
  }
  toml::table root;
  if (!current_.empty()) root.insert("current", current_);
  root.insert("contexts", std::move(contexts));
  std::ostringstream text;
  text << "# Written by swarmlab context.\n" << root << '\n';
  SWARMLAB_CHECK(make_folders(fs::path(file).parent_path().string(), 0700));
  return write_file_durably(file, text.str(), 0600);
}

Result<void> KnownSwarms::add(const std::string& name, KnownSwarm swarm) {
  SWARMLAB_CHECK(check_name(name));
  if (const auto place = net::place_to_connect(swarm.address); !place) {
    return tl::unexpected(place.error());
  }
  if (swarm.key.empty() != swarm.server_key.empty()) {
    return fail(ErrorCode::invalid_input,
                "{} is missing: the own key and the coordinator's go together",
                swarm.key.empty() ? "--key" : "--server-key");
  }
  if (!swarm.key.empty()) {
    if (const auto key = keys::read_secret_key(swarm.key); !key) return tl::unexpected(key.error());
    if (const auto key = keys::read_public_key(swarm.server_key); !key)
      return tl::unexpected(key.error());
  }
  swarms_.insert_or_assign(name, std::move(swarm));
  return {};
}

Result<KnownSwarm> KnownSwarms::get(const std::string& name) const {
  const auto found = swarms_.find(name);
  if (found != swarms_.end()) return found->second;
  return fail(
      ErrorCode::not_found, "no context {}; {}", name,
      swarms_.empty() ? "swarmlab context add makes one" : "there are: " + names_of(swarms_));
}

Result<void> KnownSwarms::remove(const std::string& name) {
  SWARMLAB_CHECK(get(name));
  swarms_.erase(name);
  if (current_ == name) current_.clear();
  return {};
}

Result<void> KnownSwarms::use(const std::string& name) {
  if (name == kLocalSwarm) {
    current_.clear();
    return {};
  }
  SWARMLAB_CHECK(get(name));
  current_ = name;
  return {};
}

Result<std::optional<KnownSwarm>> chosen_swarm(const Context& context) {
  std::optional<KnownSwarm> none;
  if (!context.connect.empty()) return none;
  std::string name = context.swarm_name;
  if (name.empty()) name = context.variable("SWARMLAB_CONTEXT").value_or("");
  if (name == kLocalSwarm) return none;
  const auto file = KnownSwarms::file_for(context);
  if (!file) {
    if (name.empty()) return none;
    return tl::unexpected(file.error());
  }
  SWARMLAB_TRY(known, KnownSwarms::read(*file));
  if (name.empty()) name = known.current();
  if (name.empty()) return none;
  SWARMLAB_TRY(swarm, known.get(name));
  return std::optional(std::move(swarm));
}

}  // namespace swarmlab::cli
