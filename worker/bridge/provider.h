// Whom an agent talks to: a provider of models, behind the bridge that holds its key. Values only.
#pragma once

#include <cstdint>
#include <string>

namespace swarmlab::worker {

// How usage, prices and errors are written.
enum class Wire : std::uint8_t {
  anthropic,  // /v1/messages, below the base address; the key goes in x-api-key
  openai,     // /responses and /chat/completions, below the base address; authorization: bearer
};

struct Provider {
  std::string name = {};  // "anthropic": as the worker's keys name it
  Wire wire = Wire::anthropic;
  // Where requests go: "https://api.anthropic.com", "https://api.openai.com/v1". No / at the end.
  std::string base_url = {};
  bool is_default_url = true;     // false: the lab chose it (`[agent] base_url`)
  std::string key_variable = {};  // of the worker's environment: "ANTHROPIC_API_KEY"
  bool operator==(const Provider&) const = default;
};

// What stands in for the provider inside a sandbox.
struct Bridged {
  std::string base_url = {};  // "http://127.0.0.1:4100/v1", with the path of the real one
  std::string token = {};     // instead of the key; worth nothing anywhere else
  bool operator==(const Bridged&) const = default;
};

}  // namespace swarmlab::worker
