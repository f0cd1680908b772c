#include "worker/sandbox/seccomp.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
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

  void forbid_if_both(const char* name, scmp_arg_cmp one, scmp_arg_cmp other, int answer = EPERM) {
    const std::array conditions{one, other};
    add(name, answer, 2, conditions.data());
  }
  /// The supervisor decides.
  void ask(const char* name) { rule(SCMP_ACT_NOTIFY, name, 0, nullptr); }
  void ask_if(const char* name, scmp_arg_cmp condition) {
    rule(SCMP_ACT_NOTIFY, name, 1, &condition);
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
    rule(SCMP_ACT_ERRNO(static_cast<unsigned>(answer)), name, count, conditions);
  }
  void rule(std::uint32_t action, const char* name, unsigned count,
            const scmp_arg_cmp* conditions) {
    const int call = seccomp_syscall_resolve_name(name);
    // Other architectures lack some calls, an older library does not know the newest.
    if (call == __NR_SCMP_ERROR || error_ != 0) return;
    keep(seccomp_rule_add_array(context_.get(), action, call, count, conditions));
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

void forbid_what_none_needs(Filter& filter) {
  for (const char* name : kForbidden) filter.forbid(name);
  for (const char* name : kMissing) filter.forbid(name, ENOSYS);
  forbid_namespaces(filter);
  forbid_typing_into_terminals(filter);
  forbid_odd_personalities(filter);
}

scmp_arg_cmp is(unsigned argument, std::int64_t value) {
  return {.arg = argument,
          .op = SCMP_CMP_MASKED_EQ,
          .datum_a = kLow32,
          .datum_b = static_cast<std::uint64_t>(value) & kLow32};
}

scmp_arg_cmp has(unsigned argument, std::uint64_t flag) {
  return {.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = flag, .datum_b = flag};
}

// By a process, or its group (as a negative number).
void forbid_signals(Filter& filter, pid_t process) {
  for (const char* name : {"kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"}) {
    filter.forbid_if(name, is(0, process));
    filter.forbid_if(name, is(0, -process));
  }
  for (const char* name : {"tgkill", "rt_tgsigqueueinfo"}) filter.forbid_if(name, is(1, process));
  filter.forbid_if("pidfd_open", is(0, process));
  filter.forbid_if_both("fcntl", is(1, F_SETOWN), is(2, process));
  filter.forbid_if_both("fcntl", is(1, F_SETOWN), is(2, -process));
}

void forbid_touching(Filter& filter, const std::vector<pid_t>& processes) {
  for (const pid_t process : processes) {
    forbid_signals(filter, process);
    for (const char* name :
         {"sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr"}) {
      filter.forbid_if(name, is(0, process));
    }
    for (const char* name : {"setpriority", "ioprio_set"}) filter.forbid_if(name, is(1, process));
  }
  constexpr int kOfUser = 3;  // IOPRIO_WHO_USER
  filter.forbid_if("setpriority", is(0, PRIO_USER));
  filter.forbid_if("ioprio_set", is(0, kOfUser));
  filter.forbid_if("kill", is(0, -1));  // all that there are
  // Its process may be named by a folder of /proc. Who has it falls back to kill().
  filter.forbid("pidfd_send_signal", ENOSYS);
  constexpr int kSetOwnerExtended = 15;  // F_SETOWN_EX: the process stands in memory
  filter.forbid_if("fcntl", is(1, kSetOwnerExtended));
  constexpr int kSetOwnerOfFile = 0x8901;  // FIOSETOWN
  constexpr int kSetGroupOfFile = 0x8902;  // SIOCSPGRP
  filter.forbid_if("ioctl", is(1, kSetOwnerOfFile));
  filter.forbid_if("ioctl", is(1, kSetGroupOfFile));
  filter.forbid_if("prlimit64", {.arg = 0, .op = SCMP_CMP_NE, .datum_a = 0, .datum_b = 0});
}

// A datagram may be sent to any address with a call that keeps it in memory.
void leave_sockets_to_supervisor(Filter& filter) {
  for (const unsigned family : {AF_INET, AF_INET6}) filter.ask_if("socket", is(0, family));
  filter.ask("connect");
  for (unsigned family = AF_INET + 1; family <= AF_NETLINK; ++family) {
    if (family != AF_INET6) filter.forbid_if("socket", is(0, family), EAFNOSUPPORT);
  }
  filter.forbid_if("socket", SCMP_A0(SCMP_CMP_GT, AF_NETLINK), EAFNOSUPPORT);
  filter.forbid_if("socket", is(0, AF_UNSPEC), EAFNOSUPPORT);
  constexpr std::uint64_t kKind = 0xf;
  for (const std::uint64_t kind : {SOCK_DGRAM, SOCK_RAW}) {  // the same of unix sockets
    const scmp_arg_cmp of_kind = SCMP_A1(SCMP_CMP_MASKED_EQ, kKind, kind);
    filter.forbid_if_both("socket", is(0, AF_UNIX), of_kind, EPROTONOSUPPORT);
    filter.forbid_if_both("socketpair", is(0, AF_UNIX), of_kind, EPROTONOSUPPORT);
  }
  filter.forbid_if("sendto", has(3, MSG_FASTOPEN), EOPNOTSUPP);
  filter.forbid_if("sendmsg", has(2, MSG_FASTOPEN), EOPNOTSUPP);
  filter.forbid_if("sendmmsg", has(3, MSG_FASTOPEN), EOPNOTSUPP);
  filter.forbid_if_both("setsockopt", is(1, IPPROTO_TCP), is(2, TCP_FASTOPEN), ENOPROTOOPT);
  filter.forbid_if_both("setsockopt", is(1, IPPROTO_TCP), is(2, TCP_FASTOPEN_CONNECT), ENOPROTOOPT);
  // Ports of the pod that somebody of the same user shares.
  filter.forbid_if_both("setsockopt", is(1, SOL_SOCKET), is(2, SO_REUSEPORT), ENOPROTOOPT);
}

}  // namespace

Result<std::string> seccomp_filter() {
  Filter filter;
  forbid_what_none_needs(filter);
  forbid_rare_sockets(filter);
  return filter.bytes();
}

Result<std::string> guarding_filter() {
  Filter filter;
  forbid_what_none_needs(filter);
  forbid_rare_sockets(filter);
  forbid_touching(filter, {1});
  return filter.bytes();
}

Result<std::string> shared_filter(const SharedWith& with) {
  Filter filter;
  forbid_what_none_needs(filter);
  forbid_touching(filter, with.processes);
  leave_sockets_to_supervisor(filter);
  // Of the whole pod, and they outlive who made them.
  for (const char* name : {"shmget", "msgget", "semget", "mq_open"}) filter.forbid(name, ENOSYS);
  if (!with.is_traced_by_kernel) {
    for (const char* name : {"ptrace", "process_vm_readv", "process_vm_writev", "kcmp"}) {
      filter.forbid(name);
    }
  }
  if (!with.is_cut_by_kernel) filter.forbid("truncate", EACCES);
  return filter.bytes();
}

}  // namespace swarmlab::sandbox
