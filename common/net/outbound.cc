#include "common/net/outbound.h"

#include <algorithm>
#include <utility>

namespace swarmlab::net {

// Owned by ZeroMQ while it has the message.
struct Outbound::Waiting {
  Waiting(std::string text, std::shared_ptr<Account> owner,
          std::shared_ptr<std::atomic<std::size_t>> everything)
      : bytes(std::move(text)), account(std::move(owner)), total(std::move(everything)) {
    account->bytes += bytes.size();
    *total += bytes.size();
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  Waiting(Waiting&&) = delete;
  Waiting& operator=(Waiting&&) = delete;
  ~Waiting() {
    account->bytes -= bytes.size();
    *total -= bytes.size();
  }

  // Called by whichever thread is done with the message.
  static void free(void* /*data*/, void* waiting) {
    const std::unique_ptr<Waiting> owned(static_cast<Waiting*>(waiting));
  }

  std::string bytes;
  std::shared_ptr<Account> account;
  std::shared_ptr<std::atomic<std::size_t>> total;
};

bool Outbound::fits(const Account& account, std::size_t size) const {
  const std::size_t waiting = account.bytes.load();
  if (waiting == 0) return true;
  const bool crowded = total_->load() + size > limits_.total_bytes;
  return waiting + size <= (crowded ? limits_.crowded_peer_bytes : limits_.peer_bytes);
}

void Outbound::forget_idle() {
  std::erase_if(accounts_, [](const auto& entry) { return entry.second->bytes.load() == 0; });
  forget_at_ = std::max<std::size_t>(1024, 2 * accounts_.size());
}

std::optional<zmq::message_t> Outbound::wrap(const PeerId& peer, std::string bytes) {
  if (accounts_.size() >= forget_at_) forget_idle();
  std::shared_ptr<Account>& account = accounts_[peer];
  if (!account) account = std::make_shared<Account>();
  if (!fits(*account, bytes.size())) return std::nullopt;
  auto waiting = std::make_unique<Waiting>(std::move(bytes), account, total_);
  zmq::message_t message(waiting->bytes.data(), waiting->bytes.size(), Waiting::free,
                         waiting.get());
  static_cast<void>(waiting.release());  // the message frees it
  return message;
}

}  // namespace swarmlab::net
