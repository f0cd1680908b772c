// What a candidate implements; the rules of the format are in AGENT.md.
#pragma once

#include <cstdint>

/// The sum of the column "amount" of the CSV file at `path`, in cents.
std::int64_t sum_cents(const char* path);
