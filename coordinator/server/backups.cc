#include "coordinator/server/backups.h"

#include <algorithm>
#include <utility>

#include "common/log/log.h"
#include "common/wire/json_codec.h"
#include "common/wire/message_codec.h"

namespace swarmlab::server {

namespace {

constexpr std::uint32_t kMostWaitMs = 30'000;
constexpr std::size_t kMostWaiting = 100;
constexpr std::uint32_t kMostKept = 10'000;

void tell(const Result<store::BackupInfo>& outcome) {
  if (!outcome) return log::error("{}", outcome.error().message);
  log::info("backup {} is made{}{}{}", outcome->path.string(),
            log::field("events", outcome->sequence.value()), log::field("bytes", outcome->bytes),
            log::field("ms", outcome->took.count()));
}

}  // namespace

void write_view(schema::BackupView::Builder to, const store::BackupInfo& info) {
  to.setPath(info.path.c_str());
  wire::write(to.initTakenAt(), info.taken);
  to.setVersion(info.version.c_str());
  to.setSchema(info.schema);
  to.setSequence(static_cast<double>(info.sequence.value()));
  to.setFiles(static_cast<std::uint32_t>(info.files));
  to.setBytes(static_cast<double>(info.bytes));
  to.setCopiedBytes(static_cast<double>(info.copied_bytes));
  to.setTookMs(static_cast<double>(info.took.count()));
}

Backups::~Backups() {
  if (job_ == nullptr) return;
  job_->cancel.cancel();
  if (job_->thread.joinable()) job_->thread.join();
}

Result<void> Backups::ask(Asker asker, schema::Backup::Reader order, store::BackupSource source,
                          const std::string& version, Timestamp now) {
  const std::uint64_t ticket = order.getTicket();
  const bool known = job_ != nullptr && job_->ticket == ticket;
  if (!known && job_ != nullptr && !job_->done.load()) {
    return fail(ErrorCode::conflict, "another backup is being made; try again when it is done");
  }
  if (order.getKeep() > kMostKept || waiting_.size() >= kMostWaiting) {
    return fail(ErrorCode::invalid_input, "keep is {}, expected {} at most", order.getKeep(),
                kMostKept);
  }
  if (!known) {
    store::BackupOrder wish{.destination = order.getDestination().cStr(),
                            .keep = order.getKeep(),
                            .version = version,
                            .now = now};
    SWARMLAB_TRY(cancel, CancelSource::make());
    if (job_ != nullptr && job_->thread.joinable()) job_->thread.join();
    job_ = std::make_unique<Job>(ticket, cancel);
    job_->thread = std::thread([job = job_.get(), source = std::move(source), wish] {
      job->outcome = store::make_backup(source, wish, job->cancel.token());
      tell(*job->outcome);
      job->done.store(true);
    });
  }
  const Milliseconds wait(std::min(order.getWaitMs(), kMostWaitMs));
  waiting_.push_back({.asker = std::move(asker), .ticket = ticket, .due = Deadline::after(wait)});
  return {};
}

bool Backups::is_done(std::uint64_t ticket) const {
  return job_ == nullptr || job_->ticket != ticket || job_->done.load();
}

std::string Backups::answer_for(const Waiting& waiting) const {
  wire::Outgoing reply(waiting.asker.request_id, 0, waiting.asker.protocol);
  if (!is_done(waiting.ticket)) {
    reply.body().initBackupReply().setRunning();
  } else if (job_ == nullptr || job_->ticket != waiting.ticket) {
    wire::write(reply.body().initError(),
                Error{ErrorCode::conflict, "another backup was begun since"});
  } else if (const Result<store::BackupInfo>& outcome = *job_->outcome; outcome) {
    write_view(reply.body().initBackupReply().initDone(), *outcome);
  } else {
    wire::write(reply.body().initError(), outcome.error());
  }
  return reply.bytes();
}

std::vector<Backups::Letter> Backups::answers() {
  std::vector<Letter> letters;
  std::erase_if(waiting_, [&](const Waiting& waiting) {
    if (!is_done(waiting.ticket) && !waiting.due.expired()) return false;
    letters.push_back({.peer = waiting.asker.peer, .bytes = answer_for(waiting)});
    return true;
  });
  return letters;
}

}  // namespace swarmlab::server
