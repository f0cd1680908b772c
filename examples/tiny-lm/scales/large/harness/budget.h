// What training may cost at the large scale: four times as much.
#pragma once

inline constexpr double kBudget = 1.2e10;  // multiplications: a larger network gets fewer steps
