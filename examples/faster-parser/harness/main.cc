// The program around a candidate. It is timed from outside, by measure.py, from its start to its end.
#include <cinttypes>
#include <cstdio>

#include "parser.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::printf("%" PRId64 "\n", sum_cents(argv[1]));
  return 0;
}
