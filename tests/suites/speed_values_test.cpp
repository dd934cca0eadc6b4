// From samples of timed steps to speeds and their intervals.
#include <gtest/gtest.h>

#include "suites/timing.h"

namespace moe {
namespace {

constexpr Metric kRate = {"tokens_per_s", "1/s", true, false};
constexpr Metric kStep = {"step_s", "s", false, false};

CaseRecord record_of(const std::vector<std::vector<double>>& launches, double tokens,
                     const std::string& scope = "") {
  CaseRecord record;
  for (std::size_t l = 0; l < launches.size(); ++l) {
    auto& launch = record.launches.emplace_back();
    launch.number = static_cast<std::int64_t>(l);
    std::int64_t index = 0;
    for (const double seconds : launches[l]) {
      launch.samples.push_back({"case", "step_s", scope, index, seconds});
      launch.samples.push_back({"case", "step_tokens", scope, index++, tokens});
    }
  }
  return record;
}

std::vector<Value> speed_of(const CaseRecord& record, std::string_view scope = "") {
  std::vector<Value> values;
  add_speed_values(record, scope, kRate, kStep, values);
  return values;
}

TEST(speed_values, throughput_is_all_tokens_over_all_time_and_a_step_takes_the_median) {
  const auto values = speed_of(record_of({{0.1, 0.1, 0.4, 0.2}}, 8));
  ASSERT_EQ(values.size(), 2U);
  EXPECT_NEAR(values[0].estimate, 32 / 0.8, 1e-9);  // not the mean of 80, 80, 20, 40
  EXPECT_NEAR(values[1].estimate, 0.15, 1e-12);
  for (const Value& value : values) {
    EXPECT_LE(value.low, value.estimate);
    EXPECT_GE(value.high, value.estimate);
    EXPECT_EQ(value.n, 4);
  }
}

TEST(speed_values, launches_that_differ_widen_the_interval_whatever_their_samples_agree_on) {
  const auto values = speed_of(record_of({{0.1, 0.1}, {0.2, 0.2}, {0.1, 0.1}}, 8));
  EXPECT_NEAR(values[0].estimate, 48 / 0.8, 1e-9);
  EXPECT_LT(values[0].low, 40);  // 80, 40 and 80 tokens a second
  EXPECT_GT(values[0].high, 80);
  EXPECT_EQ(values[1].n, 6);
}

TEST(speed_values, an_estimate_lies_in_its_interval_however_long_each_launch_was) {
  std::vector<std::vector<double>> launches(10, {0.1, 0.101});
  launches[3] = std::vector<double>(200, 0.2);  // the slow one has most samples
  for (const Value& value : speed_of(record_of(launches, 8))) {
    EXPECT_LE(value.low, value.estimate) << value.metric->name;
    EXPECT_GE(value.high, value.estimate) << value.metric->name;
  }
}

TEST(speed_values, samples_of_another_scope_or_none_give_no_values) {
  EXPECT_TRUE(speed_of(record_of({{0.1}}, 8, "prefill"), "decode").empty());
  EXPECT_EQ(speed_of(record_of({{0.1}}, 8, "prefill"), "prefill").size(), 2U);
  EXPECT_TRUE(speed_of({}).empty());
}

}  // namespace
}  // namespace moe
