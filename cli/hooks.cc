#include "cli/hooks.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "cli/open_lab.h"
#include "cli/own_log.h"
#include "cli/predecessors/pi_files.h"
#include "cli/predecessors/pi_hooks.h"
#include "cli/text.h"
#include "common/os/process.h"
#include "common/os/unique_fd.h"

namespace swarmlab::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kLimit{30};
constexpr std::size_t kMostSaid = 1900;  // a hint has 2000 bytes

bool may_be_run(const fs::path& path) {
  return access(path.c_str(), X_OK) == 0;
}

// A file in memory, open at its begin.
UniqueFd holding(const std::string& text) {
  UniqueFd file(memfd_create("hook", MFD_CLOEXEC));
  if (file.get() < 0) return file;
  std::size_t at = 0;
  while (at < text.size()) {
    const ssize_t written = write(file.get(), text.data() + at, text.size() - at);
    if (written <= 0) return UniqueFd();
    at += static_cast<std::size_t>(written);
  }
  return lseek(file.get(), 0, SEEK_SET) == 0 ? std::move(file) : UniqueFd();
}

std::string working_folder(const predecessors::Folder& folder, const predecessors::PiFiles& files) {
  const auto config = nlohmann::json::parse(folder.text(files.config).value_or(""), nullptr, false);
  const auto named =
      config.is_object() ? config.value("workingDir", nlohmann::json()) : nlohmann::json();
  const fs::path below = named.is_string() ? named.get<std::string>() : std::string();
  return (folder.place() / below).lexically_normal().string();
}

// log.jsonl as an export would write it now.
Result<std::string> log_so_far(Swarm& swarm, const LabPlace& place, const std::string& path) {
  SWARMLAB_TRY(labs, ask_labs(swarm));
  const auto view = find_lab_view(labs, place.name);
  if (!view) return fail(ErrorCode::not_found, "no lab {}", place.name);
  SWARMLAB_TRY(experiments, load_experiments(swarm, place.name, {}));
  for (OwnLog& log : own_logs(place.root, place.folder, "")) {
    if (log.path != path) continue;
    return predecessors::continued(log.format, std::move(log.text),
                                   {.lab = place.name,
                                    .metric = text_of(view->getMetric()),
                                    .lower_is_better = text_of(view->getDirection()) == "minimize"},
                                   runs_of(experiments));
  }
  return std::string();
}

}  // namespace

std::optional<Hooks> Hooks::of(const Context& context, const LabPlace& place) {
  const auto folder = predecessors::folder_on_disk(place.path(), place.root, fs::path());
  const auto files = predecessors::pi_files(*folder);
  if (!files) return std::nullopt;
  Hooks hooks(context, place);
  hooks.log_ = (fs::path(place.folder) / files->log).lexically_normal().generic_string();
  hooks.folder_ = working_folder(*folder, *files);
  if (may_be_run(place.path() / files->before))
    hooks.before_ = (place.path() / files->before).string();
  if (may_be_run(place.path() / files->after))
    hooks.after_ = (place.path() / files->after).string();
  if (hooks.before_.empty() && hooks.after_.empty()) return std::nullopt;
  return hooks;
}

// Its errors are its own business, as in pi.
std::string Hooks::said_by(const std::string& script, const std::string& line) const {
  const UniqueFd input = holding(line);
  SpawnRequest request{
      .argv = {"/usr/bin/timeout", "--kill-after=1", fmt::format("{}", kLimit.count()), "/bin/bash",
               "-c", "exec /bin/bash \"$0\" 2>/dev/null", script},
      .env = {},
      .folder = folder_};
  for (const auto& [name, value] : context_->environment) request.env.push_back(name + "=" + value);
  request.fds.push_back({.parent_fd = input.get(), .child_fd = 0});
  const auto output = run_and_capture(std::move(request), kLimit + std::chrono::seconds(5));
  if (!output) {
    context_->note("warning: " + script + ": " + output.error().message);
    return {};
  }
  if (output->status.signaled || output->status.code != 0) {
    context_->note(fmt::format("warning: {} ended with {}", script, output->status.code));
  }
  return output->out;
}

Result<void> Hooks::run(Swarm& swarm, std::uint32_t experiment) {
  SWARMLAB_TRY(log, log_so_far(swarm, place_, log_));
  const predecessors::HookLines lines = predecessors::hook_lines(log, folder_, experiment);
  std::string said;
  if (!after_.empty() && !lines.after.empty()) said += said_by(after_, lines.after);
  if (!before_.empty()) said += said_by(before_, lines.before);
  return tell(swarm, one_line(said).substr(0, kMostSaid));
}

// What the hooks said before does not hold any more.
Result<void> Hooks::tell(Swarm& swarm, const std::string& text) {
  const auto send = [&](const std::string& words, std::uint64_t withdraw) -> Result<std::uint64_t> {
    SWARMLAB_TRY(reply, swarm.request([&](schema::Envelope::Body::Builder body) {
      auto hint = body.initHint();
      hint.setLab(place_.name);
      hint.setText(words);
      hint.setWithdraw(withdraw);
      hint.setWho("hooks of " + who_asks(*context_));
    }));
    if (!reply.body().isHinted()) return tl::unexpected(unexpected_reply("hint"));
    return static_cast<std::uint64_t>(reply.body().getHinted().getNumber());
  };
  const std::uint64_t before = std::exchange(hint_, 0);
  if (!text.empty()) {
    SWARMLAB_TRY(number, send(text, 0));
    hint_ = number;
  }
  if (before != 0) SWARMLAB_CHECK(send("", before));  // last: an agent that starts now has either
  return {};
}

}  // namespace swarmlab::cli
