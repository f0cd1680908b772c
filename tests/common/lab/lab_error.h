// A lab.toml that is wrong in one way, and the message that it gives, for tests by parameter.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "common/lab/lab.h"

namespace swarmlab {

struct Wrong {
  const char* name;
  const char* text;
  const char* message;  // all of it
  const char* folder = "";
};

// Puts the name alone on test listings.
inline void PrintTo(const Wrong& wrong, std::ostream* out) {
  *out << wrong.name;
}

inline std::string name_of_test(const testing::TestParamInfo<Wrong>& info) {
  return info.param.name;
}

inline void expect_message_of(const Wrong& wrong) {
  const auto settings = read_lab(wrong.text, wrong.folder);
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().message, wrong.message);
  EXPECT_EQ(settings.error().code, ErrorCode::invalid_input);
}

}  // namespace swarmlab

#define COMMAND "[evaluator]\ncommand = 'x'\n"
