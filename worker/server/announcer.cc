#include "worker/server/announcer.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <thread>

#include "common/os/unique_fd.h"
#include "worker/agent/outcome.h"

namespace swarmlab::worker {
namespace {

constexpr Milliseconds kUntilNextLook{50};

// Whatever there is: who writes a lot only makes us look once.
void drain(int watch) {
  std::array<char, 4096> events{};
  while (::read(watch, events.data(), events.size()) > 0) {
  }
}

}  // namespace

struct Announcer::Impl {
  Impl(std::string path, Tell teller, Milliseconds between, UniqueFd inotify, CancelSource ends)
      : file(std::move(path)),
        tell(std::move(teller)),
        pause(between),
        watch(std::move(inotify)),
        ended(std::move(ends)) {}

  void run() {
    const CancelToken end = ended.token();
    while (wait_for_writes(end)) {
      drain(watch.get());
      // The agent may write as fast as it likes. What is not there yet, or not whole, is looked for
      // again soon.
      if (end.wait(look() ? pause : std::min(pause, kUntilNextLook))) return;
    }
  }

  // False: it is over.
  [[nodiscard]] bool wait_for_writes(const CancelToken& end) const {
    std::array<pollfd, 2> fds{{{.fd = watch.get(), .events = POLLIN, .revents = 0},
                               {.fd = end.fd(), .events = POLLIN, .revents = 0}}};
    while (::poll(fds.data(), fds.size(), -1) < 0) {
      if (errno != EINTR) return false;
    }
    return fds[1].revents == 0;
  }

  // Whether there was something to tell.
  bool look() {
    auto said = read_announcement(file);
    if (!said || said == last) return false;
    last = std::move(said);
    tell(*last);
    return true;
  }

  const std::string file;
  const Tell tell;
  const Milliseconds pause;
  const UniqueFd watch;
  const CancelSource ended;
  std::optional<Announcement> last;  // the thread's, until it ended
  std::thread thread;
};

Announcer::Announcer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Announcer::~Announcer() {
  end();
}

Result<std::unique_ptr<Announcer>> Announcer::watch(const std::string& file, Tell tell,
                                                    Milliseconds pause) {
  UniqueFd inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify) return fail(ErrorCode::unavailable, "inotify: {}", std::strerror(errno));
  const std::string folder = std::filesystem::path(file).parent_path().string();
  // What stands between (gVisor's file server) may close a file long after who wrote it.
  constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_MODIFY | IN_MOVED_TO;
  if (::inotify_add_watch(inotify.get(), folder.c_str(), kEvents) < 0) {
    return fail(ErrorCode::unavailable, "{}: inotify: {}", folder, std::strerror(errno));
  }
  SWARMLAB_TRY(ended, CancelSource::make());
  auto impl =
      std::make_unique<Impl>(file, std::move(tell), pause, std::move(inotify), std::move(ended));
  impl->thread = std::thread([me = impl.get()] { me->run(); });
  return std::unique_ptr<Announcer>(new Announcer(std::move(impl)));
}

std::optional<Announcement> Announcer::end() {
  impl_->ended.cancel();
  if (impl_->thread.joinable()) impl_->thread.join();
  if (auto said = read_announcement(impl_->file)) impl_->last = std::move(said);
  return impl_->last;
}

void Announcer::fill_in(AgentNotes& notes) {
  const std::optional<Announcement> said = end();
  if (!said || !notes.hypothesis.empty()) return;
  notes.hypothesis = said->hypothesis;
  if (notes.mechanism.empty()) notes.mechanism = said->mechanism;
}

}  // namespace swarmlab::worker
