#include "coordinator/store/keys.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <tuple>

namespace swarmlab::store {
namespace {

double any_number() {
  const auto number = *rc::gen::oneOf(
      rc::gen::arbitrary<double>(),
      rc::gen::element(0.0, -0.0, 1.0, -1.0, std::numeric_limits<double>::infinity(),
                       -std::numeric_limits<double>::infinity(),
                       std::numeric_limits<double>::denorm_min(),
                       -std::numeric_limits<double>::denorm_min(),
                       std::numeric_limits<double>::max(), std::numeric_limits<double>::lowest()));
  RC_PRE(!std::isnan(number));
  return number;
}

RC_GTEST_PROP(Keys, ScoresSortAsTheNumbersDo, ()) {
  const double a = any_number();
  const double b = any_number();
  RC_ASSERT((a < b) == (keys::ordered_bits(a) < keys::ordered_bits(b)));
  RC_ASSERT((a == b) == (keys::ordered_bits(a) == keys::ordered_bits(b)));
}

RC_GTEST_PROP(Keys, AScoreComesBackFromItsBits, ()) {
  const double score = any_number();
  RC_ASSERT(keys::from_ordered_bits(keys::ordered_bits(score)) == score);
}

RC_GTEST_PROP(Keys, ExperimentsSortByLabThenNumber,
              (std::uint64_t lab_a, std::uint64_t number_a, std::uint64_t lab_b,
               std::uint64_t number_b)) {
  const auto key_a = keys::of(LabId(lab_a), ExperimentNumber(number_a));
  const auto key_b = keys::of(LabId(lab_b), ExperimentNumber(number_b));
  RC_ASSERT((key_a < key_b) == (std::tie(lab_a, number_a) < std::tie(lab_b, number_b)));
  RC_ASSERT(keys::last_number(key_a) == number_a);
}

RC_GTEST_PROP(Keys, AllOfAPrefixLieBeforeTheKeyAfterIt, (std::string prefix, std::string rest)) {
  const std::string end = keys::after_prefix(prefix);
  RC_ASSERT(end.empty() || prefix + rest < end);
  RC_ASSERT(end.empty() || !end.starts_with(prefix));
}

TEST(Keys, TheKeyAfterAPrefixOfMaximalBytesCarriesOver) {
  EXPECT_EQ(keys::after_prefix("a\xff"), "b");
  EXPECT_EQ(keys::after_prefix("\xff\xff"), "");
}

TEST(Keys, ATreeComesBackFromItsKey) {
  const auto tree = *ObjectId::from_hex("00ff112233445566778899aabbccddeeff001122");
  EXPECT_EQ(keys::last_object(keys::tree(LabId(1), SegmentNumber(2), tree)), tree);
  EXPECT_TRUE(keys::tree(LabId(1), SegmentNumber(2), tree)
                  .starts_with(keys::tree(LabId(1), SegmentNumber(2))));
}

TEST(Keys, WhatIsTooShortHoldsNothing) {
  EXPECT_EQ(keys::last_number("1234567"), std::nullopt);
  EXPECT_EQ(keys::last_object("1234567"), std::nullopt);
}

TEST(Keys, AreReadableInMessages) {
  EXPECT_EQ(keys::printable(keys::of(LabId(258))), "0000000000000102");
}

}  // namespace
}  // namespace swarmlab::store
