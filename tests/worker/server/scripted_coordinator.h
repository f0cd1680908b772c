// A coordinator for the tests of workers: it answers as one that knows nothing but what the test
// says, loses replies when it is told to, and remembers all that it heard.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/net/router.h"
#include "common/os/file.h"
#include "common/wire/message_codec.h"
#include "common/wire/record_codec.h"

namespace swarmlab::worker {

// Far longer than anything takes: reached only when a test fails.
inline constexpr std::chrono::seconds kLong{60};

class ScriptedCoordinator {
 public:
  using Asked = schema::Envelope::Body::Reader;
  using Reply = schema::Envelope::Body::Builder;
  using Kind = schema::Envelope::Body::Which;
  using Handler = std::function<void(Asked, Reply)>;

  struct Hello {
    std::string worker;
    bool again = false;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> held;  // task, token
  };
  struct Delivered {
    Report report;
    Attachments attachments;
    std::string pack;
  };

  explicit ScriptedCoordinator(const std::string& address) { serve_at(address); }
  ScriptedCoordinator(const ScriptedCoordinator&) = delete;
  ScriptedCoordinator& operator=(const ScriptedCoordinator&) = delete;
  ScriptedCoordinator(ScriptedCoordinator&&) = delete;
  ScriptedCoordinator& operator=(ScriptedCoordinator&&) = delete;
  ~ScriptedCoordinator() { go_away(); }

  /// Nobody listens any more, until serve_at().
  void go_away() {
    if (!thread_.joinable()) return;
    stopping_ = true;
    router_->waker().wake();
    thread_.join();
    router_.reset();
  }
  void serve_at(const std::string& address) {
    auto bound = net::Router::bind(address);
    if (!bound) throw std::runtime_error(bound.error().message);
    router_ = std::make_unique<net::Router>(std::move(*bound));
    stopping_ = false;
    thread_ = std::thread([this] { serve(); });
  }

  // What a test says. Handlers run on the coordinator's thread and replace the usual answer.
  void on(Kind kind, Handler handler) {
    const std::lock_guard lock(mutex_);
    handlers_[kind] = std::move(handler);
  }
  /// What handlers wrote may be read after this, and what they capture may end: the reply that told
  /// so went through ZeroMQ, which ThreadSanitizer does not see.
  void settle() const { const std::lock_guard lock(mutex_); }
  void lose_replies(Kind kind, int count) {
    const std::lock_guard lock(mutex_);
    to_lose_[kind] = count;
  }
  void forget_sessions() {
    const std::lock_guard lock(mutex_);
    sessions_.clear();
    packs_.clear();
  }
  void forget_packs() {
    const std::lock_guard lock(mutex_);
    packs_.clear();
  }
  void give(const Assignment& assignment) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(assignment);
  }
  void offer(std::string pack) {
    const std::lock_guard lock(mutex_);
    offered_ = std::move(pack);
  }
  void know_tree(std::uint64_t experiment) {
    const std::lock_guard lock(mutex_);
    known_tree_ = experiment;
  }
  void drop(std::uint64_t task, std::uint64_t token) {
    const std::lock_guard lock(mutex_);
    drops_ = {{task, token}};
  }
  void drain() {
    const std::lock_guard lock(mutex_);
    drain_ = true;
  }
  /// The newest that it speaks.
  void speak(wire::Protocol protocol) {
    const std::lock_guard lock(mutex_);
    protocol_ = protocol;
  }
  void beat_every(std::uint32_t ms) {
    const std::lock_guard lock(mutex_);
    heartbeat_ms_ = ms;
  }

  // What it heard.
  [[nodiscard]] int count(Kind kind) const {
    const std::lock_guard lock(mutex_);
    const auto found = heard_.find(kind);
    return found == heard_.end() ? 0 : found->second;
  }
  /// That the last message of a kind was written in.
  [[nodiscard]] wire::Protocol version_of(Kind kind) const {
    const std::lock_guard lock(mutex_);
    const auto found = versions_.find(kind);
    return found == versions_.end() ? wire::Protocol{0} : found->second;
  }
  [[nodiscard]] std::vector<Hello> hellos() const {
    const std::lock_guard lock(mutex_);
    return hellos_;
  }
  [[nodiscard]] std::vector<Delivered> delivered() const {
    const std::lock_guard lock(mutex_);
    return delivered_;
  }
  [[nodiscard]] std::vector<Kind> order() const {
    const std::lock_guard lock(mutex_);
    return order_;
  }
  [[nodiscard]] bool heard_leaving() const {
    const std::lock_guard lock(mutex_);
    return leaving_;
  }
  [[nodiscard]] std::vector<std::pair<std::uint64_t, std::uint64_t>> held() const {
    const std::lock_guard lock(mutex_);
    return held_;
  }
  /// Waits until it holds; looked at after each message.
  bool wait_until(const std::function<bool()>& holds) const {
    const auto deadline = std::chrono::steady_clock::now() + kLong;
    std::unique_lock lock(mutex_);
    while (true) {
      const std::uint64_t seen = messages_;
      lock.unlock();
      if (holds()) return true;
      lock.lock();
      if (!changed_.wait_until(lock, deadline, [&] { return messages_ != seen; })) return false;
    }
  }
  bool wait_for(Kind kind, int times = 1) const {
    return wait_until([&] { return count(kind) >= times; });
  }
  bool wait_for_reports(std::size_t times) const {
    return wait_until([&] { return delivered().size() >= times; });
  }

 private:
  void serve() {
    while (!stopping_) {
      const auto letters = router_->receive(Milliseconds(-1));
      if (!letters) {
        ADD_FAILURE() << letters.error().message;
        return;
      }
      for (const net::Letter& letter : *letters) answer(letter);
    }
  }

  void answer(const net::Letter& letter) {
    const auto message = wire::Incoming::parse(wire::bytes_of(letter.bytes));
    if (!message) {
      ADD_FAILURE() << message.error().message;
      return;
    }
    wire::Outgoing reply(message->envelope().getRequestId());
    const Asked asked = message->body();
    bool lost = false;
    {
      const std::lock_guard lock(mutex_);
      ++heard_[asked.which()];
      versions_[asked.which()] = message->envelope().getVersion();
      order_.push_back(asked.which());
      write_reply(message->envelope().getSession(), asked, reply.body());
      int& left = to_lose_[asked.which()];
      lost = left > 0;
      if (lost) --left;
    }
    if (!lost && !router_->send(letter.peer, reply.bytes())) ADD_FAILURE() << "not sent";
    const std::lock_guard lock(mutex_);
    ++messages_;
    changed_.notify_all();
  }

  void write_reply(std::uint64_t session, Asked asked, Reply reply) {
    if (!asked.isHello() && !sessions_.contains(session)) return reply.setSayHello();
    const auto handler = handlers_.find(asked.which());
    if (handler != handlers_.end()) return handler->second(asked, reply);
    if (asked.isHello()) return welcome(asked.getHello(), reply);
    if (asked.isHeartbeat()) return beat(asked.getHeartbeat(), reply);
    if (asked.isWork()) return work(asked.getWork(), reply);
    if (asked.isPackChunk()) return take_chunk(asked.getPackChunk(), reply);
    if (asked.isTreeCheck()) {
      auto tree = reply.initTreeReply();
      if (known_tree_ > 0) tree.setExperiment(known_tree_);
    } else if (asked.isBrief()) {
      reply.initBriefReply().setBrief("# the brief\n");
      reply.getBriefReply().setResults("the results\n");
    } else if (asked.isFetch()) {
      reply.initFetchReply().setTransfer(++transfers_);
      reply.getFetchReply().setSize(offered_.size());
    } else if (asked.isFetchChunk()) {
      give_chunk(asked.getFetchChunk(), reply);
    } else {
      reply.setDone();
    }
  }

  void welcome(schema::Hello::Reader hello, Reply reply) {
    Hello heard{.worker = hello.getWorker().cStr(), .again = hello.getAgain(), .held = {}};
    auto to = reply.initWelcome();
    auto keep = to.initKeep(hello.getHeld().size());
    for (unsigned i = 0; i < hello.getHeld().size(); ++i) {
      const auto lease = hello.getHeld()[i];
      heard.held.emplace_back(lease.getTask(), lease.getToken());
      keep[i].setTask(lease.getTask());
      keep[i].setToken(lease.getToken());
    }
    sessions_.insert(++last_session_);
    to.setSession(last_session_);
    to.setHeartbeatMs(heartbeat_ms_);
    to.setProtocol(std::min(hello.getProtocolMax(), protocol_));
    hellos_.push_back(std::move(heard));
  }

  void beat(schema::Heartbeat::Reader heartbeat, Reply reply) {
    leaving_ = leaving_ || heartbeat.getLeaving();
    held_.clear();
    for (const auto lease : heartbeat.getHeld())
      held_.emplace_back(lease.getTask(), lease.getToken());
    auto to = reply.initHeartbeatReply();
    to.setDrain(drain_);
    auto list = to.initDrop(static_cast<unsigned>(drops_.size()));
    for (unsigned i = 0; i < drops_.size(); ++i) {
      list[i].setTask(drops_[i].first);
      list[i].setToken(drops_[i].second);
    }
  }

  void work(schema::Work::Reader work, Reply reply) {
    auto to = reply.initWorkReply();
    if (work.hasReport()) {
      auto report = wire::read(work.getReport());
      auto attachments = wire::read(work.getAttachments());
      if (!report || !attachments) throw std::runtime_error("unreadable report");
      std::string& pack = packs_[report->task];
      if (pack.size() != work.getPackBytes()) {
        return wire::write(reply.initError(), Error{ErrorCode::conflict, "the pack is not here"});
      }
      delivered_.push_back({*report, *attachments, pack});
      to.getReport().initCounted();
    }
    if (!work.getAsk()) return;
    if (tasks_.empty()) {
      to.getTask().initNothing().setRetryMs(20);
    } else {
      wire::write(to.getTask().initAssignment(), tasks_.front());
      tasks_.pop_front();
    }
  }

  void take_chunk(schema::PackChunk::Reader chunk, Reply reply) {
    std::string& pack = packs_[TaskId(chunk.getTask())];
    const auto data = chunk.getData().asChars();
    if (chunk.getOffset() > pack.size())
      return wire::write(reply.initError(), Error{ErrorCode::conflict, "a gap"});
    if (chunk.getOffset() == pack.size()) pack.append(data.begin(), data.size());
    reply.initChunkAck().setReceived(pack.size());
  }

  void give_chunk(schema::FetchChunk::Reader asked, Reply reply) {
    const std::string_view all(offered_);
    const std::string_view part = all.substr(asked.getOffset(), schema::CHUNK_BYTES);
    auto to = reply.initFetchData();
    to.setOffset(asked.getOffset());
    to.setData(capnp::Data::Reader(reinterpret_cast<const capnp::byte*>(part.data()), part.size()));
  }

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::uint64_t messages_ = 0;
  std::map<Kind, Handler> handlers_;
  std::map<Kind, int> to_lose_;
  std::map<Kind, int> heard_;
  std::map<Kind, wire::Protocol> versions_;
  std::vector<Kind> order_;
  std::set<std::uint64_t> sessions_;
  std::uint64_t last_session_ = 100;
  std::uint32_t heartbeat_ms_ = 100;
  wire::Protocol protocol_ = wire::our_protocols().newest;
  std::deque<Assignment> tasks_;
  std::map<TaskId, std::string> packs_;
  std::string offered_;
  std::uint64_t transfers_ = 0;
  std::uint64_t known_tree_ = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> drops_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> held_;
  bool drain_ = false;
  bool leaving_ = false;
  std::vector<Hello> hellos_;
  std::vector<Delivered> delivered_;

  std::unique_ptr<net::Router> router_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

// A folder whose name is short: a socket's path may have 107 bytes.
class LinkFolder {
 public:
  LinkFolder() : folder_(*TempFolder::create(testing::TempDir(), "wk")) {}
  [[nodiscard]] std::string path(const std::string& name) const {
    return folder_.path() + "/" + name;
  }
  [[nodiscard]] std::string address() const { return "ipc://" + path("s/sock"); }

 private:
  TempFolder folder_;
};

}  // namespace swarmlab::worker
