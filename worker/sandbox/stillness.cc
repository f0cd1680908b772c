#include "worker/sandbox/stillness.h"

#include <dirent.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/os/file.h"
#include "common/os/folder_handle.h"
#include "common/os/unique_fd.h"

namespace swarmlab::sandbox {
namespace {

constexpr int kBetweenLooksMs = 2;  // the kernel tells nobody but a parent that a process stopped
constexpr Milliseconds kOneTry{1500};
constexpr std::uint64_t kMostStat = 4096;

struct ProcessLine {
  char state = 'X';
  pid_t parent = 0;
  std::string started;  // with its number this names a process for good
};

// /proc/PID/stat: the name may hold anything, so what counts is behind the last bracket.
std::optional<ProcessLine> line_of(const std::string& path) {
  const auto text = read_file(path, kMostStat);
  if (!text) return std::nullopt;
  const std::size_t bracket = text->rfind(')');
  if (bracket == std::string::npos || bracket + 2 >= text->size()) return std::nullopt;
  std::vector<std::string> fields;
  for (std::size_t at = bracket + 2; at < text->size();) {
    const std::size_t end = std::min(text->find(' ', at), text->size());
    fields.push_back(text->substr(at, end - at));
    at = end + 1;
  }
  constexpr std::size_t kStarted = 19;  // 22nd of all, the state being the third
  if (fields.size() <= kStarted || fields[0].empty()) return std::nullopt;
  return ProcessLine{.state = fields[0].front(),
                     .parent = static_cast<pid_t>(std::atoi(fields[1].c_str())),
                     .started = fields[kStarted]};
}

std::vector<pid_t> numbers_in(const std::string& folder) {
  std::vector<pid_t> numbers;
  const FolderHandle open(::opendir(folder.c_str()));
  if (!open) return numbers;
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string_view name = entry->d_name;
    pid_t number = 0;
    const auto end = std::from_chars(name.data(), name.data() + name.size(), number);
    if (end.ec == std::errc() && end.ptr == name.data() + name.size()) numbers.push_back(number);
  }
  return numbers;
}

std::string folder_of(pid_t process) {
  return "/proc/" + std::to_string(process);
}

// With all below it.
std::map<pid_t, ProcessLine> tree_below(pid_t first) {
  std::map<pid_t, ProcessLine> all;
  std::multimap<pid_t, pid_t> children;
  for (const pid_t process : numbers_in("/proc")) {
    auto line = line_of(folder_of(process) + "/stat");
    if (!line) continue;
    children.emplace(line->parent, process);
    all.emplace(process, *std::move(line));
  }
  std::map<pid_t, ProcessLine> tree;
  std::vector<pid_t> open{first};
  while (!open.empty()) {
    const pid_t process = open.back();
    open.pop_back();
    const auto found = all.find(process);
    if (found == all.end() || !tree.insert(*found).second) continue;
    const auto [begin, end] = children.equal_range(process);
    for (auto child = begin; child != end; ++child) open.push_back(child->second);
  }
  return tree;
}

std::map<pid_t, ProcessLine> tree_of(pid_t first, Whom whom) {
  auto tree = tree_below(first);
  if (whom == Whom::all_below) tree.erase(first);
  return tree;
}

bool stands(char state) {
  return state == 'T' || state == 't' || state == 'Z' || state == 'X';
}

// All its threads do.
bool stands_still(pid_t process) {
  const std::string tasks = folder_of(process) + "/task";
  const std::vector<pid_t> threads = numbers_in(tasks);
  return std::all_of(threads.begin(), threads.end(), [&](pid_t thread) {
    const auto line = line_of(tasks + "/" + std::to_string(thread) + "/stat");
    return !line || stands(line->state);
  });
}

// Only if it is the very process that was seen: its number may be another's by now.
void signal_to(pid_t process, const ProcessLine& seen, int signal) {
  const UniqueFd opened(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
  if (!opened) return;
  const auto now = line_of(folder_of(process) + "/stat");
  if (!now || now->started != seen.started) return;
  ::syscall(SYS_pidfd_send_signal, opened.get(), signal, nullptr, 0);
}

// Twice in a row: who was seen still cannot have made another since.
bool try_to_hold(pid_t first, Whom whom, Deadline deadline) {
  int looks = 0;
  while (looks < 2) {
    const auto tree = tree_of(first, whom);
    bool all = true;
    for (const auto& [process, seen] : tree) {
      if (stands_still(process)) continue;
      all = false;
      signal_to(process, seen, SIGSTOP);
    }
    looks = all ? looks + 1 : 0;
    if (looks >= 2) return true;
    if (deadline.expired()) return false;
    if (!all) ::poll(nullptr, 0, kBetweenLooksMs);
  }
  return true;
}

}  // namespace

// A process that waits for its vfork() to go on never stands still, as its child is stopped before
// it does: after a while all go on for a moment.
Result<void> hold_still(pid_t first, Whom whom, Deadline deadline) {
  while (!deadline.expired()) {
    if (try_to_hold(first, whom, Deadline::after(kOneTry))) return {};
    let_go_on(first, whom);
  }
  return fail(ErrorCode::unavailable, "the sandbox's processes do not stand still");
}

void let_go_on(pid_t first, Whom whom) {
  for (const auto& [process, seen] : tree_of(first, whom)) signal_to(process, seen, SIGCONT);
}

std::vector<pid_t> processes_of(pid_t first) {
  std::vector<pid_t> processes;
  for (const auto& [process, seen] : tree_below(first)) processes.push_back(process);
  return processes;
}

}  // namespace swarmlab::sandbox
