// Sandboxes of podman: no daemon; as an ordinary user without any rights of root.
#include <unistd.h>

#include <cstdlib>

#include "common/os/host.h"
#include "worker/sandbox/container.h"

namespace swarmlab::sandbox {
namespace {

constexpr unsigned kAgent = 1000;

}  // namespace

Result<std::unique_ptr<Sandbox>> make_podman(const SandboxOptions& options) {
  const char* path = std::getenv("PATH");
  Engine engine{.name = "podman",
                .program = find_program("podman", std::string(path == nullptr ? "" : path) +
                                                      ":/usr/local/bin:/usr/bin:/bin")};
  if (engine.program.empty()) {
    return fail(ErrorCode::unavailable,
                "podman: it is not on the PATH; install it (apt-get install podman)");
  }
  engine.run_words = {"--read-only-tmpfs=false", "--http-proxy=false", "--systemd=false",
                      "--no-hosts"};
  engine.tmpfs_words = ",notmpcopyup";
  engine.user = engine.group = kAgent;
  if (::geteuid() == 0) {
    engine.is_another_user = true;
  } else {
    // We are user 1000 inside, so what we may write, the command may.
    engine.run_words.push_back(fmt::format("--userns=keep-id:uid={0},gid={0}", kAgent));
  }
  return Container::make(std::move(engine), options);
}

}  // namespace swarmlab::sandbox
