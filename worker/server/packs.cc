#include "worker/server/packs.h"

#include <deque>

namespace swarmlab::worker {
namespace {

constexpr std::size_t kInFlight = 8;
constexpr std::uint64_t kMaxPackBytes = 1ULL << 30U;
constexpr std::uint64_t kChunk = schema::CHUNK_BYTES;

Result<Conversation::Sent> send_chunk(Conversation& conversation, LeaseKey key,
                                      std::string_view pack, std::uint64_t offset) {
  const std::string_view part = pack.substr(offset, kChunk);
  return conversation.send([&](schema::Envelope::Body::Builder body) {
    auto chunk = body.initPackChunk();
    chunk.setTask(key.task.value());
    chunk.setToken(key.token.value());
    chunk.setOffset(offset);
    chunk.setData(
        capnp::Data::Reader(reinterpret_cast<const capnp::byte*>(part.data()), part.size()));
    chunk.setLast(offset + part.size() == pack.size());
  });
}

Result<Conversation::Sent> ask_chunk(Conversation& conversation, std::uint64_t transfer,
                                     std::uint64_t offset) {
  return conversation.send([&](schema::Envelope::Body::Builder body) {
    auto chunk = body.initFetchChunk();
    chunk.setTransfer(transfer);
    chunk.setOffset(offset);
  });
}

}  // namespace

Result<void> send_pack(Conversation& conversation, LeaseKey key, std::string_view pack) {
  std::deque<Conversation::Sent> waiting;
  std::uint64_t offset = 0;
  while (offset < pack.size() || !waiting.empty()) {
    if (offset < pack.size() && waiting.size() < kInFlight) {
      SWARMLAB_TRY(sent, send_chunk(conversation, key, pack, offset));
      waiting.push_back(std::move(sent));
      offset += kChunk;
      continue;
    }
    const auto reply = conversation.receive(std::move(waiting.front()));
    waiting.pop_front();
    if (!reply && reply.error().code == ErrorCode::conflict) {  // it lost what came before
      return fail(ErrorCode::unavailable, "{}", reply.error().message);
    }
    if (!reply) return tl::unexpected(reply.error());
  }
  return {};
}

Result<std::string> receive_pack(Conversation& conversation, std::uint64_t transfer,
                                 std::uint64_t size) {
  if (size > kMaxPackBytes) {
    return fail(ErrorCode::invalid_input, "a pack of {} bytes, expected {} at most", size,
                kMaxPackBytes);
  }
  std::string pack;
  std::deque<Conversation::Sent> waiting;
  std::uint64_t asked = 0;
  while (pack.size() < size) {
    if (asked < size && waiting.size() < kInFlight) {
      SWARMLAB_TRY(sent, ask_chunk(conversation, transfer, asked));
      waiting.push_back(std::move(sent));
      asked += kChunk;
      continue;
    }
    auto reply = conversation.receive(std::move(waiting.front()));
    waiting.pop_front();
    if (!reply && reply.error().code == ErrorCode::conflict) {
      return fail(ErrorCode::unavailable, "{}", reply.error().message);
    }
    if (!reply) return tl::unexpected(reply.error());
    const bool is_data = reply->body().isFetchData();
    const auto data = is_data ? reply->body().getFetchData().getData() : capnp::Data::Reader();
    if (data.size() == 0 || data.size() > size - pack.size()) {
      return fail(ErrorCode::unavailable, "the pack broke off at {} of {} bytes", pack.size(),
                  size);
    }
    pack.append(data.asChars().begin(), data.size());
  }
  return pack;
}

}  // namespace swarmlab::worker
