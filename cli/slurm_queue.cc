#include "cli/slurm_queue.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>

#include "cli/slurm_script.h"
#include "common/os/host.h"
#include "common/os/process.h"

namespace swarmlab::cli::slurm {

namespace {

constexpr std::chrono::seconds kPatience{60};  // Slurm's own, of its commands, is 10 s a try

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::uint32_t> number_in(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// A line of squeue: none of ours has a | before the folder.
std::optional<Job> job_in(std::string_view line) {
  constexpr std::size_t kFields = 11;
  std::vector<std::string_view> fields = split(line, '|');
  if (fields.size() < kFields) return std::nullopt;
  const std::string prefix = job_name("");
  const auto seat = number_in(fields[1]);
  if (!number_in(fields[0]) || !seat || !fields[9].starts_with(prefix)) return std::nullopt;
  const auto known = [](std::string_view text) {
    return text == "N/A" || text == "(null)" ? std::string() : std::string(text);
  };
  std::size_t before_folder = 0;
  for (std::size_t i = 0; i + 1 < kFields; ++i) before_folder += fields[i].size() + 1;
  return Job{.id = fmt::format("{}_{}", fields[0], fields[1]),
             .array = std::string(fields[0]),
             .pool = std::string(fields[9].substr(prefix.size())),
             .seat = *seat,
             .partition = std::string(fields[8]),
             .state = std::string(fields[2]),
             .reason = fields[3] == "None" ? std::string() : std::string(fields[3]),
             .node = known(fields[4]),
             .elapsed = std::string(fields[5]),
             .left = std::string(fields[6]),
             .starts = known(fields[7]),
             .folder = std::string(line.substr(before_folder))};
}

// The word without its value: "--time" of "--time=5", "-t" of "-t5".
bool is_option(std::string_view word, std::string_view option) {
  if (word == option) return true;
  if (option.starts_with("--")) {
    return word.starts_with(option) && word.size() > option.size() && word[option.size()] == '=';
  }
  return word.starts_with(option) && !word.starts_with("--");
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

}  // namespace

std::vector<Job> queue_in(std::string_view text) {
  std::vector<Job> jobs;
  for (const std::string_view line : split(text, '\n')) {
    if (auto job = job_in(line)) jobs.push_back(*std::move(job));
  }
  std::ranges::sort(jobs, {}, [](const Job& job) { return std::tie(job.pool, job.seat, job.id); });
  return jobs;
}

std::optional<std::chrono::seconds> time_in(std::string_view text) {
  const std::size_t dash = text.find('-');
  std::uint64_t days = 0;
  if (dash != std::string_view::npos) {
    const auto number = number_in(text.substr(0, dash));
    if (!number) return std::nullopt;
    days = *number;
    text.remove_prefix(dash + 1);
  }
  std::vector<std::uint64_t> parts;
  for (const std::string_view part : split(text, ':')) {
    const auto number = number_in(part);
    if (!number) return std::nullopt;
    parts.push_back(*number);
  }
  if (parts.size() > 3) return std::nullopt;
  std::array<std::uint64_t, 3> hms{};  // hours, minutes, seconds
  // A number alone is minutes, after days it is hours; two are minutes:seconds, after days
  // hours:minutes.
  const bool has_days = dash != std::string_view::npos;
  const std::size_t first = has_days || parts.size() == 3 ? 0 : 1;
  for (std::size_t i = 0; i < parts.size(); ++i) hms[first + i] = parts[i];
  return std::chrono::seconds(((days * 24 + hms[0]) * 60 + hms[1]) * 60 + hms[2]);
}

std::optional<std::string> time_limit_of(const std::vector<std::string>& args) {
  std::optional<std::string> limit;
  for (std::size_t i = 0; i < args.size(); ++i) {
    for (const std::string_view option : {std::string_view("--time"), std::string_view("-t")}) {
      if (!is_option(args[i], option)) continue;
      if (args[i] == option) {
        if (i + 1 < args.size()) limit = args[i + 1];
      } else {
        limit = args[i].substr(option.size() + (option == "--time" ? 1 : 0));
      }
    }
  }
  return limit;
}

Result<void> check_args(const std::vector<std::string>& args) {
  struct Own {
    std::string_view option;
    std::string_view instead;
  };
  constexpr std::array kOwn{
      Own{"--array", "--nodes says how many seats"},
      Own{"-a", "--nodes says how many seats"},
      Own{"--nodes", "a seat is one node: --nodes before the -- says how many seats"},
      Own{"-N", "a seat is one node: --nodes before the -- says how many seats"},
      Own{"--partition", "--partition goes before the --"},
      Own{"-p", "--partition goes before the --"},
      Own{"--signal", "--drain-timeout says how long before the end a seat is warned"},
      Own{"--job-name", "--pool names it"},
      Own{"-J", "--pool names it"},
      Own{"--no-requeue", "seats put themselves back into the queue"},
      Own{"--wrap", "swarmlab writes the script"},
      Own{"--chdir", "--folder says where its files are"},
      Own{"-D", "--folder says where its files are"},
      Own{"--ntasks", "a seat is one worker: --slots says how much it does at once"},
      Own{"-n", "a seat is one worker: --slots says how much it does at once"},
  };
  for (const std::string& arg : args) {
    for (const Own& own : kOwn) {
      if (is_option(arg, own.option)) {
        return fail(ErrorCode::invalid_input, "{} is not for sbatch: {}", own.option, own.instead);
      }
    }
  }
  return {};
}

std::string job_id_in(std::string_view text) {
  std::string id;
  for (const std::string_view line : split(text, '\n')) {
    const std::string_view first = line.substr(0, line.find(';'));  // after it comes the cluster
    if (number_in(first)) id = std::string(first);
  }
  return id;
}

Result<std::string> Programs::run_with(std::string_view program,
                                       const std::vector<std::string>& words,
                                       std::vector<std::string> environment) const {
  const auto path = environment_.find("PATH");
  const std::string where =
      find_program(program, path == environment_.end() ? "/usr/bin:/bin" : path->second);
  if (where.empty()) {
    return fail(ErrorCode::not_found,
                "{} is not on the PATH: Slurm's commands are needed, on a machine that may submit "
                "jobs",
                program);
  }
  SpawnRequest request{.argv = {where}, .env = std::move(environment)};
  request.argv.insert(request.argv.end(), words.begin(), words.end());
  SWARMLAB_TRY(output, run_and_capture(std::move(request), kPatience));
  if (output.status.signaled || output.status.code != 0) {
    return fail(ErrorCode::unavailable, "{}: {}", program, trimmed(std::move(output.out)));
  }
  return std::move(output.out);
}

Result<std::string> Programs::run(std::string_view program,
                                  const std::vector<std::string>& words) const {
  std::vector<std::string> all;
  for (const auto& [name, value] : environment_) all.push_back(fmt::format("{}={}", name, value));
  return run_with(program, words, std::move(all));
}

Result<std::string> Programs::submit(const std::vector<std::string>& words,
                                     const std::vector<std::string>& variables) const {
  constexpr std::array<std::string_view, 9> kNeeded{
      "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "LD_LIBRARY_PATH", "TMPDIR"};
  std::vector<std::string> some;
  for (const auto& [name, value] : environment_) {
    // SLURM_CONF and the like; what a job has of its own (submitting from within one) stays there.
    const bool is_slurms = name == "SLURM_CONF" || name == "SLURM_CLUSTERS" ||
                           name.starts_with("SBATCH_") || name.starts_with("LC_");
    if (is_slurms || std::ranges::find(kNeeded, name) != kNeeded.end() ||
        std::ranges::find(variables, name) != variables.end()) {
      some.push_back(fmt::format("{}={}", name, value));
    }
  }
  return run_with("sbatch", words, std::move(some));
}

Result<std::vector<Job>> Programs::queue(const std::string& folder) const {
  SWARMLAB_TRY(text, run("squeue", {"--noheader", "--array", fmt::format("--user={}", ::getuid()),
                                    "--format=" + std::string(kQueueFormat)}));
  std::vector<Job> jobs = queue_in(text);
  std::erase_if(jobs, [&](const Job& job) { return job.folder != folder; });
  return jobs;
}

}  // namespace swarmlab::cli::slurm
