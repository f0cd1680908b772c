#include "worker/runner/landlock.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "common/os/unique_fd.h"

namespace swarmlab::runner {
namespace {

// As the kernel has them; headers of older systems lack the newer ones.
constexpr long kCreateRuleset = 444;
constexpr long kAddRule = 445;
constexpr long kRestrictSelf = 446;
constexpr unsigned kAskVersion = 1;

struct Ruleset {
  std::uint64_t files;
  std::uint64_t ports;
  std::uint64_t scoped;
};
struct [[gnu::packed]] BelowPath {
  std::uint64_t allowed;
  std::int32_t parent;
};
struct Port {
  std::uint64_t allowed;
  std::uint64_t port;
};
constexpr int kRuleOfPath = 1;
constexpr int kRuleOfPort = 2;

constexpr std::uint64_t bit(unsigned n) {
  return std::uint64_t{1} << n;
}
constexpr std::uint64_t kExecute = bit(0);
constexpr std::uint64_t kWriteFile = bit(1);
constexpr std::uint64_t kReadFile = bit(2);
constexpr std::uint64_t kReadFolder = bit(3);
constexpr std::uint64_t kMakeCharacterDevice = bit(6);
constexpr std::uint64_t kMakeBlockDevice = bit(11);
constexpr std::uint64_t kMove = bit(13);
constexpr std::uint64_t kTruncate = bit(14);
constexpr std::uint64_t kDeviceCalls = bit(15);
constexpr std::uint64_t kFirst = bit(13) - 1;  // of the first version
constexpr std::uint64_t kConnect = bit(1);
constexpr std::uint64_t kScopes = bit(0) | bit(1);
constexpr std::uint64_t kOfFiles = kExecute | kWriteFile | kReadFile | kTruncate | kDeviceCalls;

std::uint64_t handled(int version) {
  std::uint64_t all = kFirst;
  if (version >= kMovesFolders) all |= kMove;
  if (version >= kTruncates) all |= kTruncate;
  if (version >= kDecidesDevices) all |= kDeviceCalls;
  return all;
}

std::uint64_t rights_of(Confinement::Path::Kind kind) {
  switch (kind) {
    case Confinement::Path::Kind::read:
      return kExecute | kReadFile | kReadFolder;
    case Confinement::Path::Kind::device:
      return kReadFile | kWriteFile | kReadFolder | kTruncate | kDeviceCalls;
    case Confinement::Path::Kind::write:
      break;
  }
  return ~(kMakeCharacterDevice | kMakeBlockDevice);
}

int add_path(int ruleset, const Confinement::Path& path, std::uint64_t all) {
  const UniqueFd place(::open(path.path.c_str(), O_PATH | O_CLOEXEC));
  struct stat about {};
  if (!place || ::fstat(place.get(), &about) != 0) return errno == ENOENT ? 0 : errno;
  BelowPath rule{rights_of(path.kind) & all, place.get()};
  if (!S_ISDIR(about.st_mode)) rule.allowed &= kOfFiles;
  return ::syscall(kAddRule, ruleset, kRuleOfPath, &rule, 0) == 0 ? 0 : errno;
}

}  // namespace

int landlock_version() {
  const long version = ::syscall(kCreateRuleset, nullptr, 0, kAskVersion);
  return version < 0 ? 0 : static_cast<int>(version);
}

int confine(const Confinement& what, int version) {
  const Ruleset wanted{.files = handled(version),
                       .ports = version >= kDecidesPorts ? kConnect : 0,
                       .scoped = version >= kDecidesSignals ? kScopes : 0};
  // Older kernels take longer structures if the rest is zero.
  const UniqueFd ruleset(static_cast<int>(::syscall(kCreateRuleset, &wanted, sizeof wanted, 0)));
  if (!ruleset) return errno;
  for (const Confinement::Path& path : what.paths) {
    if (const int error = add_path(ruleset.get(), path, wanted.files); error != 0) return error;
  }
  for (const std::uint16_t port : what.ports) {
    if (wanted.ports == 0) break;
    const Port rule{.allowed = kConnect, .port = port};
    if (::syscall(kAddRule, ruleset.get(), kRuleOfPort, &rule, 0) != 0) return errno;
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::syscall(kRestrictSelf, ruleset.get(), 0) != 0) {
    return errno;
  }
  return 0;
}

}  // namespace swarmlab::runner
