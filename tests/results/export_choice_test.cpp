// An export is of one target and asks every task once; what could be mixed is an Error.
#include "tests/results/export_fixture.h"

namespace moe {
namespace {

using testing::document_of;
using testing::plan_of;

using export_choice = testing::ExportTest;

/// Two targets of one short name, one case each.
RunRow two_targets() {
  RunRow plan = plan_of(2);
  plan.targets.push_back(plan.targets[0]);
  plan.targets[1].identity = "t1";
  plan.targets[1].spec = "synthetic:tiny@dtype=bf16";
  plan.cases[1].target = 1;
  return plan;
}

TEST_F(export_choice, of_two_targets_of_one_name_are_not_mixed) {
  fill(two_targets());
  for (const std::string name : {"", "tiny"}) {
    const std::string message = error({.target = name, .suite = {}, .point = {}});
    EXPECT_NE(message.find("run 1 has 2 targets"), std::string::npos) << message;
    EXPECT_NE(message.find("\"synthetic:tiny\", \"synthetic:tiny@dtype=bf16\""), std::string::npos)
        << message;
  }
  for (const std::string one : {"synthetic:tiny@dtype=bf16", "t1"}) {
    const auto all = lines({.target = one, .suite = {}, .point = {}});
    EXPECT_EQ(of_kind(all, "request").size(), 8U);
    EXPECT_EQ(all.front().at("model"), "synthetic:tiny@dtype=bf16");
  }
  EXPECT_NE(error({.target = "other", .suite = {}, .point = {}}).find("has no target \"other\""),
            std::string::npos);
}

TEST_F(export_choice, of_two_points_of_a_suite_are_not_mixed) {
  fill(plan_of(2));
  const std::string message = error({});
  EXPECT_NE(message.find(R"(choose one with --suite quiz --point '{"shots":0}' or --suite quiz )"
                         R"(--point '{"shots":1}')"),
            std::string::npos)
      << message;
  const auto all = lines({.target = {}, .suite = "quiz", .point = R"({ "shots": 1 })"});
  EXPECT_EQ(of_kind(all, "request").size(), 8U);
  EXPECT_EQ(of_kind(all, "group").at(0).at("shots"), 1);
}

TEST_F(export_choice, of_a_sweep_are_exported_when_it_is_named) {
  RunRow plan = plan_of();
  plan.suites[0].kind = "sparsity";
  fill(plan);
  EXPECT_NE(error({}).find("stored no questions of that choice"), std::string::npos);
  EXPECT_EQ(of_kind(lines({.target = {}, .suite = "quiz", .point = {}}), "doc").size(), 4U);
}

TEST_F(export_choice, leave_out_the_prompts_of_timed_cases) {
  RunRow plan = plan_of(3);
  plan.suites.push_back(plan.suites[0]);
  plan.suites[1].name = plan.suites[1].kind = plan.suites[1].sha256 = "decode";
  plan.cases[1].suite = plan.cases[2].suite = 1;
  Recorder run(store_, plan);
  const std::int64_t launch = run.begin_launch("t0", 0);
  fill_case(run, launch, "c0");
  for (const std::string key : {"c1", "c2"}) {
    Document prompt = document_of(key, 0, 0);
    prompt.task = "prompts.decode";
    run.record(launch, prompt);
    run.end_case(key, {});
  }
  EXPECT_EQ(of_kind(lines(), "doc").size(), 4U);
}

TEST_F(export_choice, of_a_run_that_is_not_there_are_an_error) {
  const std::string message = error({});
  EXPECT_NE(message.find("no run 1"), std::string::npos) << message;
  EXPECT_NE(message.find(store_.file().string()), std::string::npos) << message;
}

}  // namespace
}  // namespace moe
