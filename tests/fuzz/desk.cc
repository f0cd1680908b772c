// Peers that say anything in any order: the desk answers or drops, and the state stays what its
// events add up to. An input is a script of messages, each of which may be damaged.
#include <gtest/gtest.h>

#include <filesystem>

#include "common/log/log.h"
#include "tests/coordinator/server/desk_under_test.h"
#include "tests/fuzz/bytes.h"

namespace swarmlab::server {
namespace {

using Body = schema::Envelope::Body::Builder;

// The repository and the objects are the same for all inputs; each begins with a copy of a store
// that has an open lab and nothing else. Making a store anew would take most of the time.
class World {
 public:
  World() {
    desk_.open_lab();
    end();
    std::filesystem::copy(store(), fresh(), std::filesystem::copy_options::recursive);
  }
  DeskUnderTest& begin() {
    std::filesystem::remove_all(store());
    std::filesystem::copy(fresh(), store(), std::filesystem::copy_options::recursive);
    desk_.start();
    return desk_;
  }
  void end() {
    desk_.forget_desk();
    desk_.engine.reset();
  }

 private:
  [[nodiscard]] std::filesystem::path store() const { return desk_.folder.store(); }
  [[nodiscard]] std::filesystem::path fresh() const { return desk_.folder.path() / "fresh"; }

  DeskUnderTest desk_;
};

class Script {
 public:
  Script(fuzz::Bytes input, DeskUnderTest& desk) : input_(input), desk_(&desk) {}

  void play() {
    for (int turns = 0; turns < 200 && !input_.empty(); ++turns) turn();
    const auto& store = desk_->engine->store();
    const auto loaded = store.load();
    fuzz::hold(loaded && loaded->same_facts(desk_->engine->state()), "memory and disk are equal");
    const auto replayed = store.replay();
    fuzz::hold(replayed && replayed->same_facts(*loaded), "events add up to the state");
  }

 private:
  void turn() {
    std::vector<net::Letter> burst;
    for (int count = 1 + input_.below(4); count > 0; --count) burst.push_back(letter());
    const std::size_t asked = burst.size();
    const bool tick = input_.below(8) == 0;
    if (tick) desk_->clock.pass(Milliseconds(input_.number() * 500));
    const auto answers = desk_->desk().serve(std::move(burst), tick);
    fuzz::hold(answers.has_value(), "no message ends the coordinator");
    fuzz::hold(answers->size() <= asked + parked_, "an answer for each request at most");
    for (const Answer& answer : *answers) learn(answer);
  }

  net::Letter letter() {
    const auto how = input_.number();
    wire::Outgoing message(input_.number(), session(), how % 5 == 0 ? 1 : 2);
    fill(message.body(), input_.below(16));
    net::Letter letter{.peer = std::string(1, static_cast<char>('a' + how % 3)),
                       .bytes = message.bytes()};
    if (how >= 200) {
      for (int times = input_.below(6); times > 0 && !letter.bytes.empty(); --times) {
        const std::size_t at = input_.large() % letter.bytes.size();
        letter.bytes[at] = static_cast<char>(input_.number());
      }
    }
    if (how >= 250) letter.bytes = input_.text(input_.number());
    return letter;
  }

  std::uint64_t session() {
    const auto pick = input_.number();
    if (sessions_.empty() || pick % 8 == 0) return pick;
    return sessions_[pick % sessions_.size()];
  }

  void fill(Body body, std::uint8_t kind) {
    switch (kind) {
      case 0:
        return DeskUnderTest::hello(std::string(1, static_cast<char>('a' + input_.below(3))),
                                    held())(body);
      case 1:
      case 2:
        return DeskUnderTest::asking(input_.below(3))(body);
      case 3:
      case 4:
      case 5:
        return work(body);
      case 6:
        return beat(body);
      case 7:
        return body.setBye();
      case 8:
        return chunk(body);
      case 9:
        return query(body);
      case 10: {
        auto wish = body.initSetLabStatus();
        wish.setLab(input_.below(2) == 0 ? "lab" : "");
        wish.setWish(static_cast<schema::SetLabStatus::Wish>(input_.below(4)));
        return wish.setBelow(input_.below(2) == 0);
      }
      case 11: {
        auto check = body.initTreeCheck();
        check.setLab(input_.below(3));
        const std::string tree = input_.text(20);
        return check.setTree(wire::data_of(std::string_view(tree)));
      }
      case 12:
        return fetch(body);
      case 13:
        return body.initFetchChunk().setTransfer(input_.below(4));
      case 14:
        return body.setDrain("a");
      default:
        return body.setNone();
    }
  }

  void work(Body body) {
    auto to = body.initWork();
    to.setAsk(input_.below(2) == 0);
    to.setSlot(input_.below(3));
    Report report;
    if (!given_.empty()) {
      const Assignment& task = given_[input_.number() % given_.size()];
      report.task = task.task;
      report.token = task.token;
      report.lab = task.lab;
      report.experiment = task.experiment;
      report.commit = task.lab_commit;
      report.tree = tree_;
    }
    report.outcome = static_cast<Outcome>(input_.below(9));
    report.cost.usd = MicroUsd(static_cast<std::int64_t>(input_.large()));
    if (report.outcome == Outcome::measured) {
      Measurement& measured = report.measurement.emplace();
      measured.score = input_.number();
      measured.identity.tree = tree_;
      if (input_.below(4) != 0 && !given_.empty()) {
        measured.identity.evaluator = given_.back().evaluator_hash;
      }
    }
    wire::write(to.initReport(), report);
    to.setPackBytes(input_.below(4) == 0 ? input_.large() : 0);
  }

  std::vector<swarm::HeldLease> held() {
    std::vector<swarm::HeldLease> leases;
    for (int count = input_.below(3); count > 0; --count) {
      leases.push_back({TaskId(input_.below(8)), FencingToken(input_.below(8))});
    }
    return leases;
  }
  void beat(Body body) {
    auto to = body.initHeartbeat();
    const auto leases = held();
    auto list = to.initHeld(static_cast<unsigned>(leases.size()));
    for (unsigned i = 0; i < leases.size(); ++i) {
      list[i].setTask(leases[i].task.value());
      list[i].setToken(leases[i].token.value());
    }
    to.setLeaving(input_.below(4) == 0);
  }
  void chunk(Body body) {
    auto to = body.initPackChunk();
    to.setTask(input_.below(8));
    to.setToken(input_.below(8));
    to.setOffset(input_.below(2) == 0 ? input_.large() : input_.below(64));
    const std::string bytes = input_.text(input_.below(64));
    to.setData(wire::data_of(std::string_view(bytes)));
    to.setLast(input_.below(2) == 0);
  }
  void query(Body body) {
    auto to = body.initQuery();
    switch (input_.below(5)) {
      case 0:
        return to.setStatus();
      case 1:
        return to.setLabs();
      case 2: {
        auto experiments = to.initExperiments();
        experiments.setLab("lab");
        experiments.setAfter(input_.large());
        return experiments.setLimit(static_cast<std::uint32_t>(input_.large()));
      }
      case 3: {
        ++parked_;
        auto events = to.initEvents();
        events.setAfter(input_.below(2) == 0 ? input_.large() : input_.number());
        events.setLimit(static_cast<std::uint32_t>(input_.large()));
        return events.setWaitMs(static_cast<std::uint32_t>(input_.large()));
      }
      default:
        return to.setResults("lab");
    }
  }
  void fetch(Body body) {
    auto to = body.initFetch();
    auto wanted = to.initWanted(1);
    const std::string id = input_.text(20);
    wanted.set(0, !given_.empty() && input_.below(2) == 0 ? wire::data_of(given_.front().lab_commit)
                                                          : wire::data_of(std::string_view(id)));
  }

  void learn(const Answer& answer) {
    const auto message = wire::Incoming::parse(wire::bytes_of(answer.bytes));
    fuzz::hold(message.has_value(), "an answer is a message");
    const auto body = message->body();
    if (body.isWelcome()) sessions_.push_back(body.getWelcome().getSession());
    if (body.isWorkReply() && body.getWorkReply().getTask().isAssignment()) {
      auto task = wire::read(body.getWorkReply().getTask().getAssignment());
      fuzz::hold(task.has_value(), "an assignment can be read");
      given_.push_back(*std::move(task));
    }
  }

  fuzz::Bytes input_;
  DeskUnderTest* desk_;
  std::vector<std::uint64_t> sessions_;
  std::vector<Assignment> given_;
  ObjectId tree_{};
  std::size_t parked_ = 0;
};

}  // namespace
}  // namespace swarmlab::server

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace swarmlab;
  static server::World world;
  static_cast<void>(log::init({.level = log::Level::off}));
  server::Script(fuzz::Bytes({data, size}), world.begin()).play();
  world.end();
  return 0;
}
