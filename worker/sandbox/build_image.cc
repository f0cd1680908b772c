// Images of labs, built once for each contents by whoever is first.
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "common/os/file.h"
#include "worker/sandbox/capture.h"
#include "worker/sandbox/channel.h"
#include "worker/sandbox/engine.h"
#include "worker/sandbox/untrusted_text.h"

namespace swarmlab::sandbox {
namespace {

constexpr std::uint64_t kKeptWords = 64U << 10U;
constexpr Milliseconds kBuildWithin{60UL * 60 * 1000};

// Among all processes of this user on this machine. Held while the descriptor is open.
Result<UniqueFd> take_turn(const std::string& image) {
  std::error_code error;
  const std::string folder = fmt::format(
      "{}/swarmlab-builds-{}", std::filesystem::temp_directory_path(error).string(), ::geteuid());
  SWARMLAB_CHECK(make_folders(folder, 0700));
  std::string name = image;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '/' || c == ':'; }, '-');
  const std::string path = folder + "/" + name;
  UniqueFd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  while (lock && ::flock(lock.get(), LOCK_EX) != 0 && errno == EINTR) continue;
  if (!lock) return fail(ErrorCode::unavailable, "{}: {}", path, std::strerror(errno));
  return lock;
}

// Its words; it is killed when it takes too long, or somebody cancels.
Result<void> build(const Engine& engine, const ImageWish& wish, const CancelToken& cancel) {
  SpawnRequest request{.argv = {engine.program}, .env = current_environment()};
  for (const auto& words :
       {std::vector<std::string>{"build"}, engine.build_words,
        std::vector<std::string>{"--tag", wish.name, "--file", wish.dockerfile, wish.context}}) {
    request.argv.insert(request.argv.end(), words.begin(), words.end());
  }
  OutputCapture words(kKeptWords);
  SWARMLAB_TRY(channel, Channel::make(Channel::Kind::pipe,
                                      [&words](std::string_view bytes) { words.append(bytes); }));
  request.fds = {{channel.child_end(), 1}, {channel.child_end(), 2}};
  request.die_with_parent = true;
  SWARMLAB_TRY(process, spawn(request));
  channel.close_child_end();
  const Deadline deadline = Deadline::after(kBuildWithin);
  std::array<pollfd, 3> events{};
  for (;;) {
    events = {{{process.pidfd(), POLLIN, 0}, {cancel.fd(), POLLIN, 0}, {channel.fd(), POLLIN, 0}}};
    if (::poll(events.data(), events.size(), deadline.poll_timeout()) < 0 && errno != EINTR) break;
    if (events[2].revents != 0) channel.take();
    if (events[0].revents != 0 || events[1].revents != 0 || deadline.expired()) break;
  }
  if (cancel.cancelled()) return fail(ErrorCode::unavailable, "cancelled");
  SWARMLAB_TRY(status,
               process.wait(deadline.expired() ? Deadline::after(Milliseconds(0)) : deadline));
  channel.drain(kKeptWords);
  if (!status) return fail(ErrorCode::invalid_input, "{} build: no end after an hour", engine.name);
  if (!status->signaled && status->code == 0) return {};
  return fail(ErrorCode::invalid_input, "{} build: exit code {}\n{}", engine.name, status->code,
              last_lines(words.text()));
}

}  // namespace

Result<void> build_image(const Engine& engine, const ImageWish& wish, const CancelToken& cancel) {
  if (has_image(engine, wish.name)) return {};
  const auto turn = take_turn(engine.name + "-" + wish.name);
  if (!turn) return tl::unexpected(turn.error());
  if (has_image(engine, wish.name)) return {};
  if (cancel.cancelled()) return fail(ErrorCode::unavailable, "cancelled");
  return build(engine, wish, cancel);
}

}  // namespace swarmlab::sandbox
