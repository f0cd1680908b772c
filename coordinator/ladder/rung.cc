#include "coordinator/ladder/rung.h"

#include <utility>

namespace swarmlab::ladder {

std::string_view name_of(Standing standing) {
  switch (standing) {
    case Standing::proposed:
      return "proposed";
    case Standing::promoted:
      return "promoted";
    case Standing::running:
      return "running";
    case Standing::measured:
      return "measured";
    case Standing::demoted:
      return "demoted";
    case Standing::failed:
      return "failed";
    case Standing::rejected:
      return "rejected";
  }
  return "unknown";
}

void Rung::put(ExperimentNumber number, Climb climb) {
  if (climb.standing == Standing::promoted) {
    promoted.insert(number);
  } else {
    promoted.erase(number);
  }
  climbs.insert_or_assign(number, std::move(climb));
}

}  // namespace swarmlab::ladder
