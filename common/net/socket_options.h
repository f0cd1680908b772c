// What every socket is set to. Plain ZeroMQ without encryption: for ipc:// in a folder that only
// its owner can enter, and for tcp:// where the operator asked for it by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "common/strong_id.h"

namespace swarmlab::net {

struct SocketOptions {
  std::size_t max_message_bytes = (4ULL << 20U) + (64ULL << 10U);  // a larger one cuts its sender
  int queued_messages = 1000;  // a peer, a direction: beyond it, what is sent is dropped and told
  Milliseconds probe_after{2000};    // of silence on tcp: is the other machine still there?
  Milliseconds dead_after{6000};     // of silence on tcp: the connection is closed
  Milliseconds reconnect_first{20};  // then doubled, up to
  Milliseconds reconnect_most{2000};
  Milliseconds linger{500};  // how long closing waits for what is still queued
  int backlog = 4096;        // connections that wait to be accepted
};

// What became of a message that was handed over. Neither says that the peer got it.
enum class Sent : std::uint8_t {
  queued,
  full,  // the peer (or the way to it) does not keep up: dropped
  gone,  // no such peer (any more): dropped
};

}  // namespace swarmlab::net
