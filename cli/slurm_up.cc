// `swarmlab slurm up`: submits a pool of workers as an array of jobs.
#include <fcntl.h>
#include <sys/file.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <ostream>
#include <set>

#include "cli/commands.h"
#include "cli/duration_option.h"
#include "cli/pool_option.h"
#include "cli/slurm.h"
#include "cli/slurm_queue.h"
#include "cli/slurm_script.h"
#include "common/keys/key_folder.h"
#include "common/os/file.h"
#include "common/os/host.h"
#include "common/os/unique_fd.h"

namespace swarmlab::cli::slurm {

namespace {

struct UpFlags {
  SiteFlags site;
  std::string partition;
  std::uint32_t nodes = 1;
  std::uint32_t slots = 1;
  std::string pool;        // empty: the partition
  std::string address;     // for the workers; empty: as this command reaches it
  std::string worker_key;  // file
  std::string program;     // empty: this one
  std::string labels;
  std::string sandbox;
  std::vector<std::string> expose;
  std::string provider_keys;  // file
  std::string worker_config;  // file
  std::vector<std::string> variables;
  std::optional<Milliseconds> drain_timeout = std::chrono::minutes(10);
  std::optional<Milliseconds> leave_idle = std::chrono::minutes(1);
  std::optional<Milliseconds> look_every = std::chrono::minutes(5);
  bool print = false;
};

constexpr std::chrono::seconds kToDeliver{30};    // after the drain timeout
constexpr std::chrono::seconds kLeastToWork{60};  // Slurm warns up to that much earlier

// A secret that the nodes are to read: of mode 0600, in the swarm's folder, named by its path only.
struct Secret {
  std::string file;
  std::string bytes;
};

struct Plan {
  Submission submission;
  std::string script;
  std::vector<Secret> secrets;
};

std::chrono::seconds seconds_of(const std::optional<Milliseconds>& duration) {
  return std::chrono::ceil<std::chrono::seconds>(duration.value_or(Milliseconds(0)));
}

std::string absolute(const Context& context, const std::string& path) {
  return (context.cwd / path).lexically_normal().string();
}

bool is_of_this_machine(const std::string& address) {
  return address.starts_with("tcp://127.") || address.starts_with("tcp://localhost:") ||
         address.starts_with("tcp://[::1]");
}

Result<std::string> address_for_workers(const Context& context, const UpFlags& flags,
                                        const Site& site) {
  const std::string address = flags.address.empty() ? site.peer.address : flags.address;
  if (!address.starts_with("tcp://")) {
    return fail(ErrorCode::invalid_input,
                "{} is a socket of this machine, expected an address that nodes reach: start the "
                "coordinator with --listen tcp://0.0.0.0:7000",
                address);
  }
  if (!is_of_this_machine(address)) return address;
  if (site.is_nearest && flags.address.empty()) {
    return fail(ErrorCode::invalid_input,
                "{} is this machine only, expected --address with one that nodes reach, such as "
                "tcp://login1:7000",
                address);
  }
  context.note(address + " is this machine only: workers on other nodes will not reach it");
  return address;
}

// The worker's own key, and the coordinator's.
Result<void> add_keys(const Context& context, const UpFlags& flags, const Site& site,
                      const std::string& pool, Plan& plan, std::vector<std::string>& words) {
  if (!site.peer.credentials) {
    if (!flags.worker_key.empty()) {
      return fail(ErrorCode::invalid_input,
                  "--worker-key is given, but not what this command needs itself: --key and "
                  "--server-key, or a context that has them");
    }
    if (site.peer.insecure && !site.is_nearest) words.emplace_back("--insecure");
    return {};
  }
  if (flags.worker_key.empty()) {
    return fail(ErrorCode::invalid_input,
                "--worker-key is missing, expected a file with a key of the role worker: swarmlab "
                "keys new slurm-{} --role worker makes one",
                pool);
  }
  const std::string file = absolute(context, flags.worker_key);
  SWARMLAB_CHECK(keys::read_secret_key(file));  // and that nobody else can read it
  SWARMLAB_TRY(text, read_file(file, 1U << 16U));
  const std::string copy = fmt::format("{}/{}.key", site.folder, pool);
  const std::string server = fmt::format("{}/{}.server.pub", site.folder, pool);
  plan.secrets.push_back({copy, std::move(text)});
  plan.secrets.push_back(
      {server, fmt::format("public {}\n", site.peer.credentials->server.text())});
  words.insert(words.end(), {"--key", copy, "--server-key", server});
  return {};
}

Result<void> add_provider_keys_file(const Context& context, const UpFlags& flags, const Site& site,
                                    const std::string& pool, Plan& plan,
                                    std::vector<std::string>& words) {
  if (flags.provider_keys.empty()) return {};
  SWARMLAB_TRY(text, read_file(absolute(context, flags.provider_keys), 1U << 20U));
  const std::string copy = fmt::format("{}/{}.provider-keys", site.folder, pool);
  plan.secrets.push_back({copy, std::move(text)});
  words.insert(words.end(), {"--provider-keys", copy});
  return {};
}

Result<Plan> plan_of(const Context& context, const UpFlags& flags, const Site& site) {
  Plan plan;
  const std::string pool = flags.pool.empty() ? flags.partition : flags.pool;
  if (!is_pool_name(pool)) {
    return fail(ErrorCode::invalid_input,
                "--pool is \"{}\", expected 1 to 63 letters, digits, \".\", \"-\", \"_\" and \"+\"",
                pool);
  }
  SWARMLAB_CHECK(check_args(context.after_dashes));
  SWARMLAB_TRY(address, address_for_workers(context, flags, site));
  SWARMLAB_TRY(program, flags.program.empty()
                            ? self_executable()
                            : Result<std::string>(absolute(context, flags.program)));
  std::vector<std::string> words = {"--connect",       address,
                                    "--pool",          pool,
                                    "--slots",         fmt::format("{}", flags.slots),
                                    "--drain-timeout", duration_value(flags.drain_timeout),
                                    "--leave-idle",    duration_value(flags.leave_idle)};
  SWARMLAB_CHECK(add_keys(context, flags, site, pool, plan, words));
  SWARMLAB_CHECK(add_provider_keys_file(context, flags, site, pool, plan, words));
  if (!flags.labels.empty()) words.insert(words.end(), {"--labels", flags.labels});
  if (!flags.sandbox.empty()) words.insert(words.end(), {"--sandbox", flags.sandbox});
  for (const std::string& path : flags.expose) {
    words.insert(words.end(), {"--expose", absolute(context, path)});
  }
  if (!flags.worker_config.empty()) {
    words.insert(words.end(), {"--config", absolute(context, flags.worker_config)});
  }
  plan.script = batch_script({.program = program,
                              .folder = site.folder,
                              .pool = pool,
                              .worker = std::move(words),
                              .look_every = seconds_of(flags.look_every),
                              .warn_before = seconds_of(flags.drain_timeout) + kToDeliver});
  plan.submission = {.pool = pool,
                     .partition = flags.partition,
                     .folder = site.folder,
                     .script = script_file(site.folder, pool),
                     .seats = free_seats({}, flags.nodes),
                     .cpus = flags.slots,
                     .warn_before = seconds_of(flags.drain_timeout) + kToDeliver,
                     .args = context.after_dashes};
  return plan;
}

// A seat that is warned before it began would never do anything.
Result<void> check_time_limit(const Programs& programs, const Submission& submission) {
  auto limit = time_limit_of(submission.args);
  if (!limit) {
    // Of the partition: the default, else the most.
    const auto said = programs.run(
        "sinfo", {"--noheader", "--partition=" + submission.partition, "--format=%L %l"});
    if (!said) return {};  // sbatch will say what is wrong
    const std::size_t blank = said->find(' ');
    if (blank == std::string::npos) return {};
    const std::string usual = said->substr(0, blank);
    const std::string most = said->substr(blank + 1, said->find('\n') - blank - 1);
    limit = time_in(usual) ? usual : most;
  }
  const auto seconds = time_in(*limit);
  if (!seconds || *seconds >= submission.warn_before + kLeastToWork) return {};
  return fail(ErrorCode::invalid_input,
              "jobs may take {} s, expected {} s at least: {} s of it are kept for the end "
              "(--drain-timeout, and {} s to deliver); ask for more with -- --time=..., or for "
              "less with --drain-timeout",
              seconds->count(), (submission.warn_before + kLeastToWork).count(),
              submission.warn_before.count(), kToDeliver.count());
}

// Two commands at once would give one seat twice.
Result<UniqueFd> lock_pool(const std::string& folder, const std::string& pool) {
  const std::string path = fmt::format("{}/{}.lock", folder, pool);
  UniqueFd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock || ::flock(lock.get(), LOCK_EX) != 0) {
    return fail(ErrorCode::unavailable, "{}: {}", path, std::strerror(errno));
  }
  return lock;
}

// A controller that lost its state numbers its jobs from 1 again: what ended an old one must not
// end a new one.
Result<void> forget_ended(const std::string& folder, const std::vector<Job>& jobs) {
  std::set<std::string> wanted;
  for (const Job& job : jobs) wanted.insert(down_file(folder, job.pool, job.array));
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string path = entry.path().string();
    if (path.ends_with(".down") && !wanted.contains(path)) SWARMLAB_CHECK(remove_tree(path));
  }
  return {};
}

void print_plan(const Context& context, const Plan& plan) {
  context.out << plan.script << "\n# submitted by:\n# sbatch";
  for (const std::string& word : sbatch_words(plan.submission)) {
    context.out << ' ' << shell_word(word);
  }
  context.out << '\n';
}

Result<void> submit(const Context& context, const UpFlags& flags, Plan plan) {
  Submission& submission = plan.submission;
  const Programs programs(context.environment);
  SWARMLAB_CHECK(programs.run("sbatch", {"--version"}));
  SWARMLAB_CHECK(check_time_limit(programs, submission));
  SWARMLAB_CHECK(make_folders(submission.folder, 0700));
  const auto lock = lock_pool(submission.folder, submission.pool);
  if (!lock) return tl::unexpected(lock.error());
  SWARMLAB_TRY(jobs, programs.queue(submission.folder));
  std::vector<std::uint32_t> taken;
  for (const Job& job : jobs) {
    if (job.pool == submission.pool) taken.push_back(job.seat);
  }
  submission.seats = free_seats(taken, flags.nodes);
  for (const Secret& secret : plan.secrets) {
    SWARMLAB_CHECK(write_file_durably(secret.file, secret.bytes, 0600));
  }
  SWARMLAB_CHECK(write_file_durably(submission.script, plan.script, 0700));
  SWARMLAB_CHECK(forget_ended(submission.folder, jobs));
  SWARMLAB_TRY(said, programs.submit(sbatch_words(submission), flags.variables));
  const std::string job = job_id_in(said);
  if (job.empty()) return fail(ErrorCode::unavailable, "sbatch: no job in its words: {}", said);
  context.note(fmt::format(
      "job {}: {} seats in partition {}, {} to {}{}; logs in {}", job, submission.seats.size(),
      submission.partition, seat_name(submission.pool, submission.seats.front()),
      seat_name(submission.pool, submission.seats.back()),
      taken.empty() ? "" : fmt::format(", beside {} that were there", taken.size()),
      submission.folder));
  context.out << job << '\n';
  return {};
}

Result<void> up(const Context& context, const UpFlags& flags) {
  SWARMLAB_TRY(site, site_of(context, flags.site));
  SWARMLAB_TRY(plan, plan_of(context, flags, site));
  if (!flags.print) return submit(context, flags, std::move(plan));
  print_plan(context, plan);
  return {};
}

void add_options(CLI::App& command, UpFlags& flags) {
  command.add_option("-P,--partition", flags.partition, "Slurm's partition to run in")->required();
  command.add_option("-N,--nodes", flags.nodes, "Seats: workers, a node each (default: 1)")
      ->check(CLI::Range(1, 10'000));
  command.add_option("-S,--slots", flags.slots, "Tasks at the same time on each (default: 1)")
      ->check(CLI::Range(1, 1024));
  command.add_option("--pool", flags.pool,
                     "The pool that they are of, for swarmlab pools and labs that ask for the "
                     "label pool=NAME (default: the partition)");
  command.add_option("--address", flags.address,
                     "What workers connect to, if nodes reach the coordinator at another address "
                     "than this command");
  command.add_option("--worker-key", flags.worker_key,
                     "File with a key of the role worker; it is copied for the nodes, mode 0600");
  command.add_option("--program", flags.program,
                     "swarmlab, at a path that all nodes have (default: this one)");
  command.add_option("--labels", flags.labels,
                     "Words with commas between, for labs that ask for them: gpu=h100,zone=a");
  command.add_option("--expose", flags.expose,
                     "A path of the nodes that sandboxes see, read-only (may be given again)");
  command.add_option("--worker-config", flags.worker_config,
                     "A swarmlab.toml, at a path that all nodes have, for what is not said here");
  command.add_option("--env", flags.variables,
                     "A variable that workers get from here; others they do not (may be given "
                     "again). Slurm keeps it in its files: no secrets");
}

void add_times(CLI::App& command, UpFlags& flags) {
  add_duration(command, "--drain-timeout", flags.drain_timeout,
               "Before the end of a job, what runs may end for so long; the rest is handed back "
               "(default: 10m)",
               {.most = std::chrono::hours(18)});
  add_duration(command, "--leave-idle", flags.leave_idle,
               "A worker leaves its node when there was nothing to do for so long (default: 1m)",
               {});
  add_duration(command, "--look-every", flags.look_every,
               "How long a seat then stays away before it looks again (default: 5m)",
               {.least = std::chrono::seconds(10)});
}

}  // namespace

void add_up(CLI::App& slurm, Context& context) {
  CLI::App* command = slurm.add_subcommand(
      "up", "Start a pool of workers: seats in Slurm's queue, which come back by themselves");
  const auto flags = std::make_shared<UpFlags>();
  add_options(*command, *flags);
  add_sandbox(*command, flags->sandbox,
              "bubblewrap, docker, podman, runsc, with commas between; or none (default: "
              "bubblewrap)");
  add_provider_keys(*command, flags->provider_keys);
  add_times(*command, *flags);
  command->add_flag("--print", flags->print,
                    "Print the batch script and the sbatch command, and submit nothing");
  add_site(*command, flags->site, context);
  add_examples(
      *command,
      "  swarmlab slurm up --partition cpu --nodes 16 --slots 8\n"
      "  swarmlab slurm up -P gpu -N 4 --labels h100 -- --gres=gpu:8 --time=12:00:00\n"
      "What comes after -- is for sbatch. Seats leave when there is nothing to do and look\n"
      "again later; before their time is over they end what runs, and begin anew.");
  command->callback(
      [&context, flags] { context.action = [&context, flags] { return up(context, *flags); }; });
}

}  // namespace swarmlab::cli::slurm
