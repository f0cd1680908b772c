#include "worker/server/attempt.h"

#include <algorithm>
#include <utility>

#include "common/git/data_commit.h"
#include "common/lab/lab.h"
#include "common/os/file.h"
#include "worker/bridge/forward.h"
#include "worker/evaluator/evaluation.h"
#include "worker/server/agent_session.h"
#include "worker/server/comparing.h"
#include "worker/server/lab_image.h"
#include "worker/server/laid_out.h"
#include "worker/server/outlets.h"
#include "worker/server/redaction.h"
#include "worker/server/rounds.h"
#include "worker/server/stage_timer.h"
#include "worker/server/texts.h"
#include "worker/server/trials.h"
#include "worker/server/workshop.h"

namespace swarmlab::worker {
namespace {

constexpr const char* kMade = "checkout";  // of what no agent makes here

// Of one attempt alone.
struct Folders {
  std::string trials;
  std::string agent;
};

class Attempt {
 public:
  Attempt(const Workbench& bench, const Assignment& assignment, CancelToken cancel,
          ObjectCache::Opened opened, Folders folders, GpuPool::Loan gpus, AgentSession* session)
      : bench_(bench),
        assignment_(assignment),
        session_(session),
        settings_(assignment.settings),
        cancel_(std::move(cancel)),
        opened_(std::move(opened)),
        folder_(std::move(folders.trials)),
        agent_folder_(std::move(folders.agent)),
        gpus_(std::move(gpus)),
        secrets_(secrets_of(bench, assignment.settings.agent)) {}

  Result<SpooledReport> run() {
    result_ = returned(assignment_, {});
    report_.host_class = bench_.host_class;
    {
      const StageTimer total(report_.stages, Stage::total);
      SWARMLAB_CHECK(go());
    }
    redact(result_, secrets_);
    return std::move(result_);
  }

 private:
  // Steps say whether to go on; when they do not, the report has its outcome.
  Result<void> go() {
    const DataSource& data = settings_.evaluator.data;
    SWARMLAB_CHECK(bench_.data.verify(data, assignment_.data_hash, [this](const ObjectId& hash) {
      return bench_.link.data_manifest(hash, cancel_);
    }));
    SWARMLAB_CHECK(fetch());
    SWARMLAB_CHECK(take_data());
    SWARMLAB_TRY(has_image, take_image());
    if (!has_image) return {};
    SWARMLAB_CHECK(take_service());
    if (const auto& comparison = assignment_.comparison) {
      return compare(trials_, repository_, *comparison, report_);
    }
    // A baseline, or what was kept, at another scale or on other data: there is no agent.
    const bool is_given =
        assignment_.kind == TaskKind::baseline || !makes_experiment(assignment_.kind);
    const bool is_made = is_given || assignment_.candidate.has_value();
    SWARMLAB_TRY(passed, is_given  ? take_commit(assignment_.parent_commit)
                         : is_made ? take_candidate()
                                   : make_candidate());
    if (passed) SWARMLAB_CHECK(measure(is_made ? kMade : rounds_.checkout()));
    if (report_.outcome == Outcome::returned) return forget_candidate();
    return is_made || !report_.commit ? Result<void>() : pack();
  }

  // With the devices of this attempt, and no others.
  void dress(sandbox::SandboxRequest& request) {
    request.env.emplace_back("CUDA_VISIBLE_DEVICES", gpus_.visible_devices());
    request.gpus = gpus_.ids();
    request.driver = settings_.sandbox.driver;
    request.image = image_;
    let_to_service(request);
  }

  Result<sandbox::SandboxResult> run(sandbox::SandboxRequest request) {
    dress(request);
    SWARMLAB_TRY(ended, bench_.sandbox.run(request, cancel_));
    redact(ended, secrets_);
    return std::move(ended);
  }

  // Of guard and evaluator, which have a network only if the lab says so.
  Result<sandbox::SandboxResult> run_trial(sandbox::SandboxRequest request) {
    SWARMLAB_TRY(outlets, Outlets::open(bench_, {.network = settings_.evaluator.network,
                                                 .secrets = secrets_}));
    outlets.add_to(request);
    SWARMLAB_TRY(ended, run(std::move(request)));
    for (const NetworkRefusal& refusal : outlets.end().refused) {
      ended.err += fmt::format("swarmlab: {}:{} was refused {} times: [evaluator] network\n",
                               refusal.host, refusal.port, refusal.times);
    }
    return std::move(ended);
  }

  bool end(Outcome outcome, std::string reason) {
    report_.outcome = outcome;
    report_.reason = std::move(reason);
    return false;
  }

  Result<void> fetch() {
    const StageTimer timer(report_.stages, Stage::fetch);
    const std::vector<ObjectId> wanted = commits_for(assignment_);
    SWARMLAB_CHECK(bench_.objects.bring(bench_.link, assignment_.lab, wanted, opened_, cancel_));
    if (assignment_.comparison) return {};
    SWARMLAB_TRY(tree, repository_.tree_of(assignment_.parent_commit));
    parent_tree_ = tree;
    return {};
  }

  // Large data is in one folder for all attempts; small data of the repository comes with the rest.
  Result<void> take_data() {
    const StageTimer timer(report_.stages, Stage::fetch);
    const DataSource& data = settings_.evaluator.data;
    const ObjectId& tree = assignment_.data_hash;
    if (data.kind == DataSource::Kind::shipped) {
      if (bench_.data.is_in_place(data, tree)) return {};
      const ObjectId commit[] = {git::data_commit_of(tree)};
      SWARMLAB_CHECK(bench_.objects.bring(bench_.link, assignment_.lab, commit, opened_, cancel_));
    } else {
      if (data.kind != DataSource::Kind::folder) return {};
      // There nothing can be mounted where the data belongs.
      const std::string_view sandbox = bench_.sandbox.name();
      if (sandbox == "none" || sandbox == "runner") return {};
      SWARMLAB_TRY(large, bench_.data.is_large(repository_, tree));
      if (!large) return {};
      data_in_checkout_ = data.path;
    }
    SWARMLAB_TRY(in_use, bench_.data.check_out(repository_, tree));
    data_ = std::move(in_use);
    return {};
  }

  // An image that cannot be built is the lab's fault: without it there is no baseline.
  Result<bool> take_image() {
    const StageTimer timer(report_.stages, Stage::fetch);
    auto image = image_of(settings_, repository_, assignment_.lab_commit, folder_ + "/image",
                          bench_.sandbox, cancel_);
    if (!image && image.error().code == ErrorCode::invalid_input &&
        assignment_.kind == TaskKind::baseline) {
      return end(Outcome::crash, image.error().message);
    }
    if (!image) return tl::unexpected(image.error());
    image_ = *std::move(image);
    return true;
  }

  Result<void> take_service() {
    if (!settings_.evaluator.service) return {};
    if (bench_.services == nullptr) {
      return fail(ErrorCode::unavailable,
                  "[backend.host_service]: this worker may start none (--host-services)");
    }
    const DataSource& data = settings_.evaluator.data;
    const bool is_folder = data.kind == DataSource::Kind::folder;
    SWARMLAB_TRY(use, bench_.services->need({.settings = settings_,
                                             .repository = repository_,
                                             .commit = assignment_.lab_commit,
                                             .data = is_folder ? std::string() : data.path},
                                            cancel_));
    service_in_use_ = std::move(use);
    SWARMLAB_TRY(forward, Forward::start(settings_.evaluator.service->port));
    service_ = std::move(forward);
    return {};
  }

  // At its own port, which is all that it sees of this machine.
  void let_to_service(sandbox::SandboxRequest& request) {
    if (!service_) return;
    const std::uint16_t port = settings_.evaluator.service->port;
    request.env.emplace_back("ARL_HOST_SERVICE_URL", fmt::format("http://127.0.0.1:{}", port));
    if (bench_.sandbox.name() == "none") return;  // it is there already
    request.gates.push_back({.port = port, .take = [this](UniqueFd connection) {
                               service_->take(std::move(connection));
                             }});
  }

  // A coordinator of protocol 1 gave it with the task.
  Result<void> take_briefing() {
    briefing_ = assignment_.briefing;
    if (!briefing_.brief.empty()) return {};
    const StageTimer timer(report_.stages, Stage::fetch);
    SWARMLAB_TRY(told, bench_.link.briefing({assignment_.task, assignment_.token}, cancel_));
    briefing_ = std::move(told);
    return {};
  }

  Result<bool> take_commit(const ObjectId& commit) {
    report_.commit = commit;
    SWARMLAB_TRY(tree, repository_.tree_of(commit));
    report_.tree = tree;
    SWARMLAB_CHECK(trials_.check_out(tree, kMade));
    return trials_.guard(kMade);
  }

  // No agent made it: it is in the coordinator's objects, and as untrusted as any.
  Result<bool> take_candidate() {
    SWARMLAB_TRY(tree, repository_.tree_of(*assignment_.candidate));
    report_.tree = tree;
    SWARMLAB_TRY(is_known, workshop_.is_known());
    return is_known ? Result<bool>(false) : take_commit(*assignment_.candidate);
  }

  // A merge needs an agent only where both sides conflict, and a simplification never does.
  Result<bool> make_candidate() {
    if (assignment_.kind == TaskKind::simplify) {
      SWARMLAB_TRY(is_whole, workshop_.take_out());
      return is_whole ? rounds_.take_merged() : Result<bool>(false);
    }
    if (assignment_.merge) {
      SWARMLAB_TRY(conflicts, workshop_.merge());
      if (!conflicts) return rounds_.take_merged();
    }
    SWARMLAB_CHECK(take_briefing());
    return rounds_.make_candidate();
  }

  // What is not sent is not named.
  Result<void> forget_candidate() {
    report_.commit.reset();
    report_.tree.reset();
    SWARMLAB_CHECK(forget_runs());
    result_.pack.clear();
    return result_.pack_file.empty() ? Result<void>()
                                     : remove_tree(std::exchange(result_.pack_file, {}));
  }

  // Of the baseline so often that its noise is known. Two equal runs say that there is none.
  Result<void> measure(const std::string& checkout) {
    for (std::uint32_t run = 0; run < std::max(1U, assignment_.repeats); ++run) {
      SWARMLAB_TRY(measured, trials_.evaluate(checkout, *report_.tree, run));
      if (!measured) return forget_runs();
      take_run(*std::move(measured));
      if (run == 1 && report_.more.front().score == report_.measurement->score) break;
    }
    report_.outcome = Outcome::measured;
    return {};
  }

  void take_run(Measurement run) {
    if (report_.measurement) {
      report_.more.push_back(std::move(run));
    } else {
      report_.measurement = std::move(run);
    }
  }

  Result<void> forget_runs() {
    report_.measurement.reset();
    report_.more.clear();
    return {};
  }

  Result<void> pack() {
    const StageTimer timer(report_.stages, Stage::pack);
    const std::string file = Spool::pack_file(bench_.spool, assignment_.task, assignment_.token);
    SWARMLAB_TRY(bytes, pack_candidate(repository_, workshop_.parents(), file, result_));
    if (bytes <= bench_.max_pack_bytes) return {};
    end(Outcome::invalid, fmt::format("the candidate's pack has {} bytes, expected {} at most: the "
                                      "limit is this worker's --max-candidate",
                                      bytes, bench_.max_pack_bytes));
    return forget_candidate();
  }

  const Workbench& bench_;
  const Assignment& assignment_;
  AgentSession* session_;  // null: none is kept
  const LabSettings& settings_;
  CancelToken cancel_;
  ObjectCache::Opened opened_;
  git::Repository& repository_ = opened_.repository;
  std::string folder_;  // of this attempt alone; where agents have one, not theirs
  std::string agent_folder_;
  GpuPool::Loan gpus_;
  const Secrets secrets_;
  Briefing briefing_;
  ObjectId parent_tree_;
  DataFolders::InUse data_;
  UniqueFd service_in_use_;  // it is not ended meanwhile
  std::unique_ptr<Forward> service_;
  std::string image_;             // of the lab's sandboxes; empty: it has none
  std::string data_in_checkout_;  // empty there, and to be mounted
  SpooledReport result_;
  Report& report_ = result_.report;
  Trials trials_{{.bench = bench_,
                  .assignment = assignment_,
                  .repository = repository_,
                  .folder = folder_,
                  .data = data_,
                  .data_in_checkout = data_in_checkout_,
                  .run = [this](auto request) { return run_trial(std::move(request)); },
                  .result = result_}};
  Workshop workshop_{{.bench = bench_,
                      .assignment = assignment_,
                      .repository = repository_,
                      .folder = agent_folder_,
                      .briefing = briefing_,
                      .parent_tree = parent_tree_,
                      .data = data_,
                      .data_in_checkout = data_in_checkout_,
                      .cancel = cancel_,
                      .secrets = secrets_,
                      .session = session_,
                      .run = [this](auto request) { return run(std::move(request)); },
                      .dress = [this](auto& request) { dress(request); },
                      .result = result_}};
  Rounds rounds_{{.bench = bench_,
                  .settings = settings_,
                  .folder = folder_,
                  .agent_folder = agent_folder_,
                  .workshop = workshop_,
                  .trials = trials_,
                  .result = result_}};
};

}  // namespace

Result<SpooledReport> attempt(const Workbench& bench, const Assignment& assignment,
                              const CancelToken& cancel, AgentSession* session) {
  if (session != nullptr) session->make_way(assignment);
  SWARMLAB_TRY(gpus, bench.gpus.borrow(assignment.takes.gpus));
  SWARMLAB_TRY(opened, bench.objects.repository());
  SWARMLAB_TRY(folder, TempFolder::create(bench.work_folder, "attempt"));
  std::optional<TempFolder> of_agent;
  if (!bench.agent_work_folder.empty()) {
    SWARMLAB_TRY(made, TempFolder::create(bench.agent_work_folder, "attempt"));
    of_agent = std::move(made);
  }
  const Folders folders{.trials = folder.path(),
                        .agent = of_agent ? of_agent->path() : folder.path()};
  const bool is_kept = AgentSession::is_wanted(assignment.settings, bench.sandbox.name());
  auto result = Attempt(bench, assignment, cancel, std::move(opened), folders, std::move(gpus),
                        is_kept ? session : nullptr)
                    .run();
  bench.janitor.remove(folder.release());
  if (of_agent) bench.janitor.remove(of_agent->release());
  const bool is_done = result && result->report.outcome != Outcome::returned;
  if (session != nullptr && !is_done) session->end();
  if (!result && cancel.cancelled()) return returned(assignment, "cancelled");
  return result;
}

}  // namespace swarmlab::worker
