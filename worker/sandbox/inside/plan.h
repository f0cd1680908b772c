// What a program that starts a command for a worker does with its orders: reads them, and gives the
// command its descriptors, limits and filter. Plain system calls, no exceptions: the program inside
// a container has nothing else, and a runner's forked child ends by give_up().
#pragma once

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "worker/sandbox/inside/orders.h"
#include "worker/sandbox/inside/sockets.h"

namespace swarmlab::sandbox::inside {

// The program inside is linked without what operator new throws; what is taken here is given back
// by exec or exit. NOLINTBEGIN(cppcoreguidelines-owning-memory)

inline constexpr std::size_t kMostOrders = 8UL << 20U;  // bytes
inline constexpr std::size_t kMostWords = 4096;
inline constexpr std::size_t kLongestWhy = 400;

/// Says why the command cannot start, and ends the process. Each program has its own.
[[noreturn]] void give_up(const char* what, const char* detail);

[[noreturn]] inline void give_up(const char* what) {
  give_up(what, std::strerror(errno));
}

// Reads the orders, text by text.
class Orders {
 public:
  explicit Orders(int file) {
    struct stat about {};
    if (::fstat(file, &about) != 0) give_up("orders");
    const auto size = static_cast<std::size_t>(about.st_size);
    if (size == 0 || size > kMostOrders) give_up("orders", "of a size that cannot be");
    text_ = static_cast<char*>(std::malloc(size));
    if (text_ == nullptr || ::pread(file, text_, size, 0) != about.st_size) give_up("orders");
    end_ = text_ + size;
    if (end_[-1] != '\0') give_up("orders", "cut off");
  }
  char* text() {
    if (text_ >= end_) give_up("orders", "too short");
    char* const found = text_;
    text_ += std::strlen(text_) + 1;
    return found;
  }
  unsigned long number() { return std::strtoul(text(), nullptr, 10); }
  std::size_t count(std::size_t most) {
    const unsigned long value = number();
    if (value > most) give_up("orders", "too many");
    return value;
  }

 private:
  char* text_ = nullptr;
  const char* end_ = nullptr;
};

struct Limit {
  int resource;
  rlim_t value;
};

struct Plan {
  bool has_in = false;
  bool has_result = false;
  bool has_own_kernel = false;  // its containers share none with the worker
  const char* folder = "/";
  std::array<std::uint16_t, kMostPorts> ports{};
  std::size_t port_count = 0;
  std::array<Limit, 16> limits{};
  std::size_t limit_count = 0;
  std::array<char*, kMostWords> env{};
  std::array<char*, kMostWords> argv{};
};

inline bool has_name_of(const char* variable, const char* other) {
  const char* const end = std::strchr(other, '=');
  if (end == nullptr) return false;
  return std::strncmp(variable, other, static_cast<std::size_t>(end - other) + 1) == 0;
}

// What engines put there that is not the image's.
inline bool is_of_the_engine(const char* variable) {
  constexpr std::array kNames = {
      "PATH=",       "HOME=",       "HOSTNAME=",    "container=",   "TERM=",
      "HTTP_PROXY=", "http_proxy=", "HTTPS_PROXY=", "https_proxy=", "NO_PROXY=",
      "no_proxy=",   "ALL_PROXY=",  "all_proxy=",   "FTP_PROXY=",   "ftp_proxy="};
  for (const char* const name : kNames) {
    if (std::strncmp(variable, name, std::strlen(name)) == 0) return true;
  }
  return false;
}

inline char* path_variable(const char* first, const char* otherwise, bool keep) {
  const char* const of_image = keep ? std::getenv("PATH") : nullptr;
  const char* const rest = of_image == nullptr ? otherwise : of_image;
  const std::size_t size = std::strlen("PATH=") + std::strlen(first) + std::strlen(rest) + 1;
  char* const text = static_cast<char*>(std::malloc(size));
  if (text == nullptr) give_up("memory");
  std::snprintf(text, size, "PATH=%s%s", first, rest);
  return text;
}

inline void plan_environment(Plan& plan, Orders& orders, std::size_t count, char* path, bool keep) {
  std::size_t used = 0;
  plan.env[used++] = path;
  for (std::size_t i = 0; i < count; ++i) {
    char* const variable = orders.text();
    if (std::strncmp(variable, "PATH=", 5) == 0) {
      plan.env[0] = variable;
    } else {
      plan.env[used++] = variable;
    }
  }
  const std::size_t ours = used;
  for (char** of_image = environ; keep && *of_image != nullptr; ++of_image) {
    bool is_set = is_of_the_engine(*of_image);
    for (std::size_t i = 0; i < ours && !is_set; ++i) is_set = has_name_of(plan.env[i], *of_image);
    if (!is_set && used + 1 < plan.env.size()) plan.env[used++] = *of_image;
  }
}

inline void read_plan(Plan& plan, Orders orders) {
  plan.has_in = orders.number() != 0;
  plan.has_result = orders.number() != 0;
  const bool keep = orders.number() != 0;
  plan.has_own_kernel = orders.number() != 0;
  plan.port_count = orders.count(plan.ports.size());
  plan.limit_count = orders.count(plan.limits.size());
  const std::size_t variables = orders.count(kMostWords / 2);
  const std::size_t words = orders.count(kMostWords - 1);
  plan.folder = orders.text();
  const char* const first = orders.text();
  const char* const otherwise = orders.text();
  for (std::size_t i = 0; i < plan.port_count; ++i) {
    plan.ports[i] = static_cast<std::uint16_t>(orders.number());
  }
  for (std::size_t i = 0; i < plan.limit_count; ++i) {
    plan.limits[i].resource = static_cast<int>(orders.number());
    plan.limits[i].value = orders.number();
  }
  plan_environment(plan, orders, variables, path_variable(first, otherwise, keep), keep);
  for (std::size_t i = 0; i < words; ++i) plan.argv[i] = orders.text();
}

// Descriptors of the command, in the places of `fds`: orders and filter are the first two.
inline void take_descriptors(const Plan& plan, const Descriptors& got) {
  constexpr int kAbove = 64;  // free of all that came
  std::size_t next = 2;
  std::array<int, 4> wanted{-1, -1, -1, -1};
  if (plan.has_in) wanted[0] = got.fds[next++];
  wanted[1] = got.fds[next++];
  wanted[2] = got.fds[next++];
  if (plan.has_result) wanted[3] = got.fds[next++];
  if (wanted[0] < 0) wanted[0] = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  for (int& fd : wanted) {
    if (fd >= 0) fd = ::fcntl(fd, F_DUPFD_CLOEXEC, kAbove);
  }
  for (int i = 0; i < 4; ++i) {
    const int fd = wanted[static_cast<std::size_t>(i)];
    if (fd < 0) {
      ::close(i);
    } else if (::dup2(fd, i) < 0) {
      ::_exit(126);
    }
  }
}

/// \param flags  as seccomp(2) takes them \return  what it returns
inline long filter_calls(int file, unsigned flags) {
  struct stat about {};
  if (::fstat(file, &about) != 0) give_up("seccomp filter");
  const auto size = static_cast<std::size_t>(about.st_size);
  if (size == 0) return 0;
  auto* const program = static_cast<sock_filter*>(std::malloc(size));
  if (program == nullptr || ::pread(file, program, size, 0) != about.st_size) {
    give_up("seccomp filter");
  }
  sock_fprog filter{static_cast<unsigned short>(size / sizeof(sock_filter)), program};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) give_up("seccomp filter");
  const long done = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
  if (done < 0) give_up("seccomp filter");
  std::free(program);
  return done;
}

/// In the child. \return  whether all hold
[[nodiscard]] inline bool take_limits(const Plan& plan) {
  for (std::size_t i = 0; i < plan.limit_count; ++i) {
    rlimit now{};
    ::getrlimit(plan.limits[i].resource, &now);
    const rlim_t value = plan.limits[i].value < now.rlim_max ? plan.limits[i].value : now.rlim_max;
    const rlimit limit{value, value};
    if (::setrlimit(plan.limits[i].resource, &limit) != 0) return false;
  }
  return true;
}

/// As a shell tells it.
[[nodiscard]] inline int code_of(int status) {
  constexpr int kShellSignal = 128;
  return WIFSIGNALED(status) ? kShellSignal + WTERMSIG(status) : WEXITSTATUS(status);
}

// NOLINTEND(cppcoreguidelines-owning-memory)

}  // namespace swarmlab::sandbox::inside
