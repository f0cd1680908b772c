// A desk to which peers speak in messages, without a socket between.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/wire/record_codec.h"
#include "coordinator/server/desk.h"
#include "tests/coordinator/server/coordinator_under_test.h"

namespace swarmlab::server {

using Fill = std::function<void(schema::Envelope::Body::Builder)>;

class DeskUnderTest : public CoordinatorUnderTest {
 public:
  using CoordinatorUnderTest::CoordinatorUnderTest;

  // One of this life; a restart needs another.
  Desk& desk() {
    if (desk_of_ != engine.get()) {
      desk_ = std::make_unique<Desk>(*engine, Answerer{.version = "1.0",
                                                       .address = "ipc:///here",
                                                       .started_at = clock.now(),
                                                       .store = folder.store().string()});
      desk_of_ = engine.get();
    }
    return *desk_;
  }

  /// Before a restart: the desk must not outlive its engine.
  void forget_desk() {
    desk_.reset();
    desk_of_ = nullptr;
  }

  static net::Letter letter(const Fill& fill, std::uint64_t session = 0, std::uint64_t id = 1,
                            const std::string& peer = "peer") {
    wire::Outgoing message(id, session);
    fill(message.body());
    return {.peer = peer, .bytes = message.bytes()};
  }

  std::vector<wire::Incoming> burst(std::vector<net::Letter> letters, bool tick = false) {
    auto answers = desk().serve(std::move(letters), tick);
    EXPECT_TRUE(answers) << answers.error().message;
    std::vector<wire::Incoming> messages;
    for (const Answer& answer : *answers)
      messages.push_back(must(wire::Incoming::parse(wire::bytes_of(answer.bytes))));
    return messages;
  }
  wire::Incoming say(const Fill& fill, std::uint64_t session = 0) {
    std::vector<net::Letter> one;
    one.push_back(letter(fill, session));
    auto answers = burst(std::move(one));
    if (answers.size() != 1) throw std::runtime_error("no answer");
    return std::move(answers.front());
  }

  static Fill hello(const std::string& name, std::vector<swarm::HeldLease> held = {}) {
    return [name, held](schema::Envelope::Body::Builder body) {
      auto to = body.initHello();
      to.setWorker(name);
      to.setHostClass("epyc");
      to.setSlots(2);
      to.setVersion("0.9");
      to.setProtocolMin(schema::OLDEST_PROTOCOL);
      to.setProtocolMax(schema::PROTOCOL_VERSION);
      auto list = to.initHeld(static_cast<unsigned>(held.size()));
      for (unsigned i = 0; i < held.size(); ++i) {
        list[i].setTask(held[i].task.value());
        list[i].setToken(held[i].token.value());
      }
    };
  }
  std::uint64_t join(const std::string& name) {
    const auto reply = say(hello(name));
    EXPECT_TRUE(reply.body().isWelcome());
    return reply.body().getWelcome().getSession();
  }

  static Fill asking(std::uint32_t slot = 0) {
    return [slot](schema::Envelope::Body::Builder body) {
      auto work = body.initWork();
      work.setAsk(true);
      work.setSlot(slot);
    };
  }
  // What a worker is given, or a failure of the test.
  Assignment given(std::uint64_t session, std::uint32_t slot = 0) {
    const auto reply = say(asking(slot), session);
    if (!reply.body().isWorkReply() || !reply.body().getWorkReply().getTask().isAssignment())
      throw std::runtime_error("no task was given");
    return must(wire::read(reply.body().getWorkReply().getTask().getAssignment()));
  }
  static Fill delivering(const Report& report, std::uint64_t pack_bytes = 0, bool ask = false) {
    return [report, pack_bytes, ask](schema::Envelope::Body::Builder body) {
      auto work = body.initWork();
      work.setAsk(ask);
      wire::write(work.initReport(), report);
      work.setPackBytes(pack_bytes);
    };
  }
  static Fill chunk(const Report& report, std::uint64_t offset, std::string_view data) {
    return [task = report.task, token = report.token, offset,
            data = std::string(data)](schema::Envelope::Body::Builder body) {
      auto to = body.initPackChunk();
      to.setTask(task.value());
      to.setToken(token.value());
      to.setOffset(offset);
      to.setData(
          capnp::Data::Reader(reinterpret_cast<const capnp::byte*>(data.data()), data.size()));
    };
  }

  // The task behind an assignment.
  [[nodiscard]] swarm::Task task_of(const Assignment& assignment) const {
    return engine->state().tasks.at(assignment.task);
  }

  // A worker that measured the baseline of an open lab. \return  its session
  std::uint64_t joined_lab(const std::string& name = "w") {
    open_lab();
    const std::uint64_t session = join(name);
    const Assignment first = given(session);
    const auto reply = say(delivering(baseline(task_of(first))), session);
    EXPECT_TRUE(reply.body().getWorkReply().getReport().isCounted());
    return session;
  }

 private:
  std::unique_ptr<Desk> desk_;
  const Engine* desk_of_ = nullptr;
};

// The error that a reply is; a failure if it is none.
inline Error error_of(const wire::Incoming& reply) {
  if (reply.body().isError()) return wire::read(reply.body().getError());
  ADD_FAILURE() << "no error, but body " << static_cast<int>(reply.body().which());
  return {ErrorCode::internal, ""};
}

}  // namespace swarmlab::server
