#include "worker/sandbox/cgroup_layout.h"

#include <algorithm>
#include <optional>

namespace swarmlab::sandbox {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto end = text.find(separator);
    if (end != 0) parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

// One line "ID:CONTROLLERS:PATH" of /proc/self/cgroup; version 2 is "0::PATH".
struct Membership {
  std::string_view controllers;
  std::string_view path;
};

std::optional<Membership> membership_in(std::string_view line) {
  const auto first = line.find(':');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = line.find(':', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  return Membership{line.substr(first + 1, second - first - 1), line.substr(second + 1)};
}

// One line of /proc/self/mountinfo, as far as it is of use.
struct CgroupMount {
  int version;
  std::string_view root;
  std::string_view point;
  std::string_view options;
};

std::optional<CgroupMount> mount_in(std::string_view line) {
  const std::vector<std::string_view> words = split(line, ' ');
  const auto dash = std::find(words.begin(), words.end(), "-");
  if (words.size() < 10 || words.end() - dash < 4) return std::nullopt;
  const std::string_view type = *(dash + 1);
  if (type != "cgroup" && type != "cgroup2") return std::nullopt;
  return CgroupMount{type == "cgroup2" ? 2 : 1, words[3], words[4], *(dash + 3)};
}

bool same_controllers(const CgroupMount& mount, const Membership& membership) {
  if (mount.version == 2) return membership.controllers.empty();
  const auto wanted = split(membership.controllers, ',');
  const auto mounted = split(mount.options, ',');
  return !wanted.empty() && std::all_of(wanted.begin(), wanted.end(), [&](std::string_view name) {
    return std::find(mounted.begin(), mounted.end(), name) != mounted.end();
  });
}

OwnGroup group_at(const CgroupMount& mount, const Membership& membership) {
  std::string_view path = membership.path;
  // A container may see only a part of the hierarchy: its root stands for a longer path.
  if (mount.root != "/" && path.starts_with(mount.root)) path.remove_prefix(mount.root.size());
  if (path.starts_with("/..")) path = "/";
  OwnGroup group{.version = mount.version, .folder = std::string(mount.point)};
  for (const std::string_view name : split(membership.controllers, ',')) {
    group.controllers.emplace_back(name);
  }
  group.is_top = path.empty() || path == "/";
  if (!group.is_top) group.folder += path;
  return group;
}

}  // namespace

std::vector<OwnGroup> own_groups(std::string_view mountinfo, std::string_view self_cgroup) {
  std::vector<OwnGroup> groups;
  for (const std::string_view line : split(mountinfo, '\n')) {
    const auto mount = mount_in(line);
    if (!mount) continue;
    for (const std::string_view row : split(self_cgroup, '\n')) {
      const auto membership = membership_in(row);
      if (membership && same_controllers(*mount, *membership)) {
        groups.push_back(group_at(*mount, *membership));
      }
    }
  }
  return groups;
}

}  // namespace swarmlab::sandbox
