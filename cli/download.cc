#include "cli/download.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <filesystem>
#include <future>
#include <system_error>

#include "common/git/pack_file.h"
#include "common/os/cancel.h"
#include "common/os/clock.h"
#include "common/os/file.h"
#include "common/os/unique_fd.h"
#include "common/wire/record_codec.h"

namespace swarmlab::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kAnswerTime{10};
constexpr std::chrono::seconds kPatience{60};  // without an answer
constexpr Milliseconds kPause{100};
constexpr std::uint64_t kChunk = schema::CHUNK_BYTES;
constexpr std::size_t kMostInFlight = 8;
constexpr std::uint64_t kMostBytes = 64ULL << 30U;  // as much as a coordinator takes in

using Body = schema::Envelope::Body::Builder;

struct Offer {
  std::uint64_t transfer = 0;
  git::PackInfo pack;
};

class Download {
 public:
  Download(Swarm& swarm, const Wanted& wanted, std::string folder)
      : swarm_(swarm), wanted_(wanted), folder_(std::move(folder)) {}

  // The pack's file.
  Result<std::string> run() {
    while (true) {
      const auto path = one_try();
      if (path) return path;
      const bool passes = path.error().code == ErrorCode::unavailable ||
                          path.error().code == ErrorCode::conflict;  // it restarted
      if (!passes || patience_.expired()) return path;
      SWARMLAB_CHECK(pause());
    }
  }

 private:
  Result<std::string> one_try() {
    SWARMLAB_TRY(offer, fetch());
    const std::string path = folder_ + "/" + offer.pack.hash.hex() + ".part";
    SWARMLAB_CHECK(open(path, offer));
    SWARMLAB_CHECK(receive(offer));
    return path;
  }

  Result<Offer> fetch() {
    SWARMLAB_TRY(reply, swarm_.request(
                            [this](Body body) {
                              auto fetch = body.initFetch();
                              fetch.setLabName(wanted_.lab);
                              fetch.setExperiment(wanted_.experiment);
                            },
                            kAnswerTime));
    if (!reply.body().isFetchReply()) {
      return fail(ErrorCode::internal, "the coordinator answered a fetch with something else");
    }
    const auto told = reply.body().getFetchReply();
    SWARMLAB_TRY(hash, wire::object_id_of("hash", told.getHash()));
    if (told.getSize() > kMostBytes) {
      return fail(ErrorCode::invalid_input, "a pack of {} bytes, expected {} at most",
                  told.getSize(), kMostBytes);
    }
    return Offer{.transfer = told.getTransfer(), .pack = {.bytes = told.getSize(), .hash = hash}};
  }

  Result<void> open(const std::string& path, const Offer& offer) {
    file_ = UniqueFd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    struct stat about {};
    if (!file_ || ::fstat(file_.get(), &about) != 0) return failed();
    have_ = static_cast<std::uint64_t>(about.st_size);
    if (have_ <= offer.pack.bytes) return {};
    have_ = 0;
    if (::ftruncate(file_.get(), 0) != 0) return failed();
    return {};
  }

  Result<void> receive(const Offer& offer) {
    std::deque<std::future<Result<std::string>>> on_their_way;
    std::size_t window = 2;
    std::uint64_t asked = have_;
    std::uint64_t ticket = 0;
    while (have_ < offer.pack.bytes) {
      if (asked < offer.pack.bytes && on_their_way.size() < window) {
        on_their_way.push_back(begin_chunk(offer, asked, ticket));
        asked += kChunk;
        continue;
      }
      SWARMLAB_TRY(reply, Swarm::reply_of(on_their_way.front().get()));
      on_their_way.pop_front();
      if (!reply.body().isFetchData()) {
        return fail(ErrorCode::internal, "the coordinator answered a piece with something else");
      }
      const auto data = reply.body().getFetchData();
      SWARMLAB_CHECK(write(data, offer));
      ticket = data.getTicket();
      const std::size_t allowed = std::clamp<std::size_t>(data.getCredit() / kChunk, 1, 8);
      window = std::min({window + 1, allowed, kMostInFlight});
      patience_ = Deadline::after(kPatience);
    }
    // Gives the last ticket back; nobody waits for the answer.
    if (ticket != 0) static_cast<void>(begin_chunk(offer, offer.pack.bytes, ticket));
    return {};
  }

  std::future<Result<std::string>> begin_chunk(const Offer& offer, std::uint64_t offset,
                                               std::uint64_t ticket) {
    return swarm_.begin(
        [&](Body body) {
          auto chunk = body.initFetchChunk();
          chunk.setTransfer(offer.transfer);
          chunk.setOffset(offset);
          chunk.setTicket(ticket);
        },
        kAnswerTime);
  }

  Result<void> write(schema::FetchData::Reader piece, const Offer& offer) {
    const auto data = piece.getData();
    if (piece.getOffset() != have_ || data.size() == 0 || data.size() > offer.pack.bytes - have_) {
      return fail(ErrorCode::unavailable, "the pack broke off at {} of {} bytes", have_,
                  offer.pack.bytes);
    }
    for (std::size_t done = 0; done < data.size();) {
      const ssize_t written = ::pwrite(file_.get(), data.begin() + done, data.size() - done,
                                       static_cast<off_t>(have_ + done));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return failed();
      done += static_cast<std::size_t>(written);
    }
    have_ += data.size();
    return {};
  }

  // Not `unavailable`: that would be tried again.
  [[nodiscard]] tl::unexpected<Error> failed() const {
    return fail(ErrorCode::internal, "{}: {}", folder_, std::strerror(errno));
  }

  // Nothing tells when the coordinator is ready: it is asked again.
  static Result<void> pause() {
    SWARMLAB_TRY(never, CancelSource::make());
    static_cast<void>(never.token().wait(kPause));
    return {};
  }

  Swarm& swarm_;
  const Wanted& wanted_;
  const std::string folder_;
  UniqueFd file_;
  std::uint64_t have_ = 0;  // in a row from 0, in the file
  Deadline patience_ = Deadline::after(kPatience);
};

}  // namespace

Result<void> download(Swarm& swarm, const Wanted& wanted, git::Repository& repository) {
  if (repository.has(wanted.commit)) return {};
  const std::string folder = repository.git_folder() + "/swarmlab-incoming";
  SWARMLAB_CHECK(make_folders(folder, 0700));
  auto path = Download(swarm, wanted, folder).run();
  if (!path) {
    return within(fmt::format("experiment {} of {}", wanted.experiment, wanted.lab), path.error());
  }
  const auto stored = git::store_pack_file(repository, *path, wanted.commit);
  std::error_code ignored;
  fs::remove(*path, ignored);
  fs::remove(folder, ignored);  // if nothing of another try is in it
  return stored;
}

}  // namespace swarmlab::cli
