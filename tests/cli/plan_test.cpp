// What is planned from suites, targets and --set.
#include "cli/plan.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "tests/temporary_folder.h"

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

TEST(plan, a_groups_members_come_before_it_and_once) {
  const TemporaryFolder folder;
  const std::string group =
      folder
          .write("mine.toml",
                 "kind = \"group\"\nversion = 1\ntitle = \"mine\"\n[members]\n"
                 "a = {suite = \"world\", metric = \"acc\"}\n"
                 "b = {suite = \"world_letters\", shots = 5, metric = \"acc\"}\n")
          .string();
  const Plan plan = plan_of({"world_letters", group}, {}, 3);
  ASSERT_EQ(plan.cases.size(), 4U);  // letters with 0 and 5 examples, world, the group
  EXPECT_EQ(plan.suites[plan.cases[3].suite].name, "mine");
  EXPECT_EQ(plan.cases[3].members,
            (std::vector<std::string>{plan.cases[2].key, plan.cases[1].key}));
  EXPECT_EQ(plan_of({group}, {"dtype=f32,bf16"}).targets.size(), 2U);
  EXPECT_NE(refusal({group}, {"shots=0"}).find("it has none"), std::string::npos);
}

/// All data that are not there, each with its command.
TEST(plan, a_group_names_whatever_has_to_be_fetched_for_it) {
  const TemporaryFolder nothing;
  const char* before = std::getenv("MOEBENCH_DATA");
  const std::string kept = before == nullptr ? "" : before;
  setenv("MOEBENCH_DATA", nothing.path().c_str(), 1);  // NOLINT(concurrency-mt-unsafe): one thread
  const std::string message = refusal({"commonsense"}, {});
  const std::string bbh = refusal({"bbh"}, {}), pro = refusal({"mmlu_pro"}, {});
  if (before == nullptr) {
    unsetenv("MOEBENCH_DATA");  // NOLINT(concurrency-mt-unsafe): one thread
  } else {
    setenv("MOEBENCH_DATA", kept.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): one thread
  }
  for (const char* name : {"arc_easy", "boolq", "piqa", "social_iqa", "winogrande"})
    EXPECT_NE(message.find(fmt::format("`moebench fetch dataset {}`", name)), std::string::npos)
        << message;
  EXPECT_NE(bbh.find("`moebench fetch dataset bbh`"), std::string::npos) << bbh;
  EXPECT_NE(pro.find("`moebench fetch dataset mmlu_pro`"), std::string::npos) << pro;
}

TEST(plan, the_commas_between_a_targets_keys_divide_no_values) {
  EXPECT_EQ(parse_settings({"against=A@dtype=bf16,top_k=2,B,@top_k=4"}).at("against"),
            (std::vector<std::string>{"A@dtype=bf16,top_k=2", "B", "@top_k=4"}));
}

TEST(plan, a_case_held_against_another_target_is_another_one_where_that_changes) {
  const auto keys = [](const std::string& against) {
    const Plan plan = plan_of({"divergence"}, {"suite=world", "against=" + against});
    return plan.cases.at(0).dataset_digest;
  };
  EXPECT_NE(keys("@top_k=1"), keys("@top_k=2"));
  EXPECT_EQ(keys("@top_k=1"), keys("@top_k=1"));
  EXPECT_NE(refusal({"divergence"}, {"suite=world", "against=nowhere/at-all"}).find("nowhere"),
            std::string::npos);
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
