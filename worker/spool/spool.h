// Reports on disk until the coordinator has acknowledged them: what was measured is not lost when
// the worker, the link or the coordinator goes away. Sent again as often as needed: it counts once.
#pragma once

#include <string>
#include <vector>

#include "common/model/report.h"
#include "common/os/files.h"
#include "common/result.h"

namespace swarmlab::worker {

struct SpooledReport {
  Report report;
  Attachments attachments;
  std::string pack;         // git objects of the candidate; empty: the coordinator has them, or
  std::string pack_file{};  // they are many, and in this file (see Spool::pack_file)
  bool operator==(const SpooledReport&) const = default;
};

// Threads: any, for different reports.
class Spool {
 public:
  /// The folder is created if it is missing. What a put() that was killed left there is removed:
  /// the folder must be ours alone.
  /// `files` must outlive the spool.
  static Result<Spool> open(std::string folder, Files& files = system_files());
  /// Where the pack of a report is that is too large for memory: it goes with the report.
  [[nodiscard]] static std::string pack_file(const std::string& folder, TaskId task,
                                             FencingToken token);
  /// Whether reports wait in that folder.
  [[nodiscard]] static bool has_reports(const std::string& folder);

  struct Backlog {
    std::size_t reports = 0;
    Milliseconds oldest{0};  // how long ago it was measured; 0: there is none
  };
  /// What waits in that folder. From any thread and process; looks at the files' names and times.
  [[nodiscard]] static Backlog backlog(const std::string& folder);

  /// Unavailable, and says so, while what an experiment leaves may not fit on the disk.
  [[nodiscard]] Result<void> has_room() const;

  /// On disk when it returns, with the file of its pack, which must be at its place. `unavailable`
  /// on a full disk.
  Result<void> put(const SpooledReport& spooled) const;
  /// Acknowledged: not to be sent again. Fine if it is gone.
  Result<void> remove(TaskId task, FencingToken token) const;

  struct Contents {
    std::vector<SpooledReport> reports;
    std::vector<std::string> broken;  // files that could not be read, set aside as NAME.broken
  };
  [[nodiscard]] Result<Contents> read_all() const;

 private:
  Spool(std::string folder, Files& files) : folder_(std::move(folder)), files_(&files) {}
  [[nodiscard]] std::string path_of(TaskId task, FencingToken token) const;
  std::string folder_;
  Files* files_;  // never null
};

}  // namespace swarmlab::worker
