// Intervals in SQL are those of harness/statistics.h.
#include <gtest/gtest.h>

#include "harness/error.h"
#include "harness/statistics.h"
#include "results/store.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

Cell cell(const std::string& expression) {
  const TemporaryFolder folder;
  const Store store(folder.path() / "a.sqlite");
  return store.query("SELECT " + expression).rows.at(0).at(0);
}

TEST(sql, has_the_intervals_of_the_program) {
  EXPECT_EQ(cell("wilson_low(8, 10)"), Cell(wilson_interval(8, 10).low));
  EXPECT_EQ(cell("wilson_high(8, 10)"), Cell(wilson_interval(8, 10).high));
  EXPECT_EQ(cell("paired_low(0, 0, 2)"), Cell(paired_share_interval(0, 0, 2).low));
  EXPECT_EQ(cell("paired_high(5, 1, 20)"), Cell(paired_share_interval(5, 1, 20).high));
  const Interval ratio = quotient_interval({6, 5, 7}, {3, 2, 4});
  EXPECT_EQ(cell("ratio_low(6, 5, 7, 3, 2, 4)"), Cell(ratio.low));
  EXPECT_EQ(cell("ratio_high(6, 5, 7, 3, 2, 4)"), Cell(ratio.high));
}

TEST(sql, has_no_interval_of_nothing) {
  EXPECT_EQ(cell("wilson_low(NULL, 10)"), Cell(nullptr));
  EXPECT_EQ(cell("ratio_low(0, 0, 0, 3, 2, 4)"), Cell(nullptr));
}

TEST(sql, says_what_is_wrong_with_an_argument) {
  EXPECT_THROW(cell("wilson_low(3, 2)"), Error);
}

TEST(sql, makes_a_point_readable) {
  EXPECT_EQ(cell(R"(readable('{"batch":8,"numerics":"fast"}'))"),
            Cell(std::string("batch 8, numerics fast")));
}

}  // namespace
}  // namespace moe
