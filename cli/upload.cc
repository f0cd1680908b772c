#include "cli/upload.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <future>
#include <thread>

#include "common/os/cancel.h"
#include "common/os/clock.h"
#include "common/os/unique_fd.h"
#include "common/wire/record_codec.h"

namespace swarmlab::cli {

namespace {

constexpr std::chrono::seconds kAnswerTime{10};
constexpr std::chrono::seconds kPatience{60};  // without an answer
constexpr Milliseconds kPause{300};

using Body = schema::Envelope::Body::Builder;

class Upload {
 public:
  Upload(Swarm& swarm, const ObjectId& commit, const git::PackInfo& pack, UniqueFd file,
         const UploadProgress& progress)
      : swarm_(swarm), commit_(commit), pack_(pack), file_(std::move(file)), progress_(progress) {
    std::memcpy(&token_, pack.hash.bytes.data(), sizeof(token_));  // the same when it goes on
    token_ |= 1U;
  }

  Result<void> run() {
    while (true) {
      const auto done = put();
      if (done && *done) return {};
      const auto step = done ? send_some() : Result<void>(tl::unexpected(done.error()));
      if (step) {
        patience_ = Deadline::after(kPatience);
        continue;
      }
      const bool passes = step.error().code == ErrorCode::unavailable ||
                          step.error().code == ErrorCode::conflict;  // it restarted
      if (!passes || patience_.expired()) return step;
      SWARMLAB_CHECK(pause());
    }
  }

 private:
  // Whether it is there; else `received_` and `credit_` are how far it is.
  Result<bool> put() {
    SWARMLAB_TRY(reply, swarm_.request(
                            [this](Body body) {
                              auto put = body.initPutCommit();
                              put.setCommit(wire::data_of(commit_));
                              put.setToken(token_);
                              put.setSize(pack_.bytes);
                              put.setHash(wire::data_of(pack_.hash));
                            },
                            kAnswerTime));
    if (reply.body().isDone()) return true;
    if (!reply.body().isChunkAck()) {
      return fail(ErrorCode::internal, "the coordinator answered an upload with something else");
    }
    take(reply.body().getChunkAck());
    if (received_ < pack_.bytes) return false;
    return fail(ErrorCode::unavailable, "the coordinator still looks at what was sent");
  }

  void take(schema::ChunkAck::Reader ack) {
    received_ = ack.getReceived();
    credit_ = std::max<std::uint64_t>(ack.getCredit(), schema::CHUNK_BYTES);
    if (progress_) progress_(std::min(received_, pack_.bytes), pack_.bytes);
  }

  // All that is left, with as much on its way as there is credit for.
  Result<void> send_some() {
    struct Piece {
      std::uint64_t end = 0;
      std::future<Result<std::string>> answer;
    };
    std::deque<Piece> on_their_way;
    std::uint64_t next = received_;
    while (next < pack_.bytes || !on_their_way.empty()) {
      if (next < pack_.bytes && next < received_ + credit_) {
        SWARMLAB_TRY(bytes, piece_at(next));
        const std::uint64_t end = next + bytes.size();
        on_their_way.push_back({end, begin_piece(next, bytes)});
        next = end;
        continue;
      }
      const std::uint64_t expected = on_their_way.front().end;
      SWARMLAB_TRY(reply, swarm_.reply_of(on_their_way.front().answer.get()));
      on_their_way.pop_front();
      if (!reply.body().isChunkAck()) {
        return fail(ErrorCode::internal, "the coordinator answered a piece with something else");
      }
      take(reply.body().getChunkAck());
      if (received_ < expected) return {};  // a piece was lost: put() says where to go on
    }
    return {};
  }

  std::future<Result<std::string>> begin_piece(std::uint64_t offset, const std::string& bytes) {
    return swarm_.begin(
        [&](Body body) {
          auto chunk = body.initPackChunk();
          chunk.setToken(token_);
          chunk.setOffset(offset);
          chunk.setData(
              kj::arrayPtr(reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size()));
          chunk.setLast(offset + bytes.size() == pack_.bytes);
          chunk.setSize(pack_.bytes);
          chunk.setHash(wire::data_of(pack_.hash));
        },
        kAnswerTime);
  }

  Result<std::string> piece_at(std::uint64_t offset) {
    const std::uint64_t left = pack_.bytes - offset;
    std::string bytes(std::min<std::uint64_t>(schema::CHUNK_BYTES, left), '\0');
    const ssize_t got =
        ::pread(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (got != static_cast<ssize_t>(bytes.size())) {
      return fail(ErrorCode::internal, "the pack cannot be read: {}",
                  got < 0 ? std::strerror(errno) : "it is shorter than it was");
    }
    return bytes;
  }

  // Nothing tells when the coordinator is ready: it is asked again.
  static Result<void> pause() {
    SWARMLAB_TRY(never, CancelSource::make());
    static_cast<void>(never.token().wait(kPause));
    return {};
  }

  Swarm& swarm_;
  const ObjectId commit_;
  const git::PackInfo pack_;
  UniqueFd file_;
  const UploadProgress& progress_;
  std::uint64_t token_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t credit_ = 0;
  Deadline patience_ = Deadline::after(kPatience);
};

}  // namespace

Result<void> upload(Swarm& swarm, const ObjectId& commit, const std::string& file,
                    const git::PackInfo& pack, const UploadProgress& progress) {
  UniqueFd opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!opened) return fail(ErrorCode::unavailable, "{}: {}", file, std::strerror(errno));
  return Upload(swarm, commit, pack, std::move(opened), progress).run();
}

}  // namespace swarmlab::cli
