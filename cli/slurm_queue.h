// What Slurm says: its queue and its times, read from formats that all releases since 14.03 print.
// The reading is pure; `Programs` runs the commands.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/strong_id.h"

namespace swarmlab::cli::slurm {

struct Job {
  std::string id;     // as scancel takes it: "12_3"
  std::string array;  // "12"
  std::string pool;
  std::uint32_t seat = 0;
  std::string partition;
  std::string state;   // Slurm's word: PENDING, RUNNING, COMPLETING, ...
  std::string reason;  // why it waits: BeginTime, Resources, ...
  std::string node;    // empty: it has none now
  std::string elapsed;
  std::string left;
  std::string starts;  // when it started or is to start, as Slurm says it; empty: not known
  std::string folder;
  bool operator==(const Job&) const = default;
};

/// For squeue --format; queue_in() reads what it prints.
inline constexpr std::string_view kQueueFormat = "%F|%K|%T|%r|%N|%M|%L|%S|%P|%j|%Z";

/// The seats of swarms among the lines of squeue; what is none of them is passed over, warnings
/// too. Sorted by pool and seat.
[[nodiscard]] std::vector<Job> queue_in(std::string_view text);

/// "30", "30:00", "1:30:00", "2-12", "2-12:30", "2-12:30:00". \return nothing for no limit
/// ("infinite", "UNLIMITED") and for what is no time ("n/a").
[[nodiscard]] std::optional<std::chrono::seconds> time_in(std::string_view text);

/// The limit that sbatch's own words set (-t, --time).
[[nodiscard]] std::optional<std::string> time_limit_of(const std::vector<std::string>& args);

/// \return invalid_input if one of the words sets what `slurm up` sets itself.
[[nodiscard]] Result<void> check_args(const std::vector<std::string>& args);

/// The id in what sbatch --parsable printed; empty: none.
[[nodiscard]] std::string job_id_in(std::string_view text);

/// The commands of Slurm, as they are on PATH.
class Programs {
 public:
  explicit Programs(std::map<std::string, std::string> environment)
      : environment_(std::move(environment)) {}

  /// \return not_found if there is no such command, unavailable with Slurm's own words if it fails.
  [[nodiscard]] Result<std::string> run(std::string_view program,
                                        const std::vector<std::string>& words) const;
  /// The same with these variables and no others besides those that a job needs: sbatch hands its
  /// own on to Slurm's files, and what is secret should not lie there.
  [[nodiscard]] Result<std::string> submit(const std::vector<std::string>& words,
                                           const std::vector<std::string>& variables) const;
  /// The user's seats of the swarm that keeps its files in `folder`.
  [[nodiscard]] Result<std::vector<Job>> queue(const std::string& folder) const;

 private:
  [[nodiscard]] Result<std::string> run_with(std::string_view program,
                                             const std::vector<std::string>& words,
                                             std::vector<std::string> environment) const;

  std::map<std::string, std::string> environment_;
};

}  // namespace swarmlab::cli::slurm
