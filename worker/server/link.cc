#include "worker/server/link.h"

#include <thread>
#include <tuple>

#include "common/log/log.h"
#include "common/net/client.h"
#include "common/wire/message.h"
#include "common/wire/record_codec.h"
#include "worker/server/conversation.h"
#include "worker/server/packs.h"

namespace swarmlab::worker {
namespace {

using Body = schema::Envelope::Body::Builder;

Result<ReportAnswer> read_report_answer(schema::WorkReply::Report::Reader answer) {
  ReportAnswer read;
  if (answer.isCounted()) {
    SWARMLAB_TRY(verdict, wire::read(answer.getCounted().getVerdict()));
    read.verdict = verdict;
    read.decided = !answer.getCounted().getUndecided();
    read.reason = wire::string_of(answer.getCounted().getReason());
  } else if (answer.isStale()) {
    read.kind = ReportAnswer::Kind::stale;
    read.reason = wire::string_of(answer.getStale());
  } else if (answer.isRefused()) {
    read.kind = ReportAnswer::Kind::refused;
    read.reason = wire::string_of(answer.getRefused());
  } else {
    return fail(ErrorCode::invalid_input, "the coordinator did not answer the report");
  }
  return read;
}

Result<WorkAnswer> read_answer(schema::WorkReply::Reader reply, const Link::WorkRequest& request) {
  WorkAnswer answer;
  if (request.report != nullptr) {
    SWARMLAB_TRY(report, read_report_answer(reply.getReport()));
    answer.report = report;
  }
  const auto task = reply.getTask();
  if (task.isAssignment()) {
    SWARMLAB_TRY(assignment, wire::read(task.getAssignment()));
    answer.assignment = std::move(assignment);
  } else if (request.ask) {
    answer.nothing = NothingYet{.because = "no task", .retry_after = Milliseconds(1000)};
    if (task.isNothing()) {
      answer.nothing = NothingYet{.because = wire::string_of(task.getNothing().getBecause()),
                                  .retry_after = Milliseconds(task.getNothing().getRetryMs())};
    }
  }
  return answer;
}

void write_announced(schema::Heartbeat::Builder heartbeat,
                     const std::map<LeaseKey, Announcement>& announced) {
  auto list = heartbeat.initAnnounced(static_cast<unsigned>(announced.size()));
  unsigned i = 0;
  for (const auto& [key, said] : announced) {
    list[i].setTask(key.task.value());
    list[i].setToken(key.token.value());
    list[i].setHypothesis(wire::text_of(said.hypothesis));
    list[i].setMechanism(wire::text_of(said.mechanism));
    ++i;
  }
}

void write_ids(capnp::List<capnp::Data>::Builder to, std::span<const ObjectId> ids) {
  for (unsigned i = 0; i < ids.size(); ++i) to.set(i, wire::data_of(ids[i]));
}

}  // namespace

struct Link::Impl {
  Impl(const LinkOptions& chosen, std::unique_ptr<net::Channel> channel, SteadyClock& steady,
       Holdings& held, CancelSource leaves, CancelSource closes)
      : options(chosen),
        clock(steady),
        holdings(held),
        conversation(options, std::move(channel), clock, holdings),
        left(std::move(leaves)),
        closed(std::move(closes)) {}
  ~Impl() {
    close();
    if (beats.joinable()) beats.join();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  Impl(Impl&&) = delete;
  Impl& operator=(Impl&&) = delete;

  void close() {
    closed.cancel();
    left.cancel();
    conversation.close();
  }

  void beat_until_closed() {
    const CancelToken over = closed.token();
    while (!over.cancelled()) {
      const CancelToken wakes = conversation.leaving() ? over : left.token();  // leaving: at once
      beat();
      std::ignore = clock.wait(wakes, conversation.heartbeat());
    }
  }

  void beat() {
    const bool heard = exchange_state();
    if (options.on_beat) options.on_beat(heard);
  }

  // Whether the coordinator answered.
  bool exchange_state() {
    const auto write_state = [this](Body body) {
      auto heartbeat = body.initHeartbeat();
      const std::vector<LeaseKey> held = holdings.all();
      auto list = heartbeat.initHeld(static_cast<unsigned>(held.size()));
      for (unsigned i = 0; i < held.size(); ++i) {
        list[i].setTask(held[i].task.value());
        list[i].setToken(held[i].token.value());
      }
      heartbeat.setLeaving(conversation.leaving());
      write_announced(heartbeat, holdings.announced());
    };
    auto sent = conversation.send(write_state);
    if (!sent) return false;
    const auto reply = conversation.receive(*std::move(sent));
    if (!reply || !reply->body().isHeartbeatReply()) return reply.has_value();
    const auto wish = reply->body().getHeartbeatReply();
    for (const auto lease : wish.getDrop()) {
      holdings.cancel({TaskId(lease.getTask()), FencingToken(lease.getToken())});
    }
    if (wish.getDrain() && options.on_drain) options.on_drain();
    return true;
  }

  // One try.
  Result<WorkAnswer> work(const WorkRequest& request) {
    const SpooledReport* report = request.report;
    std::uint64_t pack_bytes = 0;
    if (report != nullptr) {
      SWARMLAB_TRY(pack, PackSource::of(*report));
      pack_bytes = pack.size();
      if (pack_bytes > 0) {
        const LeaseKey key{report->report.task, report->report.token};
        SWARMLAB_CHECK(send_pack(conversation, pace, key, pack));
      }
    }
    SWARMLAB_TRY(sent, conversation.send([&](Body body) {
      auto work = body.initWork();
      work.setAsk(request.ask);
      work.setSlot(request.slot);
      if (report == nullptr) return;
      wire::write(work.initReport(), report->report);
      wire::write(work.initAttachments(), report->attachments);
      work.setPackBytes(pack_bytes);
    }));
    auto reply = conversation.receive(std::move(sent));
    if (!reply && reply.error().code == ErrorCode::conflict) {  // it lost the pack: send it again
      return fail(ErrorCode::unavailable, "{}", reply.error().message);
    }
    if (!reply) return tl::unexpected(reply.error());
    if (!reply->body().isWorkReply()) {
      return fail(ErrorCode::invalid_input, "the coordinator answered an ask with something else");
    }
    return read_answer(reply->body().getWorkReply(), request);
  }

  const LinkOptions options;
  SteadyClock& clock;
  Holdings& holdings;
  Conversation conversation;
  Pace pace;
  const CancelSource left;    // a heartbeat is due now
  const CancelSource closed;  // nothing is sent any more
  std::thread beats;
};

Link::Link(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Link::~Link() = default;

Result<std::unique_ptr<Link>> Link::over(std::unique_ptr<net::Channel> channel, SteadyClock& clock,
                                         const LinkOptions& options, Holdings& holdings) {
  SWARMLAB_TRY(left, CancelSource::make());
  SWARMLAB_TRY(closed, CancelSource::make());
  return std::unique_ptr<Link>(new Link(std::make_unique<Impl>(
      options, std::move(channel), clock, holdings, std::move(left), std::move(closed))));
}

Result<std::unique_ptr<Link>> Link::connect(const LinkOptions& options, Holdings& holdings) {
  net::ClientOptions client_options;
  client_options.id_of = wire::request_id_of;
  client_options.credentials = options.credentials;
  client_options.socket.insecure = options.insecure;
  SWARMLAB_TRY(client, net::Client::connect(options.address, std::move(client_options)));
  SWARMLAB_TRY(link, over(std::make_unique<net::Client>(std::move(client)), system_steady_clock(),
                          options, holdings));
  link->impl_->beats = std::thread([impl = link->impl_.get()] { impl->beat_until_closed(); });
  return std::move(link);
}

Result<WorkAnswer> Link::work(const WorkRequest& request, const CancelToken& stop) {
  SWARMLAB_TRY(answer, impl_->conversation.persist(stop, [&] { return impl_->work(request); }));
  if (answer.assignment) {
    impl_->holdings.add({answer.assignment->task, answer.assignment->token}, std::nullopt);
  }
  return std::move(answer);
}

Result<KnownTree> Link::known_tree(const TreeQuestion& question, const CancelToken& stop) {
  SWARMLAB_TRY(reply, impl_->conversation.ask(
                          [&](Body body) {
                            auto check = body.initTreeCheck();
                            check.setLab(question.lab.value());
                            check.setTree(wire::data_of(question.tree));
                            check.setTask(question.lease.task.value());
                            check.setToken(question.lease.token.value());
                            check.setSketch(wire::data_of(std::string_view(question.sketch)));
                          },
                          stop));
  if (!reply.body().isTreeReply()) {
    return fail(ErrorCode::invalid_input, "the coordinator did not say whether it knows a tree");
  }
  const auto answer = reply.body().getTreeReply();
  KnownTree known;
  if (answer.isExperiment()) known.experiment = ExperimentNumber(answer.getExperiment());
  if (answer.hasNearDuplicate()) {
    SWARMLAB_TRY(near, wire::read(answer.getNearDuplicate()));
    known.near_duplicate = near;
    known.skip = answer.getSkip();
  }
  return known;
}

void Link::announce(const LeaseKey& lease, Announcement said) {
  impl_->holdings.announce(lease, std::move(said));
  std::ignore = impl_->exchange_state();
}

Result<Briefing> Link::briefing(const LeaseKey& lease, const CancelToken& stop) {
  SWARMLAB_TRY(reply, impl_->conversation.ask(
                          [&](Body body) {
                            auto asked = body.initBrief();
                            asked.setTask(lease.task.value());
                            asked.setToken(lease.token.value());
                          },
                          stop));
  if (!reply.body().isBriefReply()) {
    return fail(ErrorCode::invalid_input, "the coordinator answered a brief with something else");
  }
  const auto told = reply.body().getBriefReply();
  return Briefing{.brief = wire::string_of(told.getBrief()),
                  .results = wire::string_of(told.getResults())};
}

Result<std::string> Link::data_manifest(const ObjectId& hash, const CancelToken& stop) {
  SWARMLAB_TRY(reply, impl_->conversation.ask(
                          [&](Body body) { body.setDataManifest(wire::data_of(hash)); }, stop));
  if (!reply.body().isManifest()) return fail(ErrorCode::not_found, "no manifest came");
  const auto text = reply.body().getManifest().asChars();
  return std::string(text.begin(), text.size());
}

Result<std::string> Link::fetch(const FetchRequest& request, const CancelToken& stop) {
  Conversation& conversation = impl_->conversation;
  return conversation.persist(stop, [&]() -> Result<std::string> {
    SWARMLAB_TRY(sent, conversation.send([&](Body body) {
      auto fetch = body.initFetch();
      fetch.setLab(request.lab.value());
      write_ids(fetch.initWanted(static_cast<unsigned>(request.wanted.size())), request.wanted);
      write_ids(fetch.initHave(static_cast<unsigned>(request.had.size())), request.had);
    }));
    SWARMLAB_TRY(reply, conversation.receive(std::move(sent)));
    if (!reply.body().isFetchReply()) {
      return fail(ErrorCode::invalid_input, "the coordinator answered a fetch with something else");
    }
    const auto offer = reply.body().getFetchReply();
    ObjectId hash;
    if (offer.hasHash()) {
      SWARMLAB_TRY(told, wire::object_id_of("hash", offer.getHash()));
      hash = told;
    }
    return receive_pack(
        conversation, impl_->pace,
        {.transfer = offer.getTransfer(), .pack = {.bytes = offer.getSize(), .hash = hash}},
        request.folder, stop);
  });
}

void Link::beat() {
  impl_->beat_until_closed();
}

void Link::leave() {
  impl_->conversation.leave();
  impl_->left.cancel();
}

void Link::bye() {
  auto sent = impl_->conversation.send([](Body body) { body.setBye(); });
  if (sent) {
    if (const auto done = impl_->conversation.receive(*std::move(sent)); !done) {
      log::debug("goodbye was not answered: {}", done.error().message);
    }
  }
  impl_->close();
}

}  // namespace swarmlab::worker
