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

TEST(sql, names_the_facts_in_which_two_descriptions_differ) {
  const auto between = [](const std::string& a, const std::string& b) {
    return cell(fmt::format("differences('{}', '{}')", a, b));
  };
  EXPECT_EQ(between(R"({"os": "Debian 12", "cores": 2, "gpu": ""})",
                    R"({"cores": 4, "os": "Debian 12", "limit": "AVX2", "empty": ""})"),
            Cell(std::string("cores: 2 → 4; limit: none → AVX2")));
  EXPECT_EQ(between(R"({"cpu_flags": ["fma", "avx2"], "caches": {"L1": "32K", "L2": "1M"}})",
                    R"({"cpu_flags": ["fma"], "caches": {"L1": "32K", "L2": "2M"}})"),
            Cell(std::string("cpu flags: fma avx2 → fma; caches L2: 1M → 2M")));
  EXPECT_EQ(between(R"({"a": 1, "b": [true]})", R"({"b": [true], "a": 1})"), Cell(std::string("")));
  EXPECT_EQ(between(R"({"a":1,"b":1,"c":1,"d":1,"e":1,"f":1})", "{}"),
            Cell(std::string("a: 1 → none; b: 1 → none; c: 1 → none; d: 1 → none; e: 1 → none; "
                             "f: 1 → none")));
  const Cell eight = between(R"({"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1})", "{}");
  EXPECT_TRUE(to_text(eight).ends_with("f: 1 → none; and 2 more")) << to_text(eight);
  EXPECT_THROW(between("{", "{}"), Error);
}

}  // namespace
}  // namespace moe
