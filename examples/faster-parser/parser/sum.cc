// Sums the column "amount": lines come from read.h, the field from fields.h, its value from number.h.
#include "parser.h"

#include "fields.h"
#include "number.h"
#include "read.h"

std::int64_t sum_cents(const char* path) {
  std::int64_t total = 0;
  bool header = true;
  for_each_line(path, [&](std::string_view line) {
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (!header && !line.empty()) total += cents(amount_of(line));
    header = false;
  });
  return total;
}
