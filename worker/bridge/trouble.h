// What a bridge remembers of a provider that fails: some agents try again without end and say
// nothing meanwhile. Who waits for them learns here that there is nothing to wait for, and why.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/model/agent_run.h"

namespace swarmlab::worker {

struct Trouble {
  AgentEnd end = AgentEnd::unavailable;
  std::string said = {};        // the provider's words, of its last failure
  Milliseconds retry_after{0};  // that it asked for; 0: it did not
  std::uint32_t times = 0;      // in a row, with no answer between them
  bool is_hopeless = false;     // so often, and for so long, that trying again makes no sense
  bool operator==(const Trouble&) const = default;
};

/// What the status of a failure says, and where that is not enough its words. Nothing: the request
/// is to blame. \param status  0: there was no answer, or not all of it
[[nodiscard]] std::optional<AgentEnd> blame_of(int status, std::string_view words);

/// The words of an error in a provider's answer: its message, or all of it.
[[nodiscard]] std::string words_of_error(std::string_view body);

// Of one bridge, in the order in which its requests end.
class Troubles {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  struct Patience {
    std::uint32_t times = 5;
    Milliseconds time{15'000};
  };
  explicit Troubles(Patience patience) : patience_(patience) {}

  void answered() { row_.reset(); }
  void failed(AgentEnd end, std::string said, Milliseconds retry_after, Instant now);
  /// None: the last request was answered, or none was made.
  [[nodiscard]] const std::optional<Trouble>& row() const { return row_; }

 private:
  Patience patience_;
  std::optional<Trouble> row_;
  Instant since_;
};

}  // namespace swarmlab::worker
