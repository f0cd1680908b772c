#include "worker/sandbox/capture.h"

#include <gtest/gtest.h>

namespace swarmlab::sandbox {
namespace {

std::string captured(std::uint64_t limit, const std::string& text, std::size_t portion) {
  OutputCapture capture(limit);
  for (std::size_t at = 0; at < text.size(); at += portion)
    capture.append(std::string_view(text).substr(at, portion));
  return capture.text();
}

TEST(OutputCapture, KeepsAllThatFits) {
  EXPECT_EQ(captured(8, "", 1), "");
  EXPECT_EQ(captured(8, "12345678", 3), "12345678");
  EXPECT_EQ(captured(0, std::string(10'000, 'x'), 64), std::string(10'000, 'x'));
}

TEST(OutputCapture, KeepsAQuarterOfTheBeginningAndTheRestOfTheEnd) {
  const std::string kept = "ab\n[... 18 bytes dropped ...]\nuvwxyz";
  for (const std::size_t portion : {1U, 2U, 5U, 7U, 26U})
    EXPECT_EQ(captured(8, "abcdefghijklmnopqrstuvwxyz", portion), kept) << portion;
}

}  // namespace
}  // namespace swarmlab::sandbox
