#include "models/decoder/best_of_rows.h"

#include <gtest/gtest.h>

#include <limits>

#include "harness/error.h"
#include "harness/random.h"
#include "models/decoder/torch.h"

namespace moe {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Many equals, and what is no finite number.
Tensor scores(std::int64_t rows, std::int64_t ids, std::uint64_t seed) {
  constexpr float kValues[] = {
      0,         -0.0F,      1,          2,      -1,
      kInfinity, -kInfinity, -kInfinity, 1e-30F, std::numeric_limits<float>::quiet_NaN()};
  Random random(seed);
  std::vector<float> values;
  for (std::int64_t i = 0; i < rows * ids; ++i)
    values.push_back(kValues[static_cast<std::size_t>(random.below(std::ssize(kValues)))]);
  return at::tensor(values).view({rows, ids});
}

TEST(best_of_rows, is_the_head_of_a_stable_sort) {
  for (const std::int64_t ids : {1, 2, 7, 64, 130}) {
    for (const std::int64_t count : {1, 2, 3, 8, 130}) {
      if (count > ids) continue;
      const Tensor score_TN = scores(200, ids, static_cast<std::uint64_t>(ids * count));
      const Tensor sorted =
          std::get<1>(at::sort(score_TN, /*stable=*/true, /*dim=*/-1, /*descending=*/true));
      EXPECT_TRUE(best_of_rows(score_TN, count).equal(sorted.narrow(-1, 0, count)))
          << count << " of " << ids;
    }
  }
}

TEST(best_of_rows, takes_rows_that_are_not_in_a_row) {
  const Tensor score_TN = scores(9, 40, 3).t();
  EXPECT_TRUE(best_of_rows(score_TN, 2).equal(best_of_rows(score_TN.contiguous(), 2)));
  EXPECT_EQ(best_of_rows(score_TN.narrow(0, 0, 0), 2).sizes(), (std::vector<std::int64_t>{0, 2}));
}

TEST(best_of_rows, refuses_more_than_there_are) {
  EXPECT_THROW(best_of_rows(at::zeros({2, 3}), 4), Error);
  EXPECT_THROW(best_of_rows(at::zeros({2, 3}), 0), Error);
}

}  // namespace
}  // namespace moe
