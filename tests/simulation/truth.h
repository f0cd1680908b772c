// What really happened in the attempts of a simulated swarm: what checks compare with.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "common/model/report.h"

namespace swarmlab::simulation {

struct Attempted {
  Report report;
  bool spooled = false;  // put() said that it is on disk
  bool lost = false;     // its disk rotted: nobody can deliver it
};

// By token: each lease is attempted once.
using Truth = std::map<FencingToken, Attempted>;

}  // namespace swarmlab::simulation
