#include "worker/server/packs.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <tuple>

#include "common/log/log.h"
#include "common/os/file.h"
#include "common/os/unique_fd.h"
#include "common/wire/field_codec.h"

namespace swarmlab::worker {
namespace {

constexpr std::uint64_t kChunk = schema::CHUNK_BYTES;
constexpr std::size_t kMostInFlight = 8;
constexpr std::uint64_t kMaxPackBytes = 1ULL << 40U;
constexpr std::uint64_t kWorthAsking = 8 * kChunk;  // how much of it the other side has
// A pack that is smaller waits as any request does: how long it took would tell of links that were
// away, not of slow ones, and the next time they are away it would wait too long.
constexpr std::uint64_t kTellsPace = kChunk / 4;
constexpr std::uint64_t kWorthTelling = 1U << 20U;  // in the log
constexpr std::size_t kHashBytes = 20;

using Body = schema::Envelope::Body::Builder;

// Chunks on their way: a few at first, more as they come through.
class Window {
 public:
  Window(Conversation& conversation, Pace& pace, std::uint64_t pack_bytes)
      : conversation_(conversation), pace_(pace), tells_pace_(pack_bytes >= kTellsPace) {}

  [[nodiscard]] Milliseconds patience() const {
    return tells_pace_ ? pace_.patience() : Conversation::kAnswerTime;
  }

  [[nodiscard]] bool has_room() const { return waiting_.size() < std::min(size_, allowed_); }
  [[nodiscard]] bool empty() const { return waiting_.empty(); }
  void allow(std::uint64_t bytes) {
    if (bytes != 0) allowed_ = std::clamp<std::size_t>(bytes / kChunk, 1, kMostInFlight);
  }
  void add(Conversation::Sent sent) { waiting_.push_back({std::move(sent), conversation_.now()}); }

  // The answer to the oldest.
  Result<wire::Incoming> next() {
    Waiting oldest = std::move(waiting_.front());
    waiting_.pop_front();
    auto reply = conversation_.receive(std::move(oldest.sent));
    const auto took = std::chrono::duration_cast<Milliseconds>(conversation_.now() - oldest.since);
    if (reply) {
      if (tells_pace_) pace_.took(took);
      size_ = std::min(size_ + 1, kMostInFlight);
    } else if (reply.error().code == ErrorCode::unavailable && took >= patience()) {
      if (tells_pace_) pace_.gave_up();
    } else if (reply.error().code == ErrorCode::conflict) {  // it lost what came before
      return fail(ErrorCode::unavailable, "{}", reply.error().message);
    }
    return reply;
  }

 private:
  struct Waiting {
    Conversation::Sent sent;
    SteadyClock::TimePoint since;
  };
  Conversation& conversation_;
  Pace& pace_;
  const bool tells_pace_;
  std::deque<Waiting> waiting_;
  std::size_t size_ = 2;
  std::size_t allowed_ = kMostInFlight;
};

class Sending {
 public:
  Sending(Conversation& conversation, Pace& pace, LeaseKey key, PackSource& pack)
      : conversation_(conversation),
        window_(conversation, pace, pack.size()),
        key_(key),
        pack_(pack) {}

  Result<void> run() {
    std::uint64_t offset = 0;
    if (pack_.size() > kWorthAsking) {
      SWARMLAB_TRY(there, ask_how_far());
      offset = there;
    }
    while (offset < pack_.size() || !window_.empty()) {
      if (offset < pack_.size() && window_.has_room()) {
        SWARMLAB_TRY(part, pack_.piece(offset, kChunk));
        SWARMLAB_TRY(sent, send(offset, part));
        window_.add(std::move(sent));
        offset += kChunk;
        continue;
      }
      SWARMLAB_CHECK(take_ack());
    }
    return {};
  }

 private:
  Result<std::uint64_t> ask_how_far() {
    SWARMLAB_TRY(sent, send(0, {}));
    window_.add(std::move(sent));
    SWARMLAB_TRY(received, take_ack());
    if (received > pack_.size()) return std::uint64_t{0};
    if (received < pack_.size()) {  // else it is being checked there
      log::info("pack {} goes out{}{}", pack_.hash().brief(), log::field("bytes", pack_.size()),
                log::field("from", received));
    }
    return received;
  }

  Result<std::uint64_t> take_ack() {
    SWARMLAB_TRY(reply, window_.next());
    if (!reply.body().isChunkAck()) return std::uint64_t{0};
    window_.allow(reply.body().getChunkAck().getCredit());
    return std::uint64_t{reply.body().getChunkAck().getReceived()};
  }

  Result<Conversation::Sent> send(std::uint64_t offset, std::string_view part) {
    const auto fill = [&](Body body) {
      auto chunk = body.initPackChunk();
      chunk.setTask(key_.task.value());
      chunk.setToken(key_.token.value());
      chunk.setOffset(offset);
      chunk.setData(
          capnp::Data::Reader(reinterpret_cast<const capnp::byte*>(part.data()), part.size()));
      chunk.setLast(offset + part.size() == pack_.size());
      chunk.setSize(pack_.size());
      chunk.setHash(wire::data_of(pack_.hash()));
    };
    return conversation_.send(fill, window_.patience());
  }

  Conversation& conversation_;
  Window window_;
  LeaseKey key_;
  PackSource& pack_;
};

class Receiving {
 public:
  Receiving(Conversation& conversation, Pace& pace, const PackOffer& offer)
      : conversation_(conversation), window_(conversation, pace, offer.pack.bytes), offer_(offer) {}

  Result<void> run(const std::string& path, const CancelToken& stop) {
    SWARMLAB_CHECK(open(path));
    std::uint64_t asked = have_;
    while (have_ < offer_.pack.bytes) {
      if (stop.cancelled()) return fail(ErrorCode::unavailable, "told to stop");
      if (asked < offer_.pack.bytes && window_.has_room()) {
        SWARMLAB_TRY(sent, ask(asked));
        window_.add(std::move(sent));
        asked += kChunk;
        continue;
      }
      SWARMLAB_CHECK(take_data());
    }
    // Gives the last tickets back; nobody waits for the answer.
    if (last_ticket_ != 0) std::ignore = ask(offer_.pack.bytes);
    return {};
  }

 private:
  Result<void> open(const std::string& path) {
    const bool is_known = !offer_.pack.hash.is_zero();
    file_ = UniqueFd(
        ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | (is_known ? 0 : O_TRUNC), 0600));
    struct stat about {};
    if (!file_ || ::fstat(file_.get(), &about) != 0) return failed(path);
    have_ = static_cast<std::uint64_t>(about.st_size);
    if (have_ > offer_.pack.bytes) {
      if (::ftruncate(file_.get(), 0) != 0) return failed(path);
      have_ = 0;
    }
    if (offer_.pack.bytes > kWorthTelling) {
      log::info("pack {} comes in{}{}", offer_.pack.hash.brief(),
                log::field("bytes", offer_.pack.bytes), log::field("from", have_));
    }
    return {};
  }

  static tl::unexpected<Error> failed(const std::string& path) {
    // Not `unavailable`: that would be tried again here, while the attempt should go back.
    return fail(ErrorCode::internal, "{}: {}", path, std::strerror(errno));
  }

  Result<Conversation::Sent> ask(std::uint64_t offset) {
    const auto fill = [&](Body body) {
      auto chunk = body.initFetchChunk();
      chunk.setTransfer(offer_.transfer);
      chunk.setOffset(offset);
      chunk.setTicket(last_ticket_);
    };
    return conversation_.send(fill, window_.patience());
  }

  Result<void> take_data() {
    SWARMLAB_TRY(reply, window_.next());
    const bool is_data = reply.body().isFetchData();
    const auto data = is_data ? reply.body().getFetchData().getData() : capnp::Data::Reader();
    if (data.size() == 0 || data.size() > offer_.pack.bytes - have_) {
      return fail(ErrorCode::unavailable, "the pack broke off at {} of {} bytes", have_,
                  offer_.pack.bytes);
    }
    window_.allow(reply.body().getFetchData().getCredit());
    last_ticket_ = reply.body().getFetchData().getTicket();
    for (std::size_t done = 0; done < data.size();) {
      const ssize_t written = ::pwrite(file_.get(), data.begin() + done, data.size() - done,
                                       static_cast<off_t>(have_ + done));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return failed("a pack that comes in");
      done += static_cast<std::size_t>(written);
    }
    have_ += data.size();
    return {};
  }

  Conversation& conversation_;
  Window window_;
  PackOffer offer_;
  UniqueFd file_;
  std::uint64_t have_ = 0;         // in a row from 0, in the file
  std::uint64_t last_ticket_ = 0;  // that came: stands for those before it too
};

}  // namespace

void Pace::took(Milliseconds time) {
  constexpr Milliseconds kShortest{3000};
  constexpr Milliseconds kLongest{60'000};
  const Milliseconds wanted = std::clamp(8 * time, kShortest, kLongest);
  // Soon longer, slowly shorter.
  const Milliseconds now = patience();
  patience_ms_.store((wanted > now ? wanted : (7 * now + wanted) / 8).count());
}

void Pace::gave_up() {
  constexpr Milliseconds::rep kLongest = 60'000;
  patience_ms_.store(std::min(2 * patience_ms_.load(), kLongest));
}

Result<PackSource> PackSource::of(const SpooledReport& report) {
  PackSource source;
  if (report.pack_file.empty()) {
    source.bytes_ = report.pack;
    source.info_.bytes = report.pack.size();
    if (report.pack.size() < kHashBytes) return source;
    std::memcpy(source.info_.hash.bytes.data(),
                report.pack.data() + report.pack.size() - kHashBytes, kHashBytes);
    return source;
  }
  // Not `unavailable`: it would be tried again, without end.
  auto info = git::info_of_pack_file(report.pack_file);
  source.file_ = UniqueFd(::open(report.pack_file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!info || !source.file_) {
    return fail(ErrorCode::internal, "{} cannot be read", report.pack_file);
  }
  source.info_ = *info;
  return source;
}

Result<std::string_view> PackSource::piece(std::uint64_t offset, std::size_t size) {
  if (!file_) return bytes_.substr(offset, size);
  buffer_.resize(std::min<std::uint64_t>(size, info_.bytes - offset));
  const ssize_t got =
      ::pread(file_.get(), buffer_.data(), buffer_.size(), static_cast<off_t>(offset));
  if (got != static_cast<ssize_t>(buffer_.size())) {
    return fail(ErrorCode::internal, "a pack that goes out: {}",
                got < 0 ? std::strerror(errno) : "it is shorter than it was");
  }
  return std::string_view(buffer_);
}

Result<void> send_pack(Conversation& conversation, Pace& pace, LeaseKey key, PackSource& pack) {
  return Sending(conversation, pace, key, pack).run();
}

Result<std::string> receive_pack(Conversation& conversation, Pace& pace, const PackOffer& offer,
                                 const std::string& folder, const CancelToken& stop) {
  if (offer.pack.bytes > kMaxPackBytes) {
    return fail(ErrorCode::invalid_input, "a pack of {} bytes, expected {} at most",
                offer.pack.bytes, kMaxPackBytes);
  }
  SWARMLAB_CHECK(make_folders(folder, 0700));
  const std::string path = fmt::format("{}/{}.part", folder, offer.pack.hash.hex());
  SWARMLAB_CHECK(Receiving(conversation, pace, offer).run(path, stop));
  return path;
}

}  // namespace swarmlab::worker
