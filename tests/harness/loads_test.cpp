#include "harness/loads.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "harness/error.h"

namespace moe {
namespace {

using Tokens = std::vector<std::int64_t>;

TEST(loads, of_even_experts_have_all_entropy_and_no_imbalance) {
  const Tokens even(8, 5);
  EXPECT_NEAR(load_entropy(even), 1, 1e-12);
  EXPECT_EQ(load_imbalance(even), 1);
  EXPECT_EQ(dead_experts(even), 0);
}

TEST(loads, of_one_that_has_all_have_none) {
  const Tokens one = {0, 0, 12, 0};
  EXPECT_EQ(load_entropy(one), 0);
  EXPECT_EQ(load_imbalance(one), 4);
  EXPECT_EQ(dead_experts(one), 3);
}

TEST(loads, known_values) {
  const Tokens tokens = {3, 1, 0, 0};
  EXPECT_NEAR(load_entropy(tokens), (0.75 * std::log2(4 / 3.0) + 0.25 * 2) / 2, 1e-12);
  EXPECT_EQ(load_imbalance(tokens), 3);
  EXPECT_EQ(load_entropy(Tokens{7}), 1) << "one expert has nothing to be uneven with";
}

TEST(loads, are_of_something) {
  for (const Tokens& nothing : {Tokens{}, Tokens{0, 0}}) {
    EXPECT_THROW(load_entropy(nothing), Error);
    EXPECT_THROW(load_imbalance(nothing), Error);
    EXPECT_THROW(dead_experts(nothing), Error);
  }
}

}  // namespace
}  // namespace moe
