#include "coordinator/server/refusals.h"

#include "common/log/log.h"

namespace swarmlab::server {

std::string_view name_of(Refusal reason) {
  switch (reason) {
    case Refusal::handshake:
      return "handshake";
    case Refusal::unknown_key:
      return "unknown_key";
    case Refusal::revoked_key:
      return "revoked_key";
    case Refusal::role:
      return "role";
    case Refusal::session:
      return "session";
    case Refusal::worker_name:
      return "worker_name";
    case Refusal::lease:
      return "lease";
    case Refusal::transfer:
      return "transfer";
    case Refusal::malformed:
      return "malformed";
    case Refusal::malformed_parts:
      return "malformed_parts";
    case Refusal::protocol:
      return "protocol";
    case Refusal::flood:
      return "flood";
    case Refusal::peers:
      return "peers";
    case Refusal::unread:
      return "unread";
  }
  return "";
}

void Refusals::count(Refusal reason, std::string_view what) {
  Counter& counter = counters_.at(static_cast<std::size_t>(reason));
  ++counter.count;
  tell(counter, reason, what);
}

void Refusals::raise_to(Refusal reason, std::uint64_t total, std::string_view what) {
  Counter& counter = counters_.at(static_cast<std::size_t>(reason));
  if (total <= counter.count) return;
  counter.count = total;
  tell(counter, reason, what);
}

void Refusals::tell(Counter& counter, Refusal reason, std::string_view what) const {
  if (!counter.silent_until.expired()) return;
  log::warning("refused: {}{}{}", what, log::field("reason", name_of(reason)),
               log::field("times", counter.count - counter.logged));
  counter.logged = counter.count;
  counter.silent_until = Deadline::after(quiet_);
}

}  // namespace swarmlab::server
