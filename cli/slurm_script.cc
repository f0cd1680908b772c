#include "cli/slurm_script.h"

#include <fmt/format.h>

#include <algorithm>

namespace swarmlab::cli::slurm {

namespace {

// After the settings. `wait` of bash ends at once when a trapped signal comes: then the worker
// lives on.
constexpr std::string_view kBody = R"script(
# The job id of the last task is that of the whole array: Slurm is told of the task.
task="${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"
seat="slurm-${pool}-${SLURM_ARRAY_TASK_ID}"
down="${folder}/${pool}.${SLURM_ARRAY_JOB_ID}.down"
failures="${folder}/${seat}.failures"

say() { printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "${seat}: $*" >&2; }

worker=''
told=''
told_at=0
# shellcheck disable=SC2317 # these are called by traps
# The time of this run is nearly over, or `swarmlab slurm down` asks: what runs may end.
drain() {
  [ -z "${told}" ] || return 0 # a second signal would mean: hand back at once
  told=drain
  told_at="${SECONDS}"
  [ -z "${worker}" ] || kill -TERM "${worker}"
}
# Slurm ends the task, and tells all of its processes. A second signal means: hand back at once. So
# long after the warning it is the time limit, and the seat comes back; else scancel or preemption.
# shellcheck disable=SC2317
end() {
  if [ "${told}" != drain ] || [ $((SECONDS - told_at)) -lt "${warn_before}" ]; then told=end; fi
  [ -z "${worker}" ] || kill -INT "${worker}"
}
trap drain USR1
trap end TERM INT

# Puts the task back into the queue, for in so many seconds. Slurm ends this run of it meanwhile.
come_back() {
  trap '' TERM INT USR1
  scontrol requeue "${task}" || { say 'Slurm does not take it back: this seat is over'; exit 1; }
  for _ in 1 2 3 4 5; do
    scontrol update JobId="${task}" StartTime="now+$1" && exit 0
    sleep 1
  done
  exit 0 # it comes back when Slurm says so
}

[ -e "${down}" ] && exit 0

[ -z "${SLURM_CPUS_ON_NODE:-}" ] || words+=(--cpus "${SLURM_CPUS_ON_NODE}")
if [ -n "${SLURM_MEM_PER_NODE:-}" ] && [ "${SLURM_MEM_PER_NODE}" != 0 ]; then
  words+=(--memory "${SLURM_MEM_PER_NODE}M")
elif [ -n "${SLURM_MEM_PER_CPU:-}" ] && [ "${SLURM_MEM_PER_CPU}" != 0 ] && [ -n "${SLURM_CPUS_ON_NODE:-}" ]; then
  words+=(--memory "$((SLURM_MEM_PER_CPU * SLURM_CPUS_ON_NODE))M")
fi
# Others' GPUs are not ours, even where nothing hides them.
words+=(--gpus "${CUDA_VISIBLE_DEVICES:-none}")

code=0
if [ -z "${told}" ]; then
  "${program}" worker --name "${seat}" --folder "${folder}/${seat}" "${words[@]}" &
  worker=$!
  while :; do
    wait "${worker}"
    code=$?
    kill -0 "${worker}" 2>/dev/null || break
  done
  if [ "${code}" -gt 128 ]; then
    wait "${worker}" 2>/dev/null
    last=$?
    [ "${last}" -eq 127 ] || code="${last}"
  fi
  worker=''
fi

# Who ended it decides what becomes of the task.
[ "${told}" = end ] && exit 0
if [ "${code}" -eq 0 ]; then
  rm -f -- "${failures}"
else
  printf . >>"${failures}"
  if [ "$(wc -c <"${failures}")" -ge 5 ]; then
    say "the worker failed 5 times in a row, with ${code} at last: this seat is over"
    rm -f -- "${failures}"
    exit 1
  fi
fi
[ -e "${down}" ] && exit 0
if [ "${told}" = drain ]; then come_back "${replace_after}"; fi
come_back "${look_every}"
)script";

std::string setting(std::string_view name, std::string_view value) {
  return fmt::format("{}={}\n", name, shell_word(value));
}

}  // namespace

std::string job_name(std::string_view pool) {
  return fmt::format("swarmlab-{}", pool);
}

std::string seat_name(std::string_view pool, std::uint32_t seat) {
  return fmt::format("slurm-{}-{}", pool, seat);
}

std::string script_file(const std::string& folder, std::string_view pool) {
  return fmt::format("{}/{}.sh", folder, pool);
}

std::string down_file(const std::string& folder, std::string_view pool, std::string_view array) {
  return fmt::format("{}/{}.{}.down", folder, pool, array);
}

std::string shell_word(std::string_view word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos) {
    return std::string(word);
  }
  std::string text = "'";
  for (const char c : word) {
    if (c == '\'') {
      text += "'\\''";
    } else {
      text += c;
    }
  }
  return text + "'";
}

std::string batch_script(const PoolScript& pool) {
  std::string text =
      "#!/bin/bash\n# Written by `swarmlab slurm up`: one seat of a pool of workers.\n";
  text += "set -u\n\n";
  text += setting("program", pool.program);
  text += setting("folder", pool.folder);
  text += setting("pool", pool.pool);
  text += "# Seconds.\n";
  text += fmt::format("look_every={}\n", pool.look_every.count());
  text += fmt::format("replace_after={}\n", pool.replace_after.count());
  text += fmt::format("warn_before={}\n", pool.warn_before.count());
  text += "words=(";
  for (const std::string& word : pool.worker) {
    text += fmt::format("{}{}", word.starts_with("--") ? "\n  " : " ", shell_word(word));
  }
  text += "\n)\n";
  return text += kBody;
}

std::string array_of(const std::vector<std::uint32_t>& seats) {
  std::string text;
  for (std::size_t i = 0; i < seats.size();) {
    std::size_t last = i;
    while (last + 1 < seats.size() && seats[last + 1] == seats[last] + 1) ++last;
    text += fmt::format("{}{}", text.empty() ? "" : ",", seats[i]);
    if (last > i) text += fmt::format("-{}", seats[last]);
    i = last + 1;
  }
  return text;
}

std::vector<std::uint32_t> free_seats(const std::vector<std::uint32_t>& taken,
                                      std::uint32_t count) {
  std::vector<std::uint32_t> seats;
  for (std::uint32_t seat = 1; seats.size() < count; ++seat) {
    if (std::ranges::find(taken, seat) == taken.end()) seats.push_back(seat);
  }
  return seats;
}

std::vector<std::string> sbatch_words(const Submission& submission) {
  // sbatch reads % in the name of its output.
  std::string output;
  for (const char c : submission.folder) output += c == '%' ? std::string("%%") : std::string(1, c);
  std::vector<std::string> words = {
      "--parsable",
      "--job-name=" + job_name(submission.pool),
      "--partition=" + submission.partition,
      "--array=" + array_of(submission.seats),
      "--nodes=1",
      "--ntasks=1",
      fmt::format("--cpus-per-task={}", submission.cpus),
      "--requeue",
      fmt::format("--signal=B:USR1@{}", submission.warn_before.count()),
      "--open-mode=append",
      fmt::format("--output={}/slurm-{}-%a.log", output, submission.pool),
      "--chdir=" + submission.folder,
  };
  words.insert(words.end(), submission.args.begin(), submission.args.end());
  words.push_back(submission.script);
  return words;
}

}  // namespace swarmlab::cli::slurm
