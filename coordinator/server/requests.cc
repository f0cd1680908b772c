// What peers ask, read into steps of a turn.
#include <algorithm>
#include <random>

#include "common/git/data_commit.h"
#include "common/lab/scope.h"
#include "common/log/log.h"
#include "common/wire/field_codec.h"
#include "common/wire/lab_codec.h"
#include "common/wire/record_codec.h"
#include "common/wire/resources_codec.h"
#include "coordinator/server/branch.h"
#include "coordinator/server/desk.h"

namespace swarmlab::server {
namespace {

constexpr std::size_t kMaxHeld = 10'000;
constexpr std::size_t kMaxNameBytes = 100;

std::vector<swarm::HeldLease> held_of(capnp::List<schema::HeldLease>::Reader list) {
  std::vector<swarm::HeldLease> held;
  for (const auto lease : list) {
    if (held.size() == kMaxHeld) break;
    held.push_back({TaskId(lease.getTask()), FencingToken(lease.getToken())});
  }
  return held;
}

std::string cut(capnp::Text::Reader text, std::size_t most) {
  std::string all = text.cStr();
  if (all.size() <= most) return all;
  while (most > 0 && (static_cast<unsigned char>(all[most]) & 0xC0U) == 0x80U) --most;
  all.resize(most);
  return all;
}

std::vector<swarm::Announced> announced_in(schema::Heartbeat::Reader heartbeat) {
  constexpr std::size_t kMostAnnounced = 1000;  // a slot each
  constexpr std::size_t kHypothesisBytes = 1000;
  constexpr std::size_t kMechanismBytes = 2000;
  std::vector<swarm::Announced> announced;
  for (const auto one : heartbeat.getAnnounced()) {
    if (announced.size() == kMostAnnounced) break;
    announced.push_back({.lease = {TaskId(one.getTask()), FencingToken(one.getToken())},
                         .said = {.hypothesis = cut(one.getHypothesis(), kHypothesisBytes),
                                  .mechanism = cut(one.getMechanism(), kMechanismBytes)}});
  }
  return announced;
}

bool is_good_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes && std::ranges::all_of(name, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
  });
}

// It is stored, and matched at every ask.
std::string wrong_in(const Capacity& capacity) {
  constexpr std::size_t kMost = 256;
  if (capacity.gpus.size() > kMost || capacity.labels.size() > kMost) {
    return fmt::format("a worker has {} GPUs and {} labels, expected {} at most of each",
                       capacity.gpus.size(), capacity.labels.size(), kMost);
  }
  for (const auto* texts : {&capacity.gpus, &capacity.labels}) {
    for (const std::string& text : *texts) {
      if (text.empty() || text.size() > kMaxNameBytes) {
        return fmt::format("a GPU id or label has {} bytes, expected 1 to {}", text.size(),
                           kMaxNameBytes);
      }
    }
  }
  return {};
}

std::size_t push(std::vector<Step>& steps, swarm::Command command) {
  steps.push_back(Step{.command = std::move(command), .attachments = {}, .pack = {}});
  return steps.size() - 1;
}

Error bad(std::string message) {
  return Error{ErrorCode::invalid_input, std::move(message)};
}

std::optional<swarm::SetLabStatus::Wish> wish_of(schema::SetLabStatus::Wish wish) {
  switch (wish) {
    case schema::SetLabStatus::Wish::PAUSE:
      return swarm::SetLabStatus::Wish::pause;
    case schema::SetLabStatus::Wish::RESUME:
      return swarm::SetLabStatus::Wish::resume;
    case schema::SetLabStatus::Wish::STOP:
      return swarm::SetLabStatus::Wish::stop;
  }
  return std::nullopt;  // of a newer release
}

}  // namespace

SessionId Desk::random_session() {
  std::random_device device;
  const std::uint64_t high = device();
  return SessionId((high << 32U) | device() | 1U);
}

// A hello names a range of its own; any other message is written in the protocol that it says.
Result<wire::Protocol> Desk::protocol_for(const wire::Incoming& message) {
  const auto body = message.body();
  wire::Party peer{.name = "this peer", .protocols = wire::protocols_of(message.envelope())};
  if (body.isHello()) {
    const auto hello = body.getHello();
    peer.name = fmt::format("this worker ({})", hello.getVersion().cStr());
    peer.protocols = {.oldest = hello.getProtocolMin(), .newest = hello.getProtocolMax()};
  }
  return wire::agree(peer, {.name = "the coordinator", .protocols = wire::our_protocols()});
}

void Desk::take(Request& request, std::vector<Step>& steps) {
  const auto body = request.message.body();
  const auto protocol = protocol_for(request.message);
  if (!protocol) {
    refusals_.count(Refusal::protocol, protocol.error().message);
    request.refused = protocol.error();
    return;
  }
  request.protocol = *protocol;
  if (!admit(request)) return;
  // What is not named here needs no turn: it is answered from the state after it.
  if (body.isHello()) {
    take_hello(request, body.getHello(), steps);
  } else if (body.isWork()) {
    take_work(request, body.getWork(), *request.worker, steps);
  } else if (body.isHeartbeat()) {
    request.step = push(
        steps,
        swarm::Heartbeat{*request.worker, request.sender(), held_of(body.getHeartbeat().getHeld()),
                         body.getHeartbeat().getLeaving(), announced_in(body.getHeartbeat())});
  } else if (body.isBye()) {
    request.step = push(steps, swarm::WorkerLeft{*request.worker, request.sender()});
  } else if (body.isPackChunk()) {
    take_chunk(request, body.getPackChunk());
  } else if (body.isOpenLab()) {
    take_open_lab(request, body.getOpenLab(), steps);
  } else if (body.isDrain()) {
    take_drain(request, body.getDrain().cStr());
  } else if (body.isRelease()) {
    request.step =
        push(steps, swarm::ReleaseWorker{WorkerName(body.getRelease().getWorker().cStr()),
                                         body.getRelease().getWho().cStr()});
  } else if (body.isSteerCandidate()) {
    take_candidate_wish(request, body.getSteerCandidate(), steps);
  } else if (body.isBranchLab()) {
    take_branch(request, body.getBranchLab(), steps);
  } else if (body.isSetLabStatus()) {
    take_status(request, body.getSetLabStatus(), steps);
  } else if (body.isBackup()) {
    take_backup(request, body.getBackup());
  } else if (body.isHint()) {
    take_hint(request, body.getHint(), steps);
  } else if (body.isInject()) {
    take_inject(request, body.getInject(), steps);
  } else if (body.isReject()) {
    take_reject(request, body.getReject(), steps);
  }
}

void Desk::take_status(Request& request, schema::SetLabStatus::Reader wish,
                       std::vector<Step>& steps) {
  const auto known = wish_of(wish.getWish());
  if (!known) {
    request.refused = bad("wish is unknown, expected pause, resume or stop");
    return;
  }
  request.step = push(steps, swarm::SetLabStatus{.lab = wish.getLab().cStr(),
                                                 .wish = *known,
                                                 .reason = wish.getReason().cStr(),
                                                 .who = wish.getWho().cStr(),
                                                 .below = wish.getBelow()});
}

void Desk::take_candidate_wish(Request& request, schema::SteerCandidate::Reader wish,
                               std::vector<Step>& steps) {
  using Wish = schema::SteerCandidate::Wish;
  if (wish.getWish() != Wish::PROMOTE && wish.getWish() != Wish::REJECT) {
    request.refused = bad("wish is unknown, expected promote or reject");
    return;
  }
  const bool promotes = wish.getWish() == Wish::PROMOTE;
  request.step =
      push(steps, swarm::SteerCandidate{.lab = wish.getLab().cStr(),
                                        .experiment = ExperimentNumber(wish.getExperiment()),
                                        .wish = promotes ? swarm::SteerCandidate::Wish::promote
                                                         : swarm::SteerCandidate::Wish::reject,
                                        .reason = wish.getReason().cStr(),
                                        .who = wish.getWho().cStr()});
}

void Desk::take_hello(Request& request, schema::Hello::Reader hello, std::vector<Step>& steps) {
  const std::string name = hello.getWorker().cStr();
  if (!is_good_name(name)) {
    request.refused = bad("a worker's name is 1 to 100 of letters, digits, \".\", \"-\" and \"_\"");
    return;
  }
  Capacity capacity = wire::read(hello.getCapacity());
  if (auto wrong = wrong_in(capacity); !wrong.empty()) {
    request.refused = bad(std::move(wrong));
    return;
  }
  if (is_name_of_another(WorkerName(name), request.key())) {
    refuse(request, Refusal::worker_name,
           {ErrorCode::conflict,
            fmt::format("a worker {} with another key is there already: give this one a --name of "
                        "its own",
                        name)});
    return;
  }
  const auto known = engine_.state().workers.find(WorkerName(name));
  if (known == engine_.state().workers.end() || known->second.key != request.key()) {
    offers_.forget(name);
  }
  wire::Capabilities capabilities = wire::read_capabilities(hello.getCapabilities());
  const bool measures = capabilities.contains("measure");
  const bool injects = capabilities.contains("inject");
  const bool scales = capabilities.contains("scales");
  const bool presets = capabilities.contains("presets");
  const bool simplifies = capabilities.contains("simplify");
  request.session = fresh_session_();
  std::erase_if(sessions_, [&](const auto& entry) { return entry.second.worker.value() == name; });
  std::erase_if(draining_, [&](SessionId session) { return !sessions_.contains(session); });
  sessions_.emplace(request.session, Session{.worker = WorkerName(name),
                                             .key = request.key(),
                                             .peer = {.protocol = request.protocol,
                                                      .capabilities = std::move(capabilities)}});
  request.step =
      push(steps, swarm::WorkerArrived{.worker = {.name = WorkerName(name),
                                                  .host_class = hello.getHostClass().cStr(),
                                                  .slots = hello.getSlots(),
                                                  .joined_at = engine_.now(),
                                                  .capacity = std::move(capacity),
                                                  .key = request.key(),
                                                  .measures = measures,
                                                  .scales = scales,
                                                  .injects = injects,
                                                  .presets = presets,
                                                  .simplifies = simplifies},
                                       .session = request.session,
                                       .held = held_of(hello.getHeld()),
                                       .again = hello.getAgain()});
  log::info("worker {} says hello{}{}{}", name, log::field("slots", hello.getSlots()),
            log::field("held", hello.getHeld().size()), log::field("protocol", request.protocol));
}

void Desk::take_work(Request& request, schema::Work::Reader work, const WorkerName& worker,
                     std::vector<Step>& steps) {
  if (work.hasReport()) take_report(request, work, worker, steps);
  if (request.refused || !work.getAsk()) return;
  std::optional<swarm::HeldLease> reported;
  if (request.pack) reported = swarm::HeldLease{request.pack->task, request.pack->token};
  request.step = push(steps, swarm::WorkAsked{worker, request.sender(), work.getSlot(), reported});
}

void Desk::take_report(Request& request, schema::Work::Reader work, const WorkerName& worker,
                       std::vector<Step>& steps) {
  request.pack =
      PackKey{TaskId(work.getReport().getTask()), FencingToken(work.getReport().getToken())};
  Result<Report> report = wire::read(work.getReport());
  Result<Attachments> attachments;
  if (work.hasAttachments()) attachments = wire::read(work.getAttachments());
  if (!report || !attachments) {
    request.unreadable = report ? attachments.error().message : report.error().message;
    return;
  }
  Step step{.command = {}, .attachments = *std::move(attachments), .pack = {}};
  if (work.getPackBytes() > 0) {
    if (const auto added = add_pack(request, work.getPackBytes(), *report, step); !added) {
      request.refused = added.error();
      return;
    }
  }
  step.command = swarm::ReportArrived{worker, *std::move(report), std::nullopt};
  steps.push_back(std::move(step));
  request.report_step = steps.size() - 1;
}

void Desk::renew_sessions() {
  sessions_.clear();
  draining_.clear();
}

void Desk::take_branch(Request& request, schema::BranchLab::Reader branch,
                       std::vector<Step>& steps) {
  BranchWish wish{.lab = branch.getLab().cStr(),
                  .experiment = ExperimentNumber(branch.getExperiment()),
                  .name = branch.getName().cStr(),
                  .set = wire::read_texts(branch.getSet()),
                  .instructions = std::nullopt,
                  .who = branch.getWho().cStr()};
  if (branch.hasInstructions()) {
    wish.instructions = wire::string_of(branch.getInstructions().getText());
  }
  auto planned = plan_branch(engine_.state(), engine_.store(), engine_.objects(), wish);
  if (planned) {
    request.step = push(steps, *std::move(planned));
  } else {
    request.refused = planned.error();
  }
}

void Desk::take_drain(Request& request, std::string_view worker) {
  std::string known;
  for (const auto& [id, session] : sessions_) {
    const WorkerName& name = session.worker;
    if (!engine_.state().presence.workers.contains(name)) continue;  // it left
    if (name.value() == worker) {
      draining_.insert(id);
      log::info("worker {} is to leave", worker);
      return;
    }
    known += (known.empty() ? "" : ", ") + name.value();
  }
  request.refused =
      Error{ErrorCode::not_found,
            known.empty() ? fmt::format("no worker {}: none is connected", worker)
                          : fmt::format("no worker {} here, expected one of: {}", worker, known)};
}

void Desk::take_backup(Request& request, schema::Backup::Reader backup) {
  const store::Store& store = engine_.store();
  store::BackupSource source{
      .state_folder = std::filesystem::path(answerer_.store).parent_path(),
      .checkpoint = [&store](const std::filesystem::path& to) { return store.checkpoint(to); }};
  const Backups::Asker asker{.peer = request.peer,
                             .request_id = request.message.envelope().getRequestId(),
                             .protocol = request.protocol};
  if (const auto begun =
          backups_.ask(asker, backup, std::move(source), answerer_.version, engine_.now());
      !begun) {
    request.refused = begun.error();
  }
}

void Desk::take_open_lab(Request& request, schema::OpenLab::Reader open, std::vector<Step>& steps) {
  const auto settings = wire::read(open.getSettings());
  const auto commit = wire::object_id_of("labCommit", open.getLabCommit());
  const auto evaluator = wire::object_id_of("evaluatorHash", open.getEvaluatorHash());
  const auto data = wire::object_id_of("dataHash", open.getDataHash());
  const auto holdout = wire::maybe_object_id_of("holdoutHash", open.getHoldoutHash());
  if (!settings || !commit || !evaluator || !data || !holdout) {
    request.refused = !settings    ? settings.error()
                      : !holdout   ? holdout.error()
                      : !commit    ? commit.error()
                      : !evaluator ? evaluator.error()
                                   : data.error();
    return;
  }
  if (const auto scope = Scope::from(settings->artifact); !scope) {
    request.refused = bad("[artifact] " + scope.error().message);  // else no report could be judged
    return;
  }
  if (!engine_.objects().has(*commit)) {
    request.refused = Error{ErrorCode::not_found, "the lab's commit " + commit->brief() +
                                                      " is not in the coordinator's objects"};
    return;
  }
  if (settings->evaluator.data.kind == DataSource::Kind::shipped &&
      !engine_.objects().has(git::data_commit_of(*data))) {
    request.refused = Error{ErrorCode::not_found, "the lab's data " + data->brief() +
                                                      " is not in the coordinator's objects"};
    return;
  }
  swarm::Segment segment;
  segment.lab_commit = *commit;
  segment.evaluator_hash = *evaluator;
  segment.data_hash = *data;
  segment.holdout_hash = *holdout;
  request.step = push(steps, swarm::OpenLab{*settings, segment, open.getWho().cStr()});
}

}  // namespace swarmlab::server
