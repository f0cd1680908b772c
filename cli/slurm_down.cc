// `swarmlab slurm down`: lets a swarm's seats in Slurm end, and not come back.
#include <CLI/CLI.hpp>
#include <set>

#include "cli/commands.h"
#include "cli/slurm.h"
#include "cli/slurm_queue.h"
#include "cli/slurm_script.h"
#include "common/os/file.h"

namespace swarmlab::cli::slurm {

namespace {

struct DownFlags {
  SiteFlags site;
  std::string pool;  // empty: all
  bool now = false;
};

Result<void> scancel(const Programs& programs, std::vector<std::string> words,
                     const std::vector<std::string>& jobs) {
  if (jobs.empty()) return {};
  words.insert(words.end(), jobs.begin(), jobs.end());
  SWARMLAB_CHECK(programs.run("scancel", words));
  return {};
}

struct Told {
  std::size_t at_work = 0;
  std::size_t waiting = 0;
  std::size_t completing = 0;
  Result<void> done;
};

// As the queue is now; seats go on meanwhile, and Slurm refuses what has just changed.
Result<Told> tell(const Programs& programs, const Site& site, const DownFlags& flags) {
  SWARMLAB_TRY(jobs, programs.queue(site.folder));
  std::erase_if(jobs,
                [&](const Job& job) { return !flags.pool.empty() && job.pool != flags.pool; });
  // Whatever state a seat is in by now: it reads this before it comes back.
  std::set<std::string> marks;
  for (const Job& job : jobs) marks.insert(down_file(site.folder, job.pool, job.array));
  for (const std::string& mark : marks) SWARMLAB_CHECK(write_file_durably(mark, "", 0600));
  std::vector<std::string> waiting;
  std::vector<std::string> at_work;
  Told told;
  for (const Job& job : jobs) {
    if (job.state == "COMPLETING") {
      ++told.completing;
    } else if (job.state == "RUNNING" || job.state == "SUSPENDED") {
      at_work.push_back(job.id);
    } else {
      waiting.push_back(job.id);
    }
  }
  told.waiting = waiting.size();
  told.at_work = at_work.size();
  const Result<void> gone = scancel(programs, {}, waiting);
  told.done = scancel(
      programs,
      flags.now ? std::vector<std::string>{} : std::vector<std::string>{"--batch", "--signal=USR1"},
      at_work);
  if (!gone) told.done = gone;
  return told;
}

Result<void> down(const Context& context, const DownFlags& flags) {
  SWARMLAB_TRY(site, site_of(context, flags.site));
  const Programs programs(context.environment);
  SWARMLAB_TRY(told, tell(programs, site, flags));
  // Seats hear the same again only once: the script sees to it.
  constexpr int kTries = 5;
  for (int tries = 1; !told.done && tries < kTries; ++tries) {
    SWARMLAB_TRY(again, tell(programs, site, flags));
    told = std::move(again);
  }
  SWARMLAB_CHECK(told.done);
  if (told.at_work + told.waiting + told.completing == 0) {
    context.note("no seat is in Slurm's queue");
    return {};
  }
  context.note(fmt::format("seats: {} {}, {} just end, {} waited and are gone", told.at_work,
                           flags.now ? "hand back what runs" : "end what runs, then go",
                           told.completing, told.waiting));
  return {};
}

}  // namespace

void add_down(CLI::App& slurm, Context& context) {
  CLI::App* command =
      slurm.add_subcommand("down", "End the seats: those at work end what runs, then go");
  const auto flags = std::make_shared<DownFlags>();
  command->add_option("--pool", flags->pool, "This pool alone (default: all of the swarm)");
  command->add_flag("--now", flags->now, "Hand back what runs at once");
  add_site(*command, flags->site, context);
  add_examples(*command, "  swarmlab slurm down\n  swarmlab slurm down --pool gpu --now");
  command->callback(
      [&context, flags] { context.action = [&context, flags] { return down(context, *flags); }; });
}

}  // namespace swarmlab::cli::slurm
