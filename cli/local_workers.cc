#include "cli/local_workers.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <set>
#include <string>
#include <system_error>

#include "cli/capacity.h"
#include "common/log/log.h"
#include "worker/server/worker.h"

namespace swarmlab::cli {

namespace {

namespace fs = std::filesystem;

constexpr unsigned kMostFailures = 3;
constexpr Milliseconds kYoung{10'000};  // who dies younger than this failed to start

bool is_free(const fs::path& folder, const std::string& name) {
  return !worker::is_worker_folder_taken((folder / name).string());
}

std::vector<std::string> names_for(const fs::path& folder, unsigned count) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (worker::has_undelivered_reports(it->path().string()) && is_free(folder, name))
      names.push_back(name);
  }
  std::ranges::sort(names);
  if (names.size() > count) names.resize(count);
  for (unsigned number = 1; names.size() < count; ++number) {
    const std::string name = fmt::format("w{}", number);
    if (std::ranges::find(names, name) == names.end() && is_free(folder, name))
      names.push_back(name);
  }
  return names;
}

std::string how_it_ended(const ExitStatus& status) {
  return status.signaled ? fmt::format("killed by signal {}", status.code)
                         : fmt::format("exit code {}", status.code);
}

// Why a worker ended, in its own words: the last error of its log.
std::string last_error_in(const fs::path& log_file) {
  constexpr std::string_view kError = " error ";
  constexpr std::streamoff kTail = 8192;
  std::ifstream log(log_file, std::ios::binary | std::ios::ate);
  const auto size = static_cast<std::streamoff>(log.tellg());
  if (!log || size <= 0) return {};
  log.seekg(std::max<std::streamoff>(0, size - kTail));
  std::string found;
  for (std::string line; std::getline(log, line);) {
    const std::size_t at = line.find(kError);
    if (at != std::string::npos) found = line.substr(at + kError.size());
  }
  return found;
}

}  // namespace

Result<LocalWorkers> LocalWorkers::start(const LocalWorkersOptions& options) {
  LocalWorkers workers(options);
  for (const std::string& name : names_for(options.folder, options.count)) {
    SWARMLAB_TRY(process, workers.spawn_worker(name, workers.members_.size()));
    workers.members_.push_back({.name = name,
                                .process = std::move(process),
                                .failures = 0,
                                .young = Deadline::after(kYoung)});
  }
  return workers;
}

Result<Process> LocalWorkers::spawn_worker(const std::string& name, std::size_t index) const {
  SpawnRequest request;
  request.argv = {options_.program,
                  "worker",
                  "--connect",
                  options_.address,
                  "--name",
                  name,
                  "--folder",
                  (options_.folder / name).string(),
                  "--log-file",
                  log_of(name).string(),
                  "--drain-timeout",
                  "unlimited",
                  "--leave-with-parent",
                  std::to_string(::getpid())};
  request.argv.insert(request.argv.end(), options_.arguments.begin(), options_.arguments.end());
  if (options_.machine) {
    const std::vector<std::string> part =
        flags_of(part_of(*options_.machine, index, options_.count));
    request.argv.insert(request.argv.end(), part.begin(), part.end());
  }
  request.env = current_environment();
  request.new_session = true;  // a Ctrl-C of the terminal is for us: we tell them
  return spawn(request);
}

std::vector<int> LocalWorkers::fds() const {
  std::vector<int> fds;
  for (const Member& member : members_) {
    if (member.process) fds.push_back(member.process->pidfd());
  }
  return fds;
}

Result<void> LocalWorkers::tend(Member& member) {
  if (!member.process) return {};
  SWARMLAB_TRY(ended, member.process->wait(Deadline::after(Milliseconds(0))));
  if (!ended) return {};
  const ExitStatus status = *ended;
  member.process.reset();
  if (leaving_ > 0) return {};
  if (!status.signaled && status.code == 0) {  // it was drained: nobody wants it again
    last_failure_ = fmt::format("worker {} was told to leave", member.name);
    log::info("{}", last_failure_);
    return {};
  }
  member.failures = member.young.expired() ? 1 : member.failures + 1;
  const std::string why = status.signaled ? "" : last_error_in(log_of(member.name));
  last_failure_ =
      fmt::format("worker {}: {}; see {}", member.name, why.empty() ? how_it_ended(status) : why,
                  log_of(member.name).string());
  log::warning("{}", last_failure_);
  const bool again = status.signaled && member.failures < kMostFailures;
  ends_.push_back(again ? last_failure_ + "; it is started again" : last_failure_);
  if (!again) return {};
  SWARMLAB_TRY(process,
               spawn_worker(member.name, static_cast<std::size_t>(&member - members_.data())));
  member.process = std::move(process);
  member.young = Deadline::after(kYoung);
  return {};
}

Result<void> LocalWorkers::tend() {
  for (Member& member : members_) SWARMLAB_CHECK(tend(member));
  if (leaving_ == 0 && all_ended())
    return fail(ErrorCode::unavailable, "no worker is left: {}", last_failure_);
  return {};
}

void LocalWorkers::leave() {
  ++leaving_;
  for (const Member& member : members_) {
    if (member.process) member.process->kill(leaving_ <= 2 ? SIGTERM : SIGKILL);
  }
}

bool LocalWorkers::all_ended() const {
  return std::ranges::none_of(members_,
                              [](const Member& member) { return member.process.has_value(); });
}

}  // namespace swarmlab::cli
