#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "harness/error.h"
#include "reports/compare.h"
#include "tests/reports/fixture.h"

namespace moe::testing {
namespace {

struct Row {
  std::string verdict, how;
  double difference = 0;
};

Row row_of(const Table& table, const std::string& suite, const std::string& point,
           const std::string& metric, const std::string& scope = "") {
  const auto at = [&](const std::vector<Cell>& row, std::string_view column) {
    return row[static_cast<std::size_t>(std::ranges::find(table.columns, column) -
                                        table.columns.begin())];
  };
  for (const auto& row : table.rows) {
    if (to_text(at(row, "suite")) != suite || to_text(at(row, "point")) != point) continue;
    if (to_text(at(row, "metric")) != metric || to_text(at(row, "scope")) != scope) continue;
    return {.verdict = to_text(at(row, "verdict")),
            .how = to_text(at(row, "how")),
            .difference = std::get<double>(at(row, "difference [+=unit]"))};
  }
  ADD_FAILURE() << "no row " << suite << " " << point << " " << metric;
  return {};
}

Table compared(const Store& store, const std::string& a, const std::string& b) {
  return compare(store, find_side(store, a), find_side(store, b));
}

class Comparison : public ::testing::Test {
 protected:
  void SetUp() override { fill(temporary_.store()); }
  TemporaryStore temporary_;
};

TEST_F(Comparison, pairs_accuracy_by_question) {
  const Row row = row_of(compared(temporary_.store(), kDense, kMixture), "world", "{}", "acc");
  EXPECT_EQ(row.how, "paired by question");
  EXPECT_EQ(row.verdict, "better");
  EXPECT_NEAR(row.difference, 0.25, 1e-12);
}

TEST_F(Comparison, says_slower_of_the_second_where_its_steps_take_longer) {
  const Row row = row_of(compared(temporary_.store(), kDense, kMixture), "decode",
                         R"({"batch":4,"context":128})", "step_s");
  EXPECT_EQ(row.how, "Welch over launches");
  EXPECT_EQ(row.verdict, "slower");
}

TEST_F(Comparison, turns_round_with_its_sides) {
  const Table table = compared(temporary_.store(), kMixture, kDense);
  EXPECT_EQ(row_of(table, "world", "{}", "acc").verdict, "worse");
  EXPECT_EQ(row_of(table, "decode", R"({"batch":4,"context":128})", "tokens_per_s").verdict,
            "faster");
}

TEST_F(Comparison, of_a_target_with_itself_is_never_a_difference) {
  const Table table = compared(temporary_.store(), kDense, kDense);
  EXPECT_FALSE(table.rows.empty());
  for (const auto& row : table.rows) {
    const std::string verdict = to_text(row[kComparedVerdict]);
    EXPECT_TRUE(verdict == "same" || verdict == "unsure") << verdict;
  }
}

TEST_F(Comparison, of_a_run_with_itself_sets_each_target_beside_itself) {
  const Table table = compared(temporary_.store(), "1", "1");
  EXPECT_NEAR(row_of(table, "world", "{}", "acc").difference, 0, 1e-12);
}

TEST_F(Comparison, of_something_unknown_says_what_there_is) {
  try {
    find_side(temporary_.store(), "typo");
    FAIL() << "no error";
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("typo"), std::string::npos);
    EXPECT_NE(message.find(kDense), std::string::npos);
    EXPECT_NE(message.find("2 runs"), std::string::npos);
  }
}

TEST_F(Comparison, with_nothing_in_common_is_empty) {
  EXPECT_TRUE(compared(temporary_.store(), kHostile, kMixture).rows.empty());
}

}  // namespace
}  // namespace moe::testing
