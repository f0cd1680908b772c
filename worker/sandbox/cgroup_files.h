// The small files of control groups: one value in each, read and written whole.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/os/clock.h"
#include "common/os/unique_fd.h"
#include "common/result.h"

namespace swarmlab::sandbox {

/// Empty if it cannot be read.
[[nodiscard]] std::string read_small_file(const std::string& path);
[[nodiscard]] Result<void> write_small_file(const std::string& path, std::string_view value);
/// The number behind `key` in lines "KEY NUMBER".
[[nodiscard]] std::optional<std::uint64_t> number_of(std::string_view text, std::string_view key);
[[nodiscard]] std::optional<std::uint64_t> number_in(std::string_view text);
/// The processes in a group's folder.
[[nodiscard]] std::vector<pid_t> members_of(const std::string& folder);
/// Orphans become our children where we are the first process of a container. Takes the status of
/// one that has ended, lest it stays a zombie; does nothing to others.
void reap_orphan(const UniqueFd& process);
/// Kills them, and waits until they are dead; forks meanwhile are hit by the next round. Reaps
/// those that are our children: wait for what is yours before.
[[nodiscard]] bool kill_members(const std::string& folder, Deadline deadline);

}  // namespace swarmlab::sandbox
