#include "worker/sandbox/seccomp.h"

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "common/os/unique_fd.h"

namespace swarmlab::sandbox {
namespace {

// What an honest program never calls: it is told that it may not.
constexpr std::array kForbidden = {"mount",
                                   "umount",
                                   "umount2",
                                   "pivot_root",
                                   "chroot",
                                   "setns",
                                   "swapon",
                                   "swapoff",
                                   "reboot",
                                   "kexec_load",
                                   "kexec_file_load",
                                   "init_module",
                                   "finit_module",
                                   "delete_module",
                                   "create_module",
                                   "add_key",
                                   "keyctl",
                                   "request_key",
                                   "bpf",
                                   "perf_event_open",
                                   "userfaultfd",
                                   "open_by_handle_at",
                                   "name_to_handle_at",
                                   "pidfd_getfd",
                                   "quotactl",
                                   "quotactl_fd",
                                   "acct",
                                   "syslog",
                                   "uselib",
                                   "nfsservctl",
                                   "lookup_dcookie",
                                   "vhangup",
                                   "ioperm",
                                   "iopl",
                                   "modify_ldt",
                                   "sethostname",
                                   "setdomainname",
                                   "settimeofday",
                                   "clock_settime",
                                   "clock_settime64",
                                   "adjtimex",
                                   "clock_adjtime",
                                   "clock_adjtime64",
                                   "stime",
                                   "fanotify_init"};

// What has an older way that programs fall back to: it is as if the kernel did not have it.
// clone3 keeps its flags in memory, where no filter can look.
constexpr std::array kMissing = {
    "clone3",    "io_uring_setup", "io_uring_enter", "io_uring_register",
    "open_tree", "move_mount",     "fsopen",         "fsconfig",
    "fsmount",   "fspick",         "mount_setattr"};

constexpr unsigned long kTimeNamespace =
    0x80;  // CLONE_NEWTIME; in clone() these bits are the signal
constexpr std::array<unsigned long, 7> kNamespaces = {CLONE_NEWUSER,  CLONE_NEWNS,  CLONE_NEWPID,
                                                      CLONE_NEWNET,   CLONE_NEWIPC, CLONE_NEWUTS,
                                                      CLONE_NEWCGROUP};

constexpr unsigned long kLow32 = 0xffffffffUL;  // the kernel reads no more of these arguments

class Filter {
 public:
  Filter() : context_(seccomp_init(SCMP_ACT_ALLOW)) {
    if (!context_) {
      keep(-ENOMEM);
      return;
    }
    // Calls of another architecture (32-bit on 64-bit) would pass by the rules.
    keep(seccomp_attr_set(context_.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)));
    keep(seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2));
  }

  void forbid(const char* name, int answer = EPERM) { add(name, answer, 0, nullptr); }
  void forbid_if(const char* name, scmp_arg_cmp condition, int answer = EPERM) {
    add(name, answer, 1, &condition);
  }

  [[nodiscard]] Result<std::string> bytes() {
    const UniqueFd file(::memfd_create("seccomp", MFD_CLOEXEC));
    if (!file) return fail(ErrorCode::unavailable, "memfd_create: {}", std::strerror(errno));
    if (error_ == 0) keep(seccomp_export_bpf(context_.get(), file.get()));
    if (error_ != 0) return fail(ErrorCode::internal, "seccomp filter: {}", std::strerror(-error_));
    const off_t size = ::lseek(file.get(), 0, SEEK_END);
    std::string program(static_cast<std::size_t>(size), '\0');
    if (::pread(file.get(), program.data(), program.size(), 0) != size)
      return fail(ErrorCode::internal, "seccomp filter: {}", std::strerror(errno));
    return program;
  }

 private:
  struct Release {
    void operator()(void* context) const { seccomp_release(context); }
  };

  void keep(int error) {
    if (error_ == 0) error_ = error;
  }
  void add(const char* name, int answer, unsigned count, const scmp_arg_cmp* conditions) {
    const int call = seccomp_syscall_resolve_name(name);
    // Other architectures lack some calls, an older library does not know the newest.
    if (call == __NR_SCMP_ERROR || error_ != 0) return;
    keep(seccomp_rule_add_array(context_.get(), SCMP_ACT_ERRNO(static_cast<unsigned>(answer)), call,
                                count, conditions));
  }

  std::unique_ptr<void, Release> context_;
  int error_ = 0;
};

void forbid_namespaces(Filter& filter) {
  for (const unsigned long flag : kNamespaces) {
    filter.forbid_if("clone", SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag));
    filter.forbid_if("unshare", SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag));
  }
  filter.forbid_if("unshare", SCMP_A0(SCMP_CMP_MASKED_EQ, kTimeNamespace, kTimeNamespace));
}

// Left: unix, inet, inet6, and netlink, which getaddrinfo() asks for the interfaces.
void forbid_rare_sockets(Filter& filter) {
  for (unsigned long family = 3; family < AF_NETLINK; ++family)
    if (family != AF_INET6)
      filter.forbid_if("socket", SCMP_A0(SCMP_CMP_MASKED_EQ, kLow32, family), EAFNOSUPPORT);
  filter.forbid_if("socket", SCMP_A0(SCMP_CMP_GT, AF_NETLINK), EAFNOSUPPORT);
}

void forbid_typing_into_terminals(Filter& filter) {
  filter.forbid_if("ioctl", SCMP_A1(SCMP_CMP_MASKED_EQ, kLow32, TIOCSTI));
  constexpr unsigned long kTiocLinux = 0x541C;
  filter.forbid_if("ioctl", SCMP_A1(SCMP_CMP_MASKED_EQ, kLow32, kTiocLinux));
}

// Some personalities make exploits easier (READ_IMPLIES_EXEC, MMAP_PAGE_ZERO). Debuggers turn
// address randomization off; asking for the present one changes nothing.
void forbid_odd_personalities(Filter& filter) {
  constexpr std::array<unsigned long, 4> kDangerous = {0x0400000, 0x0100000, 0x0200000, 0x4000000};
  for (const unsigned long flag : kDangerous) {
    // 0xffffffff, the question, has all flags set: the top bit tells it apart.
    constexpr unsigned long kQuestion = 0x80000000UL;
    filter.forbid_if("personality", SCMP_A0(SCMP_CMP_MASKED_EQ, flag | kQuestion, flag));
  }
}

}  // namespace

Result<std::string> seccomp_filter() {
  Filter filter;
  for (const char* name : kForbidden) filter.forbid(name);
  for (const char* name : kMissing) filter.forbid(name, ENOSYS);
  forbid_namespaces(filter);
  forbid_rare_sockets(filter);
  forbid_typing_into_terminals(filter);
  forbid_odd_personalities(filter);
  return filter.bytes();
}

}  // namespace swarmlab::sandbox
