// What a container used, as its own control group says.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

#include "worker/sandbox/inside/orders.h"

namespace swarmlab::sandbox {

inline long long number_in(const char* file, const char* key) {
  const int fd = ::open(file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  std::array<char, 4096> text{};
  const ssize_t size = ::read(fd, text.data(), text.size() - 1);
  ::close(fd);
  if (size <= 0) return -1;
  const char* at = text.data();
  if (key[0] != '\0') {
    at = std::strstr(text.data(), key);
    if (at == nullptr) return -1;
    at += std::strlen(key);
  }
  return std::strtoll(at, nullptr, 10);
}

inline long long first_known(std::initializer_list<long long> values) {
  for (const long long value : values) {
    if (value >= 0) return value;
  }
  return -1;
}

// What the container's own control group says: engines show it there, read-only.
inline Ending ending_of(int code) {
  const long long killed =
      first_known({number_in("/sys/fs/cgroup/memory.events", "\noom_kill "),
                   number_in("/sys/fs/cgroup/memory/memory.oom_control", "\noom_kill ")});
  const long long nanoseconds =
      first_known({number_in("/sys/fs/cgroup/cpuacct/cpuacct.usage", ""),
                   number_in("/sys/fs/cgroup/cpu,cpuacct/cpuacct.usage", "")});
  return {.code = code,
          .ran_out_of_memory = killed > 0 ? 1 : 0,
          .peak_memory_bytes =
              first_known({number_in("/sys/fs/cgroup/memory.peak", ""),
                           number_in("/sys/fs/cgroup/memory/memory.max_usage_in_bytes", "")}),
          .cpu_us = first_known({number_in("/sys/fs/cgroup/cpu.stat", "usage_usec "),
                                 nanoseconds < 0 ? -1 : nanoseconds / 1000})};
}

}  // namespace swarmlab::sandbox
