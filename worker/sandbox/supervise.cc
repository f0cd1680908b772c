#include "worker/sandbox/supervise.h"

#include <poll.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <span>

#include "worker/sandbox/capture.h"
#include "worker/sandbox/cgroup_files.h"
#include "worker/sandbox/channel.h"
#include "worker/sandbox/deleted_files.h"
#include "worker/sandbox/disk_watch.h"
#include "worker/sandbox/memory_file.h"

namespace swarmlab::sandbox {
namespace {

constexpr Milliseconds kDiskPeriod{500};         // between two walks
constexpr Milliseconds kDiskPause{100};          // between two looks of a walk
constexpr std::size_t kEntriesPerLook = 20'000;  // some 20 ms
constexpr Milliseconds kStartGrace{1000};        // of a driver, to say which process is the tree's
// Of the kernel, to end a tree that is killed. To free some GB of memory, or a million files in
// memory, takes it a second.
constexpr Milliseconds kDeathGrace{60'000};
constexpr std::uint64_t kWordsBytes = 16UL << 10U;  // of a driver's words
constexpr std::uint64_t kDrainBytes = 4ULL << 20U;  // more than the pipes of a dead tree hold

// Readable once, after the wait.
bool wake_after(const UniqueFd& timer, Milliseconds wait) {
  const itimerspec setting{.it_interval = {},
                           .it_value = {0, std::chrono::nanoseconds(wait).count()}};
  return ::timerfd_settime(timer.get(), 0, &setting, nullptr) == 0;
}

Result<UniqueFd> disk_timer() {
  UniqueFd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer || !wake_after(timer, kDiskPeriod)) {
    return fail(ErrorCode::unavailable, "timer: {}", std::strerror(errno));
  }
  return timer;
}

class Supervision {
 public:
  Supervision(Job job, const CancelToken& cancel)
      : job_(std::move(job)),
        request_(*job_.request),
        cancel_(cancel),
        disk_(writable_folders(request_), request_.limits.disk_bytes),
        out_(request_.limits.output_bytes),
        err_(request_.limits.output_bytes),
        words_(kWordsBytes),
        tree_(*job_.tree) {}

  Result<SandboxResult> run() {
    SWARMLAB_CHECK(open());
    started_ = std::chrono::steady_clock::now();
    set_deadline();
    SWARMLAB_CHECK(start());
    if (job_.start_within.count() == 0) close_other_ends();
    SWARMLAB_CHECK(watch());
    SWARMLAB_CHECK(bury());
    return conclude();
  }

 private:
  Result<void> open() {
    const auto out_kind = request_.sealed_output ? Channel::Kind::sealed : Channel::Kind::pipe;
    SWARMLAB_CHECK(add_channel(1, out_kind, [this](std::string_view bytes) { keep_out(bytes); }));
    SWARMLAB_CHECK(add_channel(2, Channel::Kind::pipe, [this](std::string_view bytes) {
      err_.append(bytes);
      if (request_.hear) request_.hear(true, bytes);
    }));
    if (request_.result_channel) {
      SWARMLAB_CHECK(add_channel(3, Channel::Kind::sealed,
                                 [this](std::string_view bytes) { keep_result(bytes); }));
    }
    if (job_.words_apart) {
      SWARMLAB_TRY(channel, Channel::make(Channel::Kind::pipe, [this](std::string_view bytes) {
                     words_.append(bytes);
                   }));
      job_.spawn.fds.push_back({channel.child_end(), 1});
      job_.spawn.fds.push_back({channel.child_end(), 2});
      channels_.push_back(std::move(channel));
    }
    if (request_.in) {
      SWARMLAB_TRY(in, memory_file("stdin", *request_.in));
      tree_.give(job_.spawn, in.get(), 0);
      job_.handed_over.push_back(std::move(in));
    }
    if (request_.limits.disk_bytes > 0) {
      SWARMLAB_TRY(timer, disk_timer());
      timer_ = std::move(timer);
    }
    if (job_.cgroup != nullptr) job_.spawn.cgroups = job_.cgroup->entries();
    return {};
  }

  Result<void> add_channel(int child_fd, Channel::Kind kind, Channel::Keep keep) {
    SWARMLAB_TRY(channel, Channel::make(kind, std::move(keep)));
    tree_.give(job_.spawn, channel.child_end(), child_fd);
    channels_.push_back(std::move(channel));
    return {};
  }

  // Nothing is spawned where somebody else starts the command.
  Result<void> start() {
    if (job_.spawn.argv.empty()) return tree_.start();
    SWARMLAB_TRY(process, spawn(job_.spawn));
    process_ = std::move(process);
    return {};
  }

  // Once the command has them.
  void close_other_ends() {
    job_.handed_over.clear();
    for (Channel& channel : channels_) channel.close_child_end();
  }

  void keep_out(std::string_view bytes) {
    out_.append(bytes);
    if (request_.hear) request_.hear(false, bytes);
    result_.out_times.note(bytes, std::chrono::duration_cast<Milliseconds>(
                                      std::chrono::steady_clock::now() - started_));
  }

  void keep_result(std::string_view bytes) {
    const auto room = request_.result_bytes -
                      std::min<std::uint64_t>(request_.result_bytes, result_.result.size());
    result_.result.append(bytes.substr(0, std::min<std::uint64_t>(room, bytes.size())));
    if (bytes.size() > room) result_.result_truncated = true;
  }

  // While the driver starts its time runs, then the command's.
  void set_deadline() {
    running_ = tree_.runs();
    if (!running_ && job_.start_within.count() > 0) {
      deadline_ = Deadline::after(job_.start_within);
    } else if (request_.timeout.count() > 0) {
      deadline_ = Deadline::after(request_.timeout);
    } else {
      deadline_ = Deadline::never();
    }
  }

  // Until the spawned process has ended, or the tree says that it is over.
  Result<void> watch() {
    std::vector<pollfd> events;
    for (;;) {
      events = {{process_ ? process_->pidfd() : -1, POLLIN, 0},
                {stopped_ ? -1 : cancel_.fd(), POLLIN, 0},
                {stopped_ ? -1 : timer_.get(), POLLIN, 0},
                {tree_.fd(), POLLIN, 0},
                {stopped_ ? -1 : request_.stop.fd(), POLLIN, 0},
                {stopped_ || !request_.reins ? -1 : request_.reins->fd(), POLLIN, 0}};
      const std::size_t first_channel = events.size();
      for (const Channel& channel : channels_) events.push_back({channel.fd(), POLLIN, 0});
      const std::size_t first_gate = events.size();
      for (const UniqueFd& gate : listeners()) events.push_back({gate.get(), POLLIN, 0});
      const Deadline& next = stopped_ ? kill_by_ : deadline_;
      if (::poll(events.data(), events.size(), next.poll_timeout()) < 0 && errno != EINTR) {
        return fail(ErrorCode::internal, "poll: {}", std::strerror(errno));
      }
      for (std::size_t i = 0; i < channels_.size(); ++i) {
        if (events[first_channel + i].revents != 0) channels_[i].take();
      }
      for (std::size_t i = first_gate; i < events.size(); ++i) {
        if (events[i].revents != 0) job_.gates->let_in(i - first_gate);
      }
      if (events[3].revents != 0) SWARMLAB_CHECK(hear());
      if (events[0].revents != 0 || tree_.is_over()) return {};
      if (!stopped_) decide_to_stop(events[1].revents != 0, events[2].revents != 0);
      if (!stopped_ && events[4].revents != 0) stop(HowEnded::timed_out);
      if (!stopped_ && events[5].revents != 0) serve_reins();
      if (stopped_) kill_tree();
    }
  }

  [[nodiscard]] Process* process() { return process_ ? &*process_ : nullptr; }

  void serve_reins() {
    request_.reins->serve([this](bool still) {
      auto done = tree_.hold(still);
      if (still) {
        for (Channel& channel : channels_) channel.drain(kDrainBytes);
      }
      return done;
    });
  }

  [[nodiscard]] std::span<const UniqueFd> listeners() const {
    if (job_.gates == nullptr || stopped_) return {};
    return job_.gates->listeners();
  }

  Result<void> hear() {
    const auto heard = tree_.hear();
    if (!heard && !stopped_) return give_up(heard.error());
    if (running_ || !tree_.runs() || stopped_) return {};
    // What the sandbox itself took to be there is none of the command's time.
    close_other_ends();
    if (job_.start_within.count() > 0) started_ = std::chrono::steady_clock::now();
    set_deadline();
    return {};
  }

  // Before the command has started, and without starting it.
  Result<void> give_up(const Error& error) {
    SWARMLAB_CHECK(bury());
    return fail(error.code, "{}; {}{}", error.message, words_.text(), err_.text());
  }

  void decide_to_stop(bool cancelled, bool look_at_disk) {
    if (cancelled) return stop(HowEnded::cancelled);
    if (deadline_.expired()) return stop(HowEnded::timed_out);
    if (look_at_disk && is_over_disk_limit()) stop(HowEnded::disk_full);
  }

  bool is_over_disk_limit() {
    // At the start of a walk: few hold deleted files, and each look has its price.
    if (!disk_.walking() && !disk_.folders().empty()) {
      const auto members = job_.cgroup != nullptr ? job_.cgroup->members() : tree_.members();
      disk_.count_besides(bytes_of_deleted_files(members, disk_.folders()));
    }
    const bool over = disk_.step(kEntriesPerLook);
    return !wake_after(timer_, disk_.walking() ? kDiskPause : kDiskPeriod) || over;
  }

  void stop(HowEnded how) {
    stopped_ = how;
    kill_by_ = Deadline::after(kStartGrace);
  }

  // What cannot be killed yet would survive the one that starts it.
  void kill_tree() {
    if (!tree_.can_be_killed() && job_.cgroup == nullptr && !kill_by_.expired()) return;
    kill_by_ = Deadline::after(kStartGrace);
    tree_.kill(process());
  }

  // What the tree does not know of, the group does: one that has left it, or that the driver had
  // not told of yet.
  Result<void> bury() {
    took_ = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                                  started_);
    const Deadline deadline = Deadline::after(kDeathGrace);
    // First of all: of what the group kills it also reaps our children.
    SWARMLAB_TRY(status, tree_.bury(process(), deadline));
    bool dead = status.has_value();
    if (job_.cgroup != nullptr) dead = job_.cgroup->kill_all(deadline) && dead;
    for (Channel& channel : channels_) channel.drain(kDrainBytes);
    if (!dead) {
      return fail(ErrorCode::internal, "the sandbox's processes do not die: killed {} ms ago",
                  kDeathGrace.count());
    }
    ended_ = *status;
    usage_ = tree_.usage();
    return {};
  }

  Result<SandboxResult> conclude() {
    const bool says_nothing = !tree_.is_spawned() && !tree_.exit_code() && !ended_.signaled;
    const bool never_ran = !running_ && job_.start_within.count() > 0;
    if ((!stopped_ && says_nothing && !ran_out_of_memory()) ||
        (stopped_ == HowEnded::timed_out && never_ran)) {
      return fail(
          ErrorCode::unavailable, "the sandbox {}: {}{}",
          running_ && (job_.words_apart || !process_) ? "was ended from outside" : "does not start",
          words_.text(), err_.text());
    }
    settle_how();
    result_.out = out_.text();
    result_.err = err_.text();
    result_.took = took_;
    // A driver does not wait for its tree: its own time says nothing of it.
    if (tree_.is_spawned()) result_.cpu_time = ended_.cpu_time;
    if (usage_) {
      result_.cpu_time = usage_->cpu_time.value_or(result_.cpu_time);
      result_.peak_memory_bytes = usage_->peak_memory_bytes;
    }
    if (job_.cgroup != nullptr) {
      result_.cpu_time = job_.cgroup->cpu_time().value_or(result_.cpu_time);
      result_.peak_memory_bytes = job_.cgroup->peak_memory_bytes();
    }
    return std::move(result_);
  }

  void settle_how() {
    constexpr int kShellSignal = 128;  // a shell's way to say that a signal ended its command
    const int code = tree_.exit_code().value_or(ended_.code);
    result_.how = HowEnded::exited;
    result_.code = code;
    if (ended_.signaled && !tree_.exit_code()) {
      result_.how = HowEnded::signaled;
    } else if (code > kShellSignal && code <= kShellSignal + SIGRTMAX) {
      result_.how = HowEnded::signaled;
      result_.code = code - kShellSignal;
    }
    const bool failed = result_.how != HowEnded::exited || code != 0;
    if (!stopped_ && failed && ran_out_of_memory()) stopped_ = HowEnded::out_of_memory;
    disk_.count_besides(0);  // what was open is gone
    if (!stopped_ && disk_.check_all()) stopped_ = HowEnded::disk_full;
    if (!stopped_) return;
    result_.how = *stopped_;
    result_.code = 0;
  }

  [[nodiscard]] bool ran_out_of_memory() const {
    if (usage_ && usage_->ran_out_of_memory) return true;
    return job_.cgroup != nullptr && job_.cgroup->ran_out_of_memory();
  }

  Job job_;
  const SandboxRequest& request_;
  const CancelToken& cancel_;
  DiskWatch disk_;
  OutputCapture out_;
  OutputCapture err_;
  OutputCapture words_;  // of the driver
  Tree& tree_;
  bool running_ = false;  // the command, not only its driver
  std::vector<Channel> channels_;
  UniqueFd timer_;
  std::optional<Process> process_;
  std::chrono::steady_clock::time_point started_;
  std::chrono::microseconds took_{0};
  Deadline deadline_;
  Deadline kill_by_;
  std::optional<HowEnded> stopped_;  // by us
  ExitStatus ended_;
  std::optional<Usage> usage_;
  SandboxResult result_;
};

}  // namespace

Result<SandboxResult> supervise(Job job, const CancelToken& cancel) {
  return Supervision(std::move(job), cancel).run();
}

}  // namespace swarmlab::sandbox
