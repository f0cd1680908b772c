#include "coordinator/server/vitals.h"

#include <algorithm>

#include "common/result.h"

namespace swarmlab::server {
namespace {

constexpr Milliseconds kClockMayBeOff{60'000};

double seconds(Timestamp at) {
  return static_cast<double>(at.time_since_epoch().count()) / 1000.0;
}

// Refusals that are about who somebody is, and what their key may do.
bool is_about_identity(Refusal reason) {
  switch (reason) {
    case Refusal::handshake:
    case Refusal::unknown_key:
    case Refusal::revoked_key:
    case Refusal::role:
    case Refusal::session:
    case Refusal::worker_name:
      return true;
    case Refusal::lease:
    case Refusal::transfer:
    case Refusal::malformed:
    case Refusal::malformed_parts:
    case Refusal::protocol:
    case Refusal::flood:
    case Refusal::peers:
    case Refusal::unread:
      return false;
  }
  return false;
}

void tell_refusals(metrics::Page& page, const Refusals& refusals) {
  for (std::size_t i = 0; i < kRefusals; ++i) {
    const auto reason = static_cast<Refusal>(i);
    if (reason == Refusal::unread) continue;  // no message of theirs: send_drops
    const metrics::Labels labels{{"reason", std::string(name_of(reason))}};
    const auto count = static_cast<double>(refusals.of(reason));
    if (is_about_identity(reason)) {
      page.counter("swarmlab_auth_failures_total",
                   "Connections and messages refused for who sent them", count, labels);
    } else {
      page.counter("swarmlab_rejected_messages_total", "Messages that were not taken", count,
                   labels);
    }
  }
}

void tell_messages(metrics::Page& page, const VitalsSource& source) {
  const Tally& tally = source.tally;
  for (const auto& [type, count] : tally.messages) {
    page.counter("swarmlab_messages_total", "Messages from peers", static_cast<double>(count),
                 {{"type", type}});
  }
  for (const auto& [key, count] : tally.bytes) {
    page.counter("swarmlab_bytes_total", "Bytes of messages, by what was asked",
                 static_cast<double>(count),
                 {{"direction", std::string(key.first)}, {"kind", key.second}});
  }
  tell_refusals(page, source.refusals);
  page.counter("swarmlab_send_drops_total", "Answers that could not be sent",
               static_cast<double>(tally.send_failures + source.refusals.of(Refusal::unread)));
  page.gauge("swarmlab_peers", "Peers that were heard lately", static_cast<double>(source.peers));
}

void tell_turns(metrics::Page& page, const Tally& tally) {
  page.histogram("swarmlab_commit_seconds", "From the first byte of a turn's write to its sync",
                 tally.commits);
  page.histogram("swarmlab_commit_batch_messages", "Commands that one write made durable",
                 tally.batches);
  page.histogram("swarmlab_loop_seconds", "Turns: from a burst of messages to its answers",
                 tally.turns);
  page.histogram("swarmlab_pack_ingest_seconds", "Checking and storing the packs of a turn",
                 tally.ingests);
}

void tell_disk(metrics::Page& page, const VitalsSource& source) {
  page.gauge("swarmlab_disk_free_bytes", "Free on the disk of the store",
             static_cast<double>(source.disk.free_bytes));
  page.gauge("swarmlab_disk_reserve_bytes", "Nothing is written while less is free",
             static_cast<double>(source.reserve_bytes));
  page.counter("swarmlab_store_errors_total", "What could not be stored but may be tried again",
               static_cast<double>(source.tally.store_errors));
  page.counter("swarmlab_events_total", "Facts in the store, since it was made",
               static_cast<double>(source.last_event.value()));
  page.gauge("swarmlab_start_timestamp_seconds", "When the coordinator began",
             seconds(source.started_at));
}

std::vector<http::Reason> reasons_of(const VitalsSource& source) {
  std::vector<http::Reason> reasons;
  if (source.disk.level != store::DiskLevel::ok) {
    reasons.push_back({.what = "disk", .why = source.disk.text});
  }
  if (source.ahead > kClockMayBeOff) {
    reasons.push_back(
        {.what = "clock",
         .why = fmt::format("the machine's clock is {} s behind what is stored: time goes on from "
                            "there",
                            std::chrono::ceil<std::chrono::seconds>(source.ahead).count()),
         .blocks = false});
  }
  if (source.state.presence.alarm) {
    reasons.push_back({.what = "mass_loss",
                       .why = fmt::format("{} of {} working workers fell silent at once",
                                          source.state.presence.alarm->silent,
                                          source.state.presence.alarm->holders),
                       .blocks = false});
  }
  return reasons;
}

}  // namespace

Vitals vitals_of(const VitalsSource& source) {
  Vitals vitals;
  tell_labs(vitals.page, source);
  tell_pools(vitals.page, source);
  tell_work(vitals.page, source);
  tell_messages(vitals.page, source);
  tell_turns(vitals.page, source.tally);
  tell_disk(vitals.page, source);
  vitals.reasons = reasons_of(source);
  return vitals;
}

}  // namespace swarmlab::server
