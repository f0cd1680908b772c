#include "common/os/fail_point.h"

#include <unistd.h>

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <optional>

namespace swarmlab {

namespace {

struct Wish {
  FailPoint point;
  std::uint64_t times;
};

// A name that is none is ignored here; the test that sets it sees that nothing died.
std::optional<Wish> wish() {
  const char* const text = std::getenv("SWARMLAB_FAIL_AT");
  if (text == nullptr) return std::nullopt;
  std::string_view name(text);
  std::uint64_t times = 1;
  if (const auto colon = name.find(':'); colon != std::string_view::npos) {
    std::from_chars(name.data() + colon + 1, name.data() + name.size(), times);
    name = name.substr(0, colon);
  }
  for (const NamedFailPoint& known : kFailPoints) {
    if (known.name == name) return Wish{.point = known.point, .times = times};
  }
  return std::nullopt;
}

}  // namespace

void fail_point(FailPoint point) {
  static const std::optional<Wish> wanted = wish();
  static std::atomic<std::uint64_t> passes{0};  // NOLINT: of this process, for tests only
  if (!wanted || wanted->point != point) return;
  if (++passes == wanted->times) ::kill(::getpid(), SIGKILL);
}

}  // namespace swarmlab
