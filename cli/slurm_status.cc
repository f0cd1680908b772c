// `swarmlab slurm status`: jobs of Slurm and workers of the swarm, beside each other.
#include <CLI/CLI.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/commands.h"
#include "cli/slurm.h"
#include "cli/slurm_queue.h"
#include "cli/slurm_script.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/views.h"

namespace swarmlab::cli::slurm {

namespace {

struct SeatWorker {
  std::string state;
  std::uint32_t busy = 0;
  std::uint32_t slots = 0;
};
using WorkersByName = std::map<std::string, SeatWorker>;

Result<WorkersByName> workers_of(const Context& context) {
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(reply, swarm->ask([](schema::Query::Builder query) { query.setStatus(); }));
  if (!reply.body().isStatus()) return tl::unexpected(unexpected_reply("status"));
  WorkersByName workers;
  for (const auto worker : reply.body().getStatus().getWorkers()) {
    workers[text_of(worker.getName())] = {
        .state = text_of(worker.getState()), .busy = worker.getBusy(), .slots = worker.getSlots()};
  }
  return workers;
}

const SeatWorker* worker_of(const WorkersByName& workers, const Job& job) {
  const auto found = workers.find(seat_name(job.pool, job.seat));
  return found == workers.end() ? nullptr : &found->second;
}

// What a person should know of a job that does not run.
std::string state_of(const Job& job) {
  if (job.state == "PENDING" && job.reason == "BeginTime") return "QUIET";
  return job.state;
}

std::string why_of(const Job& job) {
  if (job.state == "PENDING" && job.reason == "BeginTime") return "looks for work at " + job.starts;
  return job.state == "RUNNING" ? "" : job.reason;
}

void print_json(const Context& context, const std::vector<Job>& jobs,
                const WorkersByName& workers) {
  nlohmann::ordered_json seats = nlohmann::ordered_json::array();
  for (const Job& job : jobs) {
    nlohmann::ordered_json seat = {{"seat", seat_name(job.pool, job.seat)},
                                   {"pool", job.pool},
                                   {"partition", job.partition},
                                   {"job", job.id},
                                   {"state", job.state},
                                   {"reason", job.reason},
                                   {"node", job.node},
                                   {"elapsed", job.elapsed},
                                   {"left", job.left},
                                   {"starts", job.starts},
                                   {"worker", nullptr}};
    if (const SeatWorker* worker = worker_of(workers, job)) {
      seat["worker"] = {{"state", worker->state}, {"busy", worker->busy}, {"slots", worker->slots}};
    }
    seats.push_back(std::move(seat));
  }
  context.out << seats.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

void print_seats(const Context& context, const std::vector<Job>& jobs,
                 const WorkersByName& workers) {
  if (jobs.empty()) {
    context.out << "no seat is in Slurm's queue; start some with: swarmlab slurm up\n";
    return;
  }
  using Align = Column::Align;
  Table table({{"SEAT"},
               {"JOB"},
               {"STATE"},
               {"NODE"},
               {"TIME", Align::right},
               {"LEFT", Align::right},
               {"WORKER"},
               {"BUSY", Align::right},
               {"WHY", Align::left, true}});
  for (const Job& job : jobs) {
    const SeatWorker* worker = worker_of(workers, job);
    table.add({Cell(seat_name(job.pool, job.seat), Paint::bold), one_line(job.id),
               one_line(state_of(job)), one_line(job.node), one_line(job.elapsed),
               one_line(job.left), worker == nullptr ? "-" : one_line(worker->state),
               worker == nullptr ? "-" : fmt::format("{}/{}", worker->busy, worker->slots),
               one_line(why_of(job))});
  }
  table.print(context.out, context.color, context.width);
}

Result<void> seat_status(const Context& context, const SiteFlags& flags) {
  SWARMLAB_TRY(site, site_of(context, flags));
  SWARMLAB_TRY(jobs, Programs(context.environment).queue(site.folder));
  // Jobs are told without a coordinator, too: then a person looks most of all.
  auto workers = workers_of(context);
  if (!workers) context.note("workers are not known: " + workers.error().message);
  const WorkersByName known = workers ? *std::move(workers) : WorkersByName();
  if (context.json) {
    print_json(context, jobs, known);
  } else {
    print_seats(context, jobs, known);
  }
  return {};
}

}  // namespace

void add_status(CLI::App& slurm, Context& context) {
  CLI::App* command = slurm.add_subcommand("status", "The seats: jobs, nodes and their workers");
  const auto flags = std::make_shared<SiteFlags>();
  add_json(*command, context);
  add_site(*command, *flags, context);
  add_examples(*command, "  swarmlab slurm status\n  swarmlab slurm status --json | jq '.[].node'");
  command->callback([&context, flags] {
    context.action = [&context, flags] { return seat_status(context, *flags); };
  });
}

}  // namespace swarmlab::cli::slurm
