// Sketches of changes: what counts as nearly the same.
#include "common/model/sketch.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>

namespace swarmlab {
namespace {

std::string diff_of(const std::string& path, const std::string& removed, const std::string& added) {
  const auto count = [](const std::string& lines) {
    return std::to_string(std::count(lines.begin(), lines.end(), '\n'));
  };
  return "diff --git a/" + path + " b/" + path + "\nindex 1..2 100644\n--- a/" + path + "\n+++ b/" +
         path + "\n@@ -1," + count(removed) + " +1," + count(added) + " @@\n" + removed + added;
}

std::string lines(int from, int to, char sign) {
  std::string text;
  for (int i = from; i < to; ++i) {
    text += sign;
    text += "value_" + std::to_string(i) + " = " + std::to_string(i * i) + "\n";
  }
  return text;
}

double similarity(const std::string& one, const std::string& other) {
  return similarity_of(sketch_of(one), sketch_of(other));
}

TEST(Sketch, OfTheSameChangeIsTheSame) {
  const std::string diff = diff_of("a.py", "-x = 1\n", "+x = 2\n");
  EXPECT_TRUE(is_sketch(sketch_of(diff)));
  EXPECT_EQ(similarity(diff, diff), 1.0);
}

TEST(Sketch, DoesNotSeeWhiteSpaceBlankLinesAndComments) {
  const std::string plain = diff_of("a.py", "-x = 1\n", "+x = 2\n");
  const std::string dressed =
      diff_of("a.py", "-x = 1\n", "+\n+  # why it is two\n+  // as said\n+    x  =  2  \n");
  EXPECT_EQ(similarity(plain, dressed), 1.0);
}

TEST(Sketch, SeesWhatOnlyLooksLikeAComment) {
  EXPECT_LT(
      similarity(diff_of("a.c", "", "+#include <a.h>\n"), diff_of("a.c", "", "+#include <b.h>\n")),
      0.1);
}

TEST(Sketch, ComparesCommentsWhereThereIsNothingElse) {
  EXPECT_EQ(similarity(diff_of("a.md", "", "+# One\n"), diff_of("a.md", "", "+# Two\n")), 0.0);
  EXPECT_EQ(similarity(diff_of("a.md", "", "+# One\n"), diff_of("a.md", "", "+#  One\n")), 1.0);
}

TEST(Sketch, TellsAnotherNumberFromTheSame) {
  // Both take the line out, each puts another in.
  EXPECT_NEAR(similarity(diff_of("a.py", "-lr = 1\n", "+lr = 2\n"),
                         diff_of("a.py", "-lr = 1\n", "+lr = 3\n")),
              1.0 / 3.0, 1e-9);
}

TEST(Sketch, TellsFilesAndDirectionsApart) {
  EXPECT_EQ(similarity(diff_of("a.py", "", "+x = 1\n"), diff_of("b.py", "", "+x = 1\n")), 0.0);
  EXPECT_EQ(similarity(diff_of("a.py", "", "+x = 1\n"), diff_of("a.py", "-x = 1\n", "")), 0.0);
}

TEST(Sketch, IsExactForSmallChangesAndCloseForLargeOnes) {
  EXPECT_NEAR(
      similarity(diff_of("a", "", lines(0, 100, '+')), diff_of("a", "", lines(5, 100, '+'))), 0.95,
      1e-9);
  const double large =
      similarity(diff_of("a", "", lines(0, 4000, '+')), diff_of("a", "", lines(2000, 6000, '+')));
  EXPECT_NEAR(large, 1.0 / 3.0, 0.12);
  EXPECT_LE(sketch_of(diff_of("a", "", lines(0, 4000, '+'))).size(), kSketchBytes);
}

TEST(Sketch, ALineThatComesTwiceCountsTwice) {
  EXPECT_NEAR(similarity(diff_of("a", "", "+x\n"), diff_of("a", "", "+x\n+x\n")), 0.5, 1e-9);
}

TEST(Sketch, WhatLooksLikeAHeaderWithinAHunkIsALine) {
  // Removes "-- a/b", which the diff shows as "--- a/b".
  EXPECT_TRUE(is_sketch(sketch_of(diff_of("q.sql", "--- a/b\n", "+x\n"))));
  EXPECT_EQ(similarity(diff_of("q.sql", "--- a/b\n", "+x\n"), diff_of("q.sql", "", "+x\n")), 1.0)
      << "a comment of SQL";
}

TEST(Sketch, OfWhatHasNoLinesThereIsNone) {
  EXPECT_EQ(sketch_of(""), "");
  EXPECT_EQ(sketch_of("diff --git a/x b/x\nBinary files a/x and b/x differ\n"), "");
  EXPECT_EQ(sketch_of("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a\n... (cut)\n"),
            "");
}

TEST(Sketch, AnyBytesAreNoSketch) {
  EXPECT_FALSE(is_sketch(""));
  EXPECT_FALSE(is_sketch("1234567"));
  EXPECT_FALSE(is_sketch(std::string(kSketchBytes + 8, 'x')));
  EXPECT_FALSE(is_sketch(std::string(16, 'x'))) << "not in order";
}

TEST(Sketch, AHundredAreComparedFastEnoughForADecision) {
  const std::string one = sketch_of(diff_of("a", "", lines(0, 4000, '+')));
  const std::string other = sketch_of(diff_of("a", "", lines(100, 4100, '+')));
  double sum = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i) sum += similarity_of(one, other);
  const auto took = std::chrono::steady_clock::now() - begin;
  std::printf("100 sketches of 128 hashes: %.1f us\n",
              std::chrono::duration<double, std::micro>(took).count());
  EXPECT_GT(sum, 0.0);
}

}  // namespace
}  // namespace swarmlab
