// What is planned from suites, targets and --set.
#include "cli/plan.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/error.h"

namespace moe {
namespace {

constexpr const char* kTarget = "synthetic:demo-moe@layers=1";

Plan plan_of(const std::vector<std::string>& suites, const std::vector<std::string>& set,
             std::int64_t limit = -1) {
  return make_plan(
      {.suites = suites, .targets = {kTarget}, .settings = parse_settings(set), .limit = limit});
}

/// The values that the cases of a suite have of an axis, in order, each once.
std::vector<Json> values_of(const Plan& plan, std::string_view suite, const char* axis) {
  std::vector<Json> out;
  for (const PlannedCase& c : plan.cases) {
    if (plan.suites[c.suite].name != suite || !c.point.contains(axis)) continue;
    if (out.empty() || out.back() != c.point[axis]) out.push_back(c.point[axis]);
  }
  return out;
}

std::string refusal(const std::vector<std::string>& suites, const std::vector<std::string>& set,
                    std::int64_t limit = -1) {
  try {
    plan_of(suites, set, limit);
  } catch (const Error& error) {
    return error.what();
  }
  return "none";
}

TEST(plan, an_axis_is_set_in_the_suites_that_have_it) {
  const Plan plan = plan_of({"prefill", "decode"}, {"length=64", "batch=1"});
  EXPECT_EQ(values_of(plan, "prefill", "length"), std::vector<Json>{64});
  EXPECT_EQ(values_of(plan, "decode", "context"), (std::vector<Json>{128, 1024}));
  EXPECT_EQ(plan.targets.size(), 1U);
  EXPECT_EQ(plan.cases.size(), 3U);
}

TEST(plan, what_is_set_for_one_suite_comes_before_what_is_set_for_all) {
  const Plan plan = plan_of({"prefill", "decode"}, {"batch=1", "decode.batch=2", "length=64"});
  EXPECT_EQ(values_of(plan, "prefill", "batch"), std::vector<Json>{1});
  EXPECT_EQ(values_of(plan, "decode", "batch"), std::vector<Json>{2});
}

TEST(plan, a_key_of_the_target_makes_a_target_for_each_value) {
  EXPECT_EQ(plan_of({"world"}, {"top_k=1,2"}).targets.size(), 2U);
  EXPECT_EQ(plan_of({"sparsity"}, {"top_k=1,2"}).targets.size(), 1U) << "there it is an axis";
}

TEST(plan, what_means_nothing_is_refused_with_what_would) {
  const std::string typo = refusal({"prefill"}, {"prefill.lenth=64"});
  EXPECT_NE(typo.find("prefill.lenth: expected an axis of the suite (batch, length) or a key"),
            std::string::npos)
      << typo;
  EXPECT_NE(refusal({"prefill", "decode"}, {"lenth=64"}).find("(batch, context, length)"),
            std::string::npos);
  EXPECT_NE(refusal({"prefill"}, {"decode.batch=1"}).find("no suite \"decode\""),
            std::string::npos);
  EXPECT_NE(refusal({"prefill"}, {"batch=1,1"}).find("1 is given twice"), std::string::npos);
  EXPECT_NE(refusal({"world"}, {"top_k=2", "top_k=2"}).find("2 is given twice"), std::string::npos);
  EXPECT_NE(refusal({"prefill"}, {}, 5).find("no suite of this run asks questions"),
            std::string::npos);
  EXPECT_EQ(refusal({"prefill", "world"}, {}, 5), "none");
}

}  // namespace
}  // namespace moe
