// The link to the coordinator: hello, heartbeats, work, trees and objects, over one connection that
// comes back by itself. Every request is sent again until it is answered or the worker stops: the
// coordinator answers the same request the same way.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/model/report.h"
#include "common/net/channel.h"
#include "common/net/gate.h"
#include "common/os/cancel.h"
#include "common/os/steady_clock.h"
#include "common/result.h"
#include "common/wire/protocol.h"
#include "worker/server/holdings.h"
#include "worker/spool/spool.h"

namespace swarmlab::worker {

struct LinkOptions {
  std::string address;                                         // of the coordinator
  std::optional<net::Credentials> credentials = std::nullopt;  // none: plain
  bool insecure = false;                                       // plain to another machine, too
  std::string name;                                            // of this worker
  std::string host_class;
  std::string version;
  std::uint32_t slots = 1;
  wire::ProtocolRange protocols = wire::our_protocols();  // to be offered
  Capacity capacity = {};
  std::function<void()> on_drain = {};  // the coordinator wants us to leave; from any thread
  // After each try to be heard: whether the coordinator answered. From the thread that tries.
  std::function<void(bool heard)> on_beat = {};
};

// What the coordinator said to a report.
struct ReportAnswer {
  enum class Kind : std::uint8_t { counted, stale, refused } kind = Kind::counted;
  Verdict verdict = Verdict::discard;  // of `counted`
  bool decided = true;                 // of `counted`; false: it is measured again
  std::string reason;
};

struct NothingYet {
  std::string because;
  Milliseconds retry_after{0};
};

struct WorkAnswer {
  std::optional<ReportAnswer> report;    // if one was sent
  std::optional<Assignment> assignment;  // if one was asked for and there is one
  std::optional<NothingYet> nothing;     // if one was asked for and there is none
};

// What the coordinator knows of a candidate that is not measured yet.
struct KnownTree {
  std::optional<ExperimentNumber> experiment;   // that has the same tree
  std::optional<NearDuplicate> near_duplicate;  // else: one with nearly the same change
  bool skip = false;                            // the lab does not want that one measured again
};

/// Thread-safe: slots use it at the same time.
class Link {
 public:
  /// Over a connection and with a thread for heartbeats of its own. Does not wait for the
  /// coordinator. `holdings` must outlive the link.
  static Result<std::unique_ptr<Link>> connect(const LinkOptions& options, Holdings& holdings);
  /// Over this channel: beat() is up to the caller. `clock` and `holdings` must outlive the link.
  static Result<std::unique_ptr<Link>> over(std::unique_ptr<net::Channel> channel,
                                            SteadyClock& clock, const LinkOptions& options,
                                            Holdings& holdings);

  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  Link(Link&&) = delete;
  Link& operator=(Link&&) = delete;
  ~Link();

  struct WorkRequest {
    const SpooledReport* report = nullptr;  // to be delivered; may be null
    bool ask = false;                       // for a task
    std::uint32_t slot = 0;                 // who asks
  };
  /// Blocks until there is an answer. A task that it brings is among the holdings.
  /// \return  unavailable when `stop` came first, or nobody answers and we leave; invalid_input
  ///          if the coordinator refuses us.
  Result<WorkAnswer> work(const WorkRequest& request, const CancelToken& stop);

  struct TreeQuestion {
    LabId lab;
    LeaseKey lease;
    ObjectId tree;
    std::string sketch;  // of the change; empty: none
  };
  /// Whether the candidate of an experiment has this tree, or nearly made this change.
  Result<KnownTree> known_tree(const TreeQuestion& question, const CancelToken& stop);

  /// What the agent of a leased task is to be told, as of now.
  Result<Briefing> briefing(const LeaseKey& lease, const CancelToken& stop);

  struct FetchRequest {
    LabId lab;
    std::span<const ObjectId> wanted;  // commits
    std::span<const ObjectId> had;     // commits
    std::string folder;                // where packs that come in are, also parts of them
  };
  /// A pack with what `wanted` needs and `had` does not bring. \return  its file, now the caller's
  Result<std::string> fetch(const FetchRequest& request, const CancelToken& stop);

  /// The coordinator's manifest of data; not_found if it has none.
  Result<std::string> data_manifest(const ObjectId& hash, const CancelToken& stop);

  /// Tells what the agent of a lease says that it tries: at once, and with every heartbeat while
  /// the lease is held. One try: a heartbeat tells it again.
  void announce(const LeaseKey& lease, Announcement said);

  /// Says that we live and what we hold, as often as the coordinator wants, until bye().
  void beat();
  /// From now on heartbeats say that this worker takes nothing more.
  void leave();
  /// Says goodbye: leases that are still held go back. Waits a little for the answer; after it
  /// nothing is sent any more.
  void bye();

 private:
  struct Impl;
  explicit Link(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace swarmlab::worker
