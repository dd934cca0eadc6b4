// Means of suites, and of the subjects of one.
#include "suites/group.h"

#include <gtest/gtest.h>

#include <set>

#include "harness/error.h"
#include "harness/statistics.h"
#include "suites/grading.h"
#include "tests/suites/case.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

Suite group_of(const std::string& members) {
  return parse_suite("kind = \"group\"\nversion = 1\ntitle = \"mine\"\n[members]\n" + members,
                     "mine");
}

CaseRecord::Member scored(const std::string& metric, double estimate, double error,
                          std::int64_t n) {
  return {{}, {{metric, estimate, error, n}}};
}

TEST(group, every_member_counts_alike_or_every_question) {
  const Suite suite = group_of(
      "b = {suite = \"world\", metric = \"acc\"}\n"
      "a = {suite = \"world_letters\", shots = 5, metric = \"acc\", weight = 3}\n");
  CaseRecord record;
  record.members = {scored("acc", 0.2, 0.03, 100), scored("acc", 0.6, 0.01, 300)};
  const Summary summary = find_kind("group").summarise(suite, record);
  EXPECT_EQ(summary.absent, "");
  // (1 * 0.2 + 3 * 0.6) / 4, and the standard error of that sum of two that are independent.
  EXPECT_DOUBLE_EQ(estimate(summary, "macro_mean"), 0.5);
  // (100 * 0.2 + 300 * 0.6) / 400, here with the same weights.
  EXPECT_DOUBLE_EQ(estimate(summary, "micro_mean"), 0.5);
  EXPECT_DOUBLE_EQ(estimate(summary, "member_score", "a"), 0.6);
  for (const Value& value : summary.values) {
    if (!value.scope.empty()) continue;
    EXPECT_DOUBLE_EQ(value.standard_error, std::sqrt(0.03 * 0.03 + 9 * 0.01 * 0.01) / 4);
    EXPECT_EQ(value.n, 400);
    EXPECT_NEAR(value.high - value.estimate, 1.96 * value.standard_error, 1e-5);
  }
}

TEST(group, of_members_that_do_not_vary_is_not_certain) {
  static constexpr Metric kMetric = {"m", "1", true, true};
  const MeanPart none[] = {{0, 0, 1}, {0, 0, 1}};
  const Value zero = weighted_mean(kMetric, "", none, 100);
  EXPECT_EQ(zero.low, wilson_interval(0, 100).low);
  EXPECT_EQ(zero.high, wilson_interval(0, 100).high);
  const MeanPart single[] = {{1, std::nan(""), 1}, {0.5, 0.1, 1}};
  const Value unknown = weighted_mean(kMetric, "", single, 30);
  EXPECT_EQ(unknown.low, 0);
  EXPECT_EQ(unknown.high, 1);
}

TEST(group, of_several_ways_to_ask_the_best_counts) {
  const Suite suite = group_of(
      "a = [{suite = \"world\", metric = \"acc\"}, {suite = \"world\", metric = \"acc_norm\"}, "
      "{suite = \"world_paraphrase\", metric = \"acc\"}]\n");
  CaseRecord record;
  record.members = {scored("acc", 0.4, 0.02, 50), scored("acc_norm", 0.7, 0.04, 50),
                    scored("acc", 0.5, 0.01, 60)};
  const Summary summary = find_kind("group").summarise(suite, record);
  EXPECT_EQ(estimate(summary, "macro_mean"), 0.7);
  EXPECT_EQ(estimate(summary, "member_score", "a"), 0.7);
}

TEST(group, has_no_values_and_says_why_where_a_member_is_not_whole) {
  const Suite suite = group_of(
      "a = {suite = \"world\", metric = \"acc\"}\n"
      "b = {suite = \"world_letters\", shots = 0, metric = \"acc\"}\n");
  CaseRecord record;
  record.members = {scored("acc", 0.4, 0.02, 50), {{Outcome::failed, "the disk is full"}, {}}};
  const Summary failed = find_kind("group").summarise(suite, record);
  EXPECT_TRUE(failed.values.empty());
  EXPECT_EQ(failed.absent, "its member world_letters is failed: the disk is full");
  record.members.back() = scored("acc_norm", 0.5, 0.1, 50);
  EXPECT_EQ(find_kind("group").summarise(suite, record).absent,
            "its member world_letters has no acc");
}

TEST(group, what_is_wrong_with_a_member_is_named) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> all = {
      {"", {"at least one"}},
      {"a = 3", {"[members]: a", "table"}},
      {"a = []", {"[members]: a", "at least one"}},
      {"a = {metric = \"acc\"}", {"a", "suite is missing"}},
      {"a = {suite = \"world\"}", {"a", "metric is missing"}},
      {"a = {suite = \"worlds\", metric = \"acc\"}", {"worlds", "world_letters"}},
      {"a = {suite = \"mine.toml\", metric = \"acc\"}", {"bundled"}},
      {"a = {suite = \"decode\", metric = \"acc\"}", {"decode", "no questions"}},
      {"a = {suite = \"olmes\", metric = \"macro_mean\"}", {"olmes", "group", "no questions"}},
      {"a = {suite = \"world\", metric = \"mc2\"}", {"world", "no value \"mc2\""}},
      {"a = {suite = \"world\", metric = \"acc_macro\"}", {"world", "acc_macro"}},
      {"a = {suite = \"gsm8k\", metric = \"acc\"}", {"gsm8k", "no value \"acc\""}},
      {"a = {suite = \"world\", metric = \"acc\", batch = 3}", {"batch", "shots"}},
      {"a = {suite = \"world_letters\", metric = \"acc\"}", {"world_letters", "several cases"}},
      {"a = {suite = \"world\", metric = \"acc\", weight = 0}", {"weight", "above 0"}},
      {"a = {suite = \"world\", metric = \"acc\"}\n[axes]\nshots = [0]", {"axes"}},
  };
  for (const auto& [members, says] : all) {
    const std::string message = message_of<Error>([&] { group_of(members); });
    for (const std::string& part : says)
      EXPECT_NE(message.find(part), std::string::npos) << members << ": " << message;
  }
}

TEST(group, of_openllm_v1_olmes_and_commonsense_have_these_members) {
  const auto named = [](const char* suite) {
    std::set<std::string> names;
    for (const GroupMember& member : group_members(find_suite(suite))) names.insert(member.name);
    return names;
  };
  EXPECT_EQ(named("openllm_v1"), (std::set<std::string>{"arc_challenge", "gsm8k", "hellaswag",
                                                        "mmlu", "truthfulqa_mc2", "winogrande"}));
  EXPECT_EQ(named("olmes").size(), 10U);
  EXPECT_EQ(named("commonsense").size(), 9U);
  for (const GroupMember& member : group_members(find_suite("olmes")))
    EXPECT_EQ(member.choices.size(), 2U) << member.name;
}

/// Two subjects of 4 and 2 questions, of which 1 and 2 are right: by hand, 3 of 6 and the mean of
/// 1/4 and 1.
TEST(grading, a_suite_with_groups_has_means_over_subjects_beside_those_over_questions) {
  const Suite suite = find_suite("mmlu");
  ByTask tasks;
  tasks["mmlu_anatomy"] = {1, 0, 0, 0};
  tasks["mmlu_virology"] = {1, 1};
  static constexpr Metric kMicro = {"m", "1", true, true}, kMacro = {"m_macro", "1", true, true};
  Summary summary;
  add_shares(suite, {kMicro, kMacro}, tasks, summary.values);
  EXPECT_DOUBLE_EQ(estimate(summary, "m"), 0.5);
  EXPECT_DOUBLE_EQ(estimate(summary, "m_macro"), 0.625);
  EXPECT_DOUBLE_EQ(estimate(summary, "m_macro", "mmlu_stem"), 0.25);
  EXPECT_DOUBLE_EQ(estimate(summary, "m_macro", "mmlu_other"), 1);
  // Of four scores with one 1 the standard error is sqrt((9/16 + 3/16) / 3) / 2 = 1/4, of equals 0.
  for (const Value& value : summary.values) {
    if (value.metric != &kMacro || !value.scope.empty()) continue;
    EXPECT_DOUBLE_EQ(value.standard_error, 0.125);
  }
  Summary world;
  add_shares(find_suite("world"), {kMicro, kMacro}, {{"world_people", {1, 0}}}, world.values);
  EXPECT_FALSE(names_of(world).contains("m_macro"));
}

}  // namespace
}  // namespace moe
