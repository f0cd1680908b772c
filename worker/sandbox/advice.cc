#include "worker/sandbox/advice.h"

#include <unistd.h>

#include <cstdlib>

#include "worker/sandbox/cgroup_files.h"

namespace swarmlab::sandbox {
namespace {

std::string setting(const std::string& name) {
  std::string text = read_small_file("/proc/sys/" + name);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

bool mentions(std::string_view text, std::string_view words) {
  return text.find(words) != std::string_view::npos;
}

}  // namespace

HostSwitches read_host_switches() {
  return {.unprivileged_userns_clone = setting("kernel/unprivileged_userns_clone"),
          .apparmor_restrict_unprivileged_userns =
              setting("kernel/apparmor_restrict_unprivileged_userns"),
          .max_user_namespaces = setting("user/max_user_namespaces"),
          .in_container = ::access("/.dockerenv", F_OK) == 0 ||
                          ::access("/run/.containerenv", F_OK) == 0 ||
                          std::getenv("KUBERNETES_SERVICE_HOST") != nullptr};
}

std::string advice_for(std::string_view problem, const HostSwitches& switches) {
  if (switches.max_user_namespaces == "0") {
    return "allow user namespaces: sysctl -w user.max_user_namespaces=15000";
  }
  if (switches.unprivileged_userns_clone == "0") {
    return "allow user namespaces: sysctl -w kernel.unprivileged_userns_clone=1";
  }
  if (switches.apparmor_restrict_unprivileged_userns == "1") {
    return "give bwrap an AppArmor profile that allows userns, or: "
           "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0";
  }
  if (mentions(problem, "Unknown option")) {
    return "this bubblewrap is too old: 0.8 or newer is needed";
  }
  const bool no_namespace = mentions(problem, "namespace") || mentions(problem, "ermission") ||
                            mentions(problem, "not permitted");
  if (!no_namespace) return {};
  if (switches.in_container) {
    return "the container forbids user namespaces: run it with a seccomp profile that allows "
           "unshare, clone and mount (docker: --security-opt seccomp=FILE; Kubernetes: "
           "seccompProfile Localhost), or choose the sandbox none and let the container be the "
           "boundary";
  }
  return "user namespaces are forbidden here; see user_namespaces(7)";
}

}  // namespace swarmlab::sandbox
