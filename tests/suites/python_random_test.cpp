// Held against what CPython 3.11 prints.
#include "suites/python_random.h"

#include <gtest/gtest.h>

#include "harness/error.h"

namespace moe {
namespace {

using Numbers = std::vector<std::int64_t>;

TEST(python_random, draws_what_cpython_draws) {
  PythonRandom random(1234);
  EXPECT_EQ(random.bits(32), 4150886329U);
  EXPECT_EQ(random.bits(32), 3342196574U);
  EXPECT_EQ(random.bits(32), 1892932127U);
  EXPECT_EQ(random.random(), 0.11685051774599753);
  EXPECT_EQ(random.bits(1), 0U);
  EXPECT_EQ(random.bits(5), 29U);
  EXPECT_EQ(random.bits(17), 123539U);
}

/// Small populations are shuffled in a pool, large ones drawn until k differ; the state goes on.
TEST(python_random, samples_what_cpython_samples) {
  PythonRandom random(1234);
  EXPECT_EQ(random.sample(10, 3), (Numbers{7, 1, 0}));
  EXPECT_EQ(random.sample(21, 21),
            (Numbers{2, 18, 1, 20, 3, 11, 16, 0, 13, 12, 5, 9, 7, 8, 19, 15, 6, 10, 14, 4, 17}));
  EXPECT_EQ(random.sample(1000, 5), (Numbers{66, 683, 554, 934, 477}));
  EXPECT_EQ(random.sample(100, 6), (Numbers{8, 76, 86, 11, 65, 74}));
  EXPECT_EQ(random.sample(7473, 5), (Numbers{376, 2208, 6753, 4558, 516}));
  EXPECT_EQ(random.sample(150, 12), (Numbers{77, 123, 90, 68, 63, 51, 116, 135, 4, 130, 18, 1}));
  EXPECT_THROW(random.sample(3, 4), Error);
}

TEST(python_random, chooses_what_cpython_chooses) {
  PythonRandom random(0);
  EXPECT_EQ(random.random(), 0.8444218515250481);
  Numbers chosen;
  random.choices(7, [&](std::int64_t i) { chosen.push_back(i); });
  EXPECT_EQ(chosen, (Numbers{5, 2, 1, 3, 2, 5, 2}));
}

/// random.Random(lot).choices, 100 lots of 1,000; statistics.stdev of math.exp(-mean).
TEST(python_random, bootstraps_what_cpython_bootstraps) {
  EXPECT_NEAR(bootstrapped_perplexity_error({-1.5, -0.25, -3.0, -2.0}), 3.0800494472566933, 1e-9);
}

}  // namespace
}  // namespace moe
