#include "worker/sandbox/supervise.h"

#include <poll.h>
#include <sys/syscall.h>
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
#include "worker/sandbox/status.h"

namespace swarmlab::sandbox {
namespace {

constexpr Milliseconds kDiskPeriod{500};         // between two walks
constexpr Milliseconds kDiskPause{100};          // between two looks of a walk
constexpr std::size_t kEntriesPerLook = 20'000;  // some 20 ms
constexpr Milliseconds kStartGrace{1000};  // of bubblewrap, to say which process is the tree's
// Of the kernel, to end a tree that is killed. To free some GB of memory, or a million files in
// memory, takes it a second.
constexpr Milliseconds kDeathGrace{60'000};
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

bool wait_for_end(const UniqueFd& process, Deadline deadline) {
  pollfd event{.fd = process.get(), .events = POLLIN, .revents = 0};
  int ready = 0;
  do {
    ready = ::poll(&event, 1, deadline.poll_timeout());
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
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
        in_bubblewrap_(static_cast<bool>(job_.status)) {}

  Result<SandboxResult> run() {
    SWARMLAB_CHECK(open());
    started_ = std::chrono::steady_clock::now();
    if (request_.timeout.count() > 0) deadline_ = Deadline::after(request_.timeout);
    SWARMLAB_TRY(process, spawn(job_.spawn));
    process_ = std::move(process);
    job_.handed_over.clear();
    for (Channel& channel : channels_) channel.close_child_end();
    SWARMLAB_CHECK(watch());
    took_ = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                                  started_);
    SWARMLAB_CHECK(bury());
    return conclude();
  }

 private:
  Result<void> open() {
    const auto out_kind = request_.sealed_output ? Channel::Kind::sealed : Channel::Kind::pipe;
    SWARMLAB_CHECK(
        add_channel(1, out_kind, [this](std::string_view bytes) { out_.append(bytes); }));
    SWARMLAB_CHECK(add_channel(2, Channel::Kind::pipe,
                               [this](std::string_view bytes) { err_.append(bytes); }));
    if (request_.result_channel) {
      SWARMLAB_CHECK(add_channel(3, Channel::Kind::sealed,
                                 [this](std::string_view bytes) { keep_result(bytes); }));
    }
    if (in_bubblewrap_) {
      channels_.emplace_back(std::move(job_.status),
                             [this](std::string_view bytes) { status_.read(bytes); });
    }
    if (request_.in) {
      SWARMLAB_TRY(in, memory_file("stdin", *request_.in));
      job_.spawn.fds.push_back({in.get(), 0});
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
    job_.spawn.fds.push_back({channel.child_end(), child_fd});
    channels_.push_back(std::move(channel));
    return {};
  }

  void keep_result(std::string_view bytes) {
    const auto room = request_.result_bytes -
                      std::min<std::uint64_t>(request_.result_bytes, result_.result.size());
    result_.result.append(bytes.substr(0, std::min<std::uint64_t>(room, bytes.size())));
    if (bytes.size() > room) result_.result_truncated = true;
  }

  // Until the spawned process has ended.
  Result<void> watch() {
    std::vector<pollfd> events;
    for (;;) {
      events = {{process_->pidfd(), POLLIN, 0},
                {stopped_ ? -1 : cancel_.fd(), POLLIN, 0},
                {stopped_ ? -1 : timer_.get(), POLLIN, 0}};
      for (const Channel& channel : channels_) events.push_back({channel.fd(), POLLIN, 0});
      const std::size_t first_gate = events.size();
      for (const UniqueFd& gate : listeners()) events.push_back({gate.get(), POLLIN, 0});
      const Deadline& next = stopped_ ? kill_by_ : deadline_;
      if (::poll(events.data(), events.size(), next.poll_timeout()) < 0 && errno != EINTR) {
        return fail(ErrorCode::internal, "poll: {}", std::strerror(errno));
      }
      for (std::size_t i = 0; i < channels_.size(); ++i) {
        if (events[3 + i].revents != 0) channels_[i].take();
      }
      for (std::size_t i = first_gate; i < events.size(); ++i) {
        if (events[i].revents != 0) job_.gates->let_in(i - first_gate);
      }
      note_process_of_the_tree();
      if (events[0].revents != 0) return {};
      if (!stopped_ && init_ && job_.block) SWARMLAB_CHECK(open_gates());
      if (!stopped_) decide_to_stop(events[1].revents != 0, events[2].revents != 0);
      if (stopped_) kill_tree();
    }
  }

  [[nodiscard]] std::span<const UniqueFd> listeners() const {
    if (job_.gates == nullptr || stopped_) return {};
    return job_.gates->listeners();
  }

  // Then the command starts.
  Result<void> open_gates() {
    const auto opened = job_.gates->open_inside(*status_.child());
    if (!opened) return give_up(opened.error());
    job_.block.reset();
    return {};
  }

  // Before the command has started, and without starting it.
  Result<void> give_up(const Error& error) {
    SWARMLAB_CHECK(bury());
    return fail(error.code, "{}; {}", error.message, err_.text());
  }

  void decide_to_stop(bool cancelled, bool look_at_disk) {
    if (cancelled) return stop(HowEnded::cancelled);
    if (deadline_.expired()) return stop(HowEnded::timed_out);
    if (look_at_disk && is_over_disk_limit()) stop(HowEnded::disk_full);
  }

  bool is_over_disk_limit() {
    // At the start of a walk: few hold deleted files, and each look has its price.
    if (job_.cgroup != nullptr && !disk_.walking() && !disk_.folders().empty()) {
      disk_.count_besides(bytes_of_deleted_files(job_.cgroup->members(), disk_.folders()));
    }
    const bool over = disk_.step(kEntriesPerLook);
    return !wake_after(timer_, disk_.walking() ? kDiskPause : kDiskPeriod) || over;
  }

  void stop(HowEnded how) {
    stopped_ = how;
    kill_by_ = Deadline::after(kStartGrace);
  }

  // While bubblewrap has not said which process it started, that one would survive bubblewrap.
  void kill_tree() {
    const bool unknown = in_bubblewrap_ && !init_ && job_.cgroup == nullptr;
    if (unknown && !kill_by_.expired()) return;
    kill_by_ = Deadline::after(kStartGrace);
    kill_now();
  }

  void kill_now() const {
    if (init_) ::syscall(SYS_pidfd_send_signal, init_.get(), SIGKILL, nullptr, 0);
    if (in_bubblewrap_) {
      process_->kill(SIGKILL);
    } else {
      process_->kill_group(SIGKILL);
    }
  }

  void note_process_of_the_tree() {
    if (init_ || !status_.child()) return;
    init_.reset(static_cast<int>(::syscall(SYS_pidfd_open, *status_.child(), 0)));
  }

  // Bubblewrap ends when the command does. The first process inside ends after all others there:
  // the kernel sees to that. So its end is the end of the tree. What else there may be, the group
  // knows: a tree outside of bubblewrap, or one that bubblewrap had not told of yet.
  Result<void> bury() {
    const Deadline deadline = Deadline::after(kDeathGrace);
    kill_now();
    // First of all: of what the group kills it also reaps our children.
    SWARMLAB_TRY(status, process_->wait(deadline));
    bool dead = !init_ || wait_for_end(init_, deadline);
    if (init_) reap_orphan(init_);
    if (job_.cgroup != nullptr) dead = job_.cgroup->kill_all(deadline) && dead;
    for (Channel& channel : channels_) channel.drain(kDrainBytes);
    if (!dead || !status) {
      return fail(ErrorCode::internal, "the sandbox's processes do not die: killed {} ms ago",
                  kDeathGrace.count());
    }
    ended_ = *status;
    return {};
  }

  Result<SandboxResult> conclude() {
    if (!stopped_ && in_bubblewrap_ && !status_.exit_code() && !ended_.signaled &&
        !ran_out_of_memory()) {
      return fail(ErrorCode::unavailable, "the sandbox does not start: {}", err_.text());
    }
    settle_how();
    result_.out = out_.text();
    result_.err = err_.text();
    result_.took = took_;
    // Bubblewrap does not wait for its tree: its own time says nothing of it.
    if (!in_bubblewrap_) result_.cpu_time = ended_.cpu_time;
    if (job_.cgroup != nullptr) {
      result_.cpu_time = job_.cgroup->cpu_time().value_or(result_.cpu_time);
      result_.peak_memory_bytes = job_.cgroup->peak_memory_bytes();
    }
    return std::move(result_);
  }

  void settle_how() {
    constexpr int kShellSignal = 128;  // a shell's way to say that a signal ended its command
    const int code = status_.exit_code().value_or(ended_.code);
    result_.how = HowEnded::exited;
    result_.code = code;
    if (ended_.signaled && !status_.exit_code()) {
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
    return job_.cgroup != nullptr && job_.cgroup->ran_out_of_memory();
  }

  Job job_;
  const SandboxRequest& request_;
  const CancelToken& cancel_;
  DiskWatch disk_;
  OutputCapture out_;
  OutputCapture err_;
  bool in_bubblewrap_;
  StatusReader status_;
  std::vector<Channel> channels_;
  UniqueFd timer_;
  UniqueFd init_;  // the first process inside, by its pidfd
  std::optional<Process> process_;
  std::chrono::steady_clock::time_point started_;
  std::chrono::microseconds took_{0};
  Deadline deadline_;
  Deadline kill_by_;
  std::optional<HowEnded> stopped_;  // by us
  ExitStatus ended_;
  SandboxResult result_;
};

}  // namespace

Result<SandboxResult> supervise(Job job, const CancelToken& cancel) {
  return Supervision(std::move(job), cancel).run();
}

}  // namespace swarmlab::sandbox
