#include "coordinator/policy/policy.h"

#include "common/result.h"
#include "coordinator/policy/policies.h"

namespace swarmlab::policy {

Pick pick_parent(PolicyKind policy, const View& view) {
  switch (policy) {
    case PolicyKind::greedy:
      return greedy_pick(view);
    case PolicyKind::best_of_n:
      return best_of_n_pick(view);
  }
  SWARMLAB_ASSERT(!"a policy without a file");
  return {};
}

std::vector<Ranked> ranked(PolicyKind policy, const View& view) {
  switch (policy) {
    case PolicyKind::greedy:
      return greedy_ranked(view);
    case PolicyKind::best_of_n:
      return best_of_n_ranked(view);
  }
  SWARMLAB_ASSERT(!"a policy without a file");
  return {};
}

}  // namespace swarmlab::policy
