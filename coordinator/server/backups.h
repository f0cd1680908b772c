// Backups that are asked for by messages: each is made on a thread of its own, beside the turns,
// one at a time. For .cc files only: it includes the generated headers.
//
// Who asks gets an answer when the backup is done, or "running" after a while, and asks again by
// the same ticket: so a lost answer does not make a second backup.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/net/router.h"
#include "common/os/cancel.h"
#include "common/os/clock.h"
#include "common/result.h"
#include "common/wire/protocol.h"
#include "coordinator/store/backup.h"
#include "schemas/message.capnp.h"

namespace swarmlab::server {

void write_view(schema::BackupView::Builder to, const store::BackupInfo& info);

// Threads: the coordinator's own thread only.
class Backups {
 public:
  struct Asker {
    net::PeerId peer;
    std::uint64_t request_id = 0;
    wire::Protocol protocol = 1;
  };
  struct Letter {
    net::PeerId peer;
    std::string bytes;
  };

  Backups() = default;
  Backups(const Backups&) = delete;
  Backups& operator=(const Backups&) = delete;
  Backups(Backups&&) = delete;
  Backups& operator=(Backups&&) = delete;
  ~Backups();  // gives up what runs

  /// Begins it, unless the ticket is known. answers() has the answer, now or later.
  /// \return  conflict while another backup is made, invalid_input if the order makes no sense
  Result<void> ask(Asker asker, schema::Backup::Reader order, store::BackupSource source,
                   const std::string& version, Timestamp now);

  /// What can be answered by now.
  [[nodiscard]] std::vector<Letter> answers();

 private:
  struct Waiting {
    Asker asker;
    std::uint64_t ticket = 0;
    Deadline due;
  };
  // Of the backup that was begun last.
  struct Job {
    Job(std::uint64_t of, CancelSource by) : ticket(of), cancel(std::move(by)) {}
    std::uint64_t ticket;
    CancelSource cancel;
    std::atomic<bool> done = false;
    std::optional<Result<store::BackupInfo>> outcome;  // once it is done
    std::thread thread;
  };
  [[nodiscard]] bool is_done(std::uint64_t ticket) const;
  [[nodiscard]] std::string answer_for(const Waiting& waiting) const;

  std::unique_ptr<Job> job_;
  std::vector<Waiting> waiting_;
};

}  // namespace swarmlab::server
