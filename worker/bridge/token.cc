#include <openssl/rand.h>

#include <array>

#include "worker/bridge/bridge.h"

namespace swarmlab::worker {

Result<std::string> make_token() {
  std::array<unsigned char, 24> bytes{};
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) {
    return fail(ErrorCode::unavailable, "there are no random numbers");
  }
  // Agents that look at the shape of a key expect it to begin like this.
  std::string token = "sk-swarmlab-";
  for (const unsigned char byte : bytes) token += fmt::format("{:02x}", byte);
  return token;
}

}  // namespace swarmlab::worker
