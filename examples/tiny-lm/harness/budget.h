// What training may cost. Each scale has its own: this is the small one's.
#pragma once

inline constexpr double kBudget = 3.0e9;  // multiplications: a larger network gets fewer steps
