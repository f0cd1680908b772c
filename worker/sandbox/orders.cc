#include "worker/sandbox/orders.h"

#include <algorithm>
#include <utility>

namespace swarmlab::sandbox {

namespace {

std::vector<std::string> environment_for(const SandboxRequest& request) {
  std::vector<std::string> env;
  for (const auto& [name, value] : {std::pair("HOME", "/home/agent"), std::pair("LANG", "C.UTF-8"),
                                    std::pair("TMPDIR", "/tmp")}) {
    const bool is_set = std::ranges::any_of(
        request.env, [name = name](const auto& variable) { return variable.first == name; });
    if (!is_set) env.push_back(fmt::format("{}={}", name, value));
  }
  for (const auto& [name, value] : request.env) env.push_back(fmt::format("{}={}", name, value));
  return env;
}

}  // namespace

std::string orders_for(const OrderParts& parts) {
  const SandboxRequest& request = parts.request;
  std::string text;
  const auto add = [&text](std::string_view word) { text.append(word).push_back('\0'); };
  const auto number = [&add](std::uint64_t value) { add(std::to_string(value)); };
  number(request.in ? 1 : 0);
  number(request.result_channel ? 1 : 0);
  number(parts.keep_environment ? 1 : 0);
  number(parts.own_kernel ? 1 : 0);
  number(request.gates.size());
  number(parts.limits.size());
  const std::vector<std::string> env = environment_for(request);
  number(env.size());
  number(parts.words.size());
  add(request.folder);
  std::string first;
  for (const std::string& folder : request.path_first) first += folder + ":";
  add(first);
  add(parts.path);
  for (const Gate& gate : request.gates) number(gate.port);
  for (const ResourceLimit& limit : parts.limits) {
    number(static_cast<std::uint64_t>(limit.resource));
    number(limit.value);
  }
  for (const std::string& variable : env) add(variable);
  for (const std::string& word : parts.words) add(word);
  return text;
}

}  // namespace swarmlab::sandbox
