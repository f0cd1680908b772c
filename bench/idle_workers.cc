// Workers that speak the protocol and do nothing for a task: what is left is the coordinator's own
// work. A cycle is one report that counts and the next lease, in one message; its answer leaves
// when both are on disk. bench/cycles.py starts it beside a coordinator.
//
//   idle_workers ADDRESS WORKERS SECONDS TREE [KEY SERVER_KEY]
//
// TREE is that of the lab's commit, which the baseline's report names. Prints cycles a second, and
// the latency of an answer.
#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/keys/key_folder.h"
#include "common/net/client.h"
#include "common/os/open_files.h"
#include "common/wire/message.h"
#include "common/wire/message_codec.h"
#include "common/wire/record_codec.h"

namespace swarmlab {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void give_up(const Error& error) {
  fmt::print(stderr, "{}\n", error.message);
  std::_Exit(1);
}

template <class T>
T must(Result<T> result) {
  if (!result) give_up(result.error());
  return std::move(*result);
}

struct Plan {
  std::string address;
  unsigned workers = 1;
  unsigned seconds = 10;
  ObjectId tree;
  std::optional<net::Credentials> credentials;
};

class IdleWorker {
 public:
  IdleWorker(const Plan& plan, unsigned index)
      : tree_(plan.tree), name_(fmt::format("idle-{}", index)), client_(connect(plan)) {
    auto reply = call([this](schema::Envelope::Body::Builder body) {
      auto hello = body.initHello();
      hello.setWorker(name_);
      hello.setHostClass("bench");
      hello.setSlots(1);
      hello.setProtocolMin(schema::OLDEST_PROTOCOL);
      hello.setProtocolMax(schema::PROTOCOL_VERSION);
    });
    session_ = reply.body().getWelcome().getSession();
  }

  /// Reports what it has, if anything, and asks for more. True: a report counted.
  bool cycle() {
    auto reply = call([this](schema::Envelope::Body::Builder body) {
      auto work = body.initWork();
      work.setAsk(true);
      if (task_) wire::write(work.initReport(), report());
    });
    const auto answer = reply.body().getWorkReply();
    task_.reset();
    if (answer.getTask().isAssignment()) {
      task_ = must(wire::read(answer.getTask().getAssignment()));
    } else {
      std::this_thread::sleep_for(
          std::chrono::milliseconds(answer.getTask().getNothing().getRetryMs()));
    }
    return answer.getReport().isCounted();
  }

  /// What waits goes back.
  void leave() {
    call([](schema::Envelope::Body::Builder body) { body.setBye(); });
  }

 private:
  static net::Client connect(const Plan& plan) {
    net::ClientOptions options;
    options.credentials = plan.credentials;
    options.id_of = wire::request_id_of;
    return must(net::Client::connect(plan.address, std::move(options)));
  }

  [[nodiscard]] Report report() const {
    Report made;
    made.task = task_->task;
    made.token = task_->token;
    made.lab = task_->lab;
    made.experiment = task_->experiment;
    made.host_class = "bench";
    made.outcome = Outcome::no_change;
    made.reason = "nothing was changed";
    if (task_->kind != TaskKind::baseline) return made;
    made.outcome = Outcome::measured;
    made.commit = task_->parent_commit;
    made.tree = tree_;
    Measurement& measurement = made.measurement.emplace();
    measurement.identity.evaluator = task_->evaluator_hash;
    measurement.identity.data = task_->data_hash;
    measurement.identity.tree = tree_;
    measurement.identity.scale = task_->settings.scale;
    measurement.identity.host_class = "bench";
    measurement.score = 1.0;
    measurement.worker = WorkerName(name_);
    return made;
  }

  template <class Fill>
  wire::Incoming call(const Fill& fill) {
    const std::uint64_t id = client_.next_id();
    wire::Outgoing request(id, session_);
    fill(request.body());
    const std::string bytes = must(client_.call(id, request.bytes(), std::chrono::seconds(30)));
    auto reply = must(wire::Incoming::parse(wire::bytes_of(bytes)));
    if (reply.body().isError()) give_up(wire::read(reply.body().getError()));
    return reply;
  }

  ObjectId tree_;
  std::string name_;
  net::Client client_;
  std::uint64_t session_ = 0;
  std::optional<Assignment> task_;
};

struct Tally {
  std::uint64_t cycles = 0;
  std::vector<float> micros;
};

Tally work(IdleWorker& worker, const std::atomic<bool>& stop) {
  Tally tally;
  while (!stop.load()) {
    const auto start = Clock::now();
    if (!worker.cycle()) continue;
    ++tally.cycles;
    tally.micros.push_back(std::chrono::duration<float, std::micro>(Clock::now() - start).count());
  }
  worker.leave();
  return tally;
}

float at(const std::vector<float>& sorted, double share) {
  return sorted.empty()
             ? 0
             : sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

void run(const Plan& plan) {
  if (const auto raised = raise_open_files(); !raised) give_up(raised.error());
  IdleWorker first(plan, 0);
  while (!first.cycle()) {
  }  // the baseline: before it there is nothing else to do
  std::vector<std::unique_ptr<IdleWorker>> others;
  for (unsigned i = 1; i < plan.workers; ++i)
    others.push_back(std::make_unique<IdleWorker>(plan, i));
  std::atomic<bool> stop = false;
  std::vector<Tally> tallies(plan.workers);
  const auto start = Clock::now();
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < plan.workers; ++i) {
      IdleWorker& worker = i == 0 ? first : *others[i - 1];
      threads.emplace_back([&, i] { tallies[i] = work(worker, stop); });
    }
    std::this_thread::sleep_for(std::chrono::seconds(plan.seconds));
    stop.store(true);
  }
  const double took = std::chrono::duration<double>(Clock::now() - start).count();
  std::vector<float> all;
  for (const Tally& tally : tallies)
    all.insert(all.end(), tally.micros.begin(), tally.micros.end());
  std::ranges::sort(all);
  fmt::print("{} cycles, {:.0f}/s, p50 {:.0f} us, p99 {:.0f} us\n", all.size(),
             static_cast<double>(all.size()) / took, at(all, 0.5), at(all, 0.99));
}

}  // namespace
}  // namespace swarmlab

int main(int argc, char** argv) {
  using namespace swarmlab;
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (args.size() != 4 && args.size() != 6) {
    fmt::print(stderr, "idle_workers ADDRESS WORKERS SECONDS TREE [KEY SERVER_KEY]\n");
    return 2;
  }
  Plan plan;
  plan.address = args[0];
  plan.workers = static_cast<unsigned>(std::stoul(args[1]));
  plan.seconds = static_cast<unsigned>(std::stoul(args[2]));
  plan.tree = ObjectId::from_hex(args[3]).value_or(ObjectId{});
  if (args.size() == 6) {
    plan.credentials = net::Credentials{.own = must(keys::read_secret_key(args[4])),
                                        .server = must(keys::read_public_key(args[5]))};
  }
  run(plan);
  return 0;
}
