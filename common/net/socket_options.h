// What every socket is set to. With keys (gate.h) a socket speaks CURVE. Without, it is plain
// ZeroMQ: for ipc:// in a folder that only its owner can enter, for the loopback, and elsewhere
// only if that is asked for by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "common/strong_id.h"

namespace swarmlab::net {

// Of a router: how many bytes may wait for a peer that does not read. What is more is dropped.
struct OutboundLimits {
  std::size_t peer_bytes = 8ULL << 20U;
  std::size_t total_bytes = 48ULL << 20U;          // of all peers; beyond it, a peer may have
  std::size_t crowded_peer_bytes = 512ULL << 10U;  // only so much
};

struct SocketOptions {
  std::size_t max_message_bytes = (4ULL << 20U) + (64ULL << 10U);  // a larger one cuts its sender
  int queued_messages = 1000;  // a peer, a direction: beyond it, what is sent is dropped and told
  OutboundLimits outbound = {};
  Milliseconds probe_after{2000};    // of silence on tcp: is the other machine still there?
  Milliseconds dead_after{6000};     // of silence on tcp: the connection is closed
  Milliseconds handshake{10000};     // a connection that is not agreed on by then is closed
  Milliseconds reconnect_first{20};  // then doubled, up to
  Milliseconds reconnect_most{2000};
  Milliseconds linger{500};  // how long closing waits for what is still queued
  int backlog = 4096;        // connections that wait to be accepted
  bool insecure = false;     // without keys, also over tcp to and from other machines
};

// What became of a message that was handed over. Neither says that the peer got it.
enum class Sent : std::uint8_t {
  queued,
  full,  // the peer (or the way to it) does not keep up: dropped
  gone,  // no such peer (any more): dropped
};

}  // namespace swarmlab::net
