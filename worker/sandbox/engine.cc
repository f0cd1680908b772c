#include "worker/sandbox/engine.h"

#include <sstream>

#include "worker/sandbox/memory_file.h"
#include "worker/sandbox/untrusted_text.h"

namespace swarmlab::sandbox {
namespace {

constexpr Milliseconds kPatience{120'000};  // an engine that starts, or a busy disk

}  // namespace

Result<std::string> tell_engine(const Engine& engine, const std::vector<std::string>& words,
                                Milliseconds timeout, int in) {
  SpawnRequest request{.argv = {engine.program}, .env = current_environment()};
  request.argv.insert(request.argv.end(), engine.words.begin(), engine.words.end());
  request.argv.insert(request.argv.end(), words.begin(), words.end());
  if (in >= 0) request.fds.push_back({in, 0});
  auto output = run_and_capture(std::move(request), timeout);
  if (!output) return within(engine.name + " " + words.front(), output.error());
  if (output->status.signaled || output->status.code != 0) {
    return fail(ErrorCode::unavailable, "{} {}: exit code {}; {}", engine.name, words.front(),
                output->status.code, last_lines(output->out));
  }
  return std::move(output->out);
}

std::vector<std::string> weaker_limits(const HeldLimits& held) {
  std::vector<std::string> weaker;
  if (!held.memory) weaker.emplace_back("memory: of each process, not of all together");
  if (!held.processes) weaker.emplace_back("processes: by RLIMIT_NPROC");
  if (!held.cpus) weaker.emplace_back("cpus: not limited");
  return weaker;
}

bool has_image(const Engine& engine, const std::string& image) {
  return tell_engine(engine, {"image", "inspect", "--format", "{{.Id}}", image}, kPatience)
      .has_value();
}

Result<void> import_image(const Engine& engine, const std::string& tar, const std::string& image) {
  SWARMLAB_TRY(file, memory_file("image", tar));
  SWARMLAB_CHECK(tell_engine(engine, {"import", "-", image}, kPatience, file.get()));
  return {};
}

Result<void> remove_containers(const Engine& engine, const std::string& owner) {
  SWARMLAB_TRY(
      listed,
      tell_engine(engine, {"ps", "--all", "--quiet", "--filter", "label=swarmlab.owner=" + owner},
                  kPatience));
  std::vector<std::string> words = {"rm", "--force"};
  std::istringstream names(listed);
  for (std::string name; names >> name;) {
    const bool is_id =
        name.size() >= 12 && name.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (is_id) words.push_back(name);  // else a word of a warning
  }
  constexpr std::size_t kFirstName = 2;
  if (words.size() == kFirstName) return {};
  SWARMLAB_CHECK(tell_engine(engine, words, kPatience));
  return {};
}

void remove_container(const Engine& engine, const std::string& name) {
  // It may be gone already; what stays is removed by the next who works in this folder.
  [[maybe_unused]] const auto done = tell_engine(engine, {"rm", "--force", name}, kPatience);
}

}  // namespace swarmlab::sandbox
