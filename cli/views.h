// What the query commands share in reading views. For .cc files only: it includes Cap'n Proto.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/swarm.h"
#include "cli/table.h"
#include "common/wire/message_codec.h"

namespace swarmlab::cli {

[[nodiscard]] inline std::string text_of(capnp::Text::Reader text) {
  return {text.cStr(), text.size()};
}
[[nodiscard]] std::optional<double> number_of(schema::MaybeNumber::Reader number);
[[nodiscard]] std::optional<std::uint32_t> count_of(schema::MaybeCount::Reader count);
[[nodiscard]] std::optional<Timestamp> time_of(schema::Time::Reader time);

/// The colour of a verdict's word.
[[nodiscard]] Paint paint_of(const std::string& verdict);

/// A reply of another kind than was asked for: a coordinator of another version.
[[nodiscard]] Error unexpected_reply(const char* asked);

struct ExperimentFilter {
  std::string verdict;     // only these; empty: all
  std::uint64_t last = 0;  // only as many, the newest; 0: all
};

// Experiments of one lab, by number, and the replies that hold them.
struct Experiments {
  std::deque<wire::Incoming> replies;
  std::vector<schema::ExperimentView::Reader> views;
};

/// Asks page after page.
[[nodiscard]] Result<Experiments> load_experiments(Swarm& swarm, const std::string& lab,
                                                   const ExperimentFilter& filter);

/// The lab's own view.
[[nodiscard]] Result<wire::Incoming> ask_labs(Swarm& swarm);
[[nodiscard]] std::optional<schema::LabView::Reader> find_lab_view(const wire::Incoming& labs,
                                                                   const std::string& name);

/// Prints `views` as a JSON array, one a line.
template <class Views, class ToJson>
void print_array(std::ostream& out, const Views& views, ToJson&& to_json) {
  const char* before = "[";
  for (const auto view : views) {
    out << before << '\n' << to_json(view);
    before = ",";
  }
  out << (*before == '[' ? "[]\n" : "\n]\n");
}

}  // namespace swarmlab::cli
