// One experiment for people: what was changed, what it scored, why it was judged so. For .cc files
// only: it includes Cap'n Proto.
#pragma once

#include "cli/context.h"
#include "schemas/view.capnp.h"

namespace swarmlab::cli {

struct DetailOptions {
  bool all = false;         // else long logs, diffs and lists of samples are cut, and it is said
  bool transcript = false;  // all of the transcript, and no logs
};

void print_detail(const Context& context, schema::ExperimentDetail::Reader detail,
                  const DetailOptions& options);

/// The part that fits on a screen: verdict, scores, hypothesis, where it came from.
void print_summary(const Context& context, schema::ExperimentView::Reader experiment);

}  // namespace swarmlab::cli
