// The batch script of a pool of workers in Slurm, as text: pure.
//
// A pool is a job array. Each of its tasks is a *seat*: the number in the array names the worker
// and its folder, and Slurm runs a task once at a time, so two processes never share one. A seat
// lives as long as the pool: it leaves when there is nothing to do or when its time is nearly over,
// and puts itself back into the queue.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/strong_id.h"

namespace swarmlab::cli::slurm {

/// How Slurm names the jobs of a pool, and the swarm its workers.
[[nodiscard]] std::string job_name(std::string_view pool);
[[nodiscard]] std::string seat_name(std::string_view pool, std::uint32_t seat);

struct PoolScript {
  std::string program;  // swarmlab, at a path that all nodes have
  std::string folder;   // of the swarm, on a disk that all nodes share
  std::string pool;
  std::vector<std::string> worker;         // what `swarmlab worker` is told besides
  std::chrono::seconds look_every{300};    // how long a seat stays away when there is nothing to do
  std::chrono::seconds replace_after{15};  // and when its time was over: Slurm itself needs some
  std::chrono::seconds warn_before{0};     // its time is over
};

/// What one seat runs. It speaks to Slurm and to its worker only, and holds no secret.
[[nodiscard]] std::string batch_script(const PoolScript& pool);

struct Submission {
  std::string pool;
  std::string partition;
  std::string folder;
  std::string script;                // path
  std::vector<std::uint32_t> seats;  // ascending
  std::uint32_t cpus = 1;            // of each
  std::chrono::seconds warn_before{
      0};                         // the end of its time: what runs may end, the rest goes back
  std::vector<std::string> args;  // of the user, for sbatch
};

/// The words of the sbatch command.
[[nodiscard]] std::vector<std::string> sbatch_words(const Submission& submission);

/// A word as a shell reads it.
[[nodiscard]] std::string shell_word(std::string_view word);

/// "1-3,7" for 1, 2, 3, 7.
[[nodiscard]] std::string array_of(const std::vector<std::uint32_t>& seats);

/// The first `count` numbers from 1 that are not in `taken`.
[[nodiscard]] std::vector<std::uint32_t> free_seats(const std::vector<std::uint32_t>& taken,
                                                    std::uint32_t count);

/// Where the files of a pool lie.
[[nodiscard]] std::string script_file(const std::string& folder, std::string_view pool);
/// The array that is to end: its seats look for it before they come back.
[[nodiscard]] std::string down_file(const std::string& folder, std::string_view pool,
                                    std::string_view array);

}  // namespace swarmlab::cli::slurm
