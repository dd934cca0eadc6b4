// The export's lines are those that lm-evaluation-harness results are compared in.
#include "results/export.h"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "results/recorder.h"
#include "tests/results/plans.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

using nlohmann::json;
using testing::answer_of;
using testing::document_of;
using testing::plan_of;

constexpr Metric kAcc = {"acc", "1", true, true};
constexpr Metric kAccNorm = {"acc_norm", "1", true, true};
constexpr Metric kImbalance = {"load_imbalance", "1", false, false};

class ExportTest : public ::testing::Test {
 protected:
  /// Two subjects of two questions with two choices, in every case; then the values of a run.
  void fill(const RunRow& plan) {
    Recorder run(store_, plan);
    for (std::size_t t = 0; t < plan.targets.size(); ++t) {
      const std::int64_t launch = run.begin_launch(plan.targets[t].identity, 0);
      for (const CaseRow& c : plan.cases) {
        if (c.target == t) fill_case(run, launch, c.key);
      }
    }
    run.end_run();
  }

  void fill_case(Recorder& run, std::int64_t launch, const std::string& key) const {
    for (const std::string task : {"quiz_a", "quiz_b"}) {
      for (std::int64_t document = 0; document < 2; ++document) {
        Document d = document_of(key, document);
        d.task = task;
        d.target = gold_;
        run.record(launch, d);
        for (std::int64_t choice = 0; choice < 2; ++choice) {
          Answer a = answer_of(key, document, choice);
          a.task = task;
          run.record(launch, a);
          a.filter = "second";
          run.record(launch, a);
        }
        run.write_metrics(key, task, document, R"({"acc":1.0,"acc_norm":0.0})");
      }
    }
    std::vector<Value> values;
    for (const std::string scope : {"", "quiz_a", "quiz_b", "quiz_group"}) {
      values.push_back({&kAcc, scope, 0.5, 0.4, 0.6, 0.1, 2});
      values.push_back({&kAccNorm, scope, 0.25, 0.2, 0.3, std::nan(""), 2});
    }
    values.push_back({&kImbalance, "", 2, 2, 2, std::nan(""), 1});
    values.push_back({&kImbalance, "layer.0", 2, 2, 2, std::nan(""), 1});
    run.write_values(key, values);
    run.end_case(key, {});
  }

  std::vector<json> lines(const ExportChoice& choice = {}) const {
    std::ostringstream out;
    export_samples(store_, 1, choice, out);
    std::vector<json> all;
    std::istringstream in(out.str());
    for (std::string line; std::getline(in, line);) {
      EXPECT_TRUE(line.starts_with(R"({"kind":")")) << line;
      all.push_back(json::parse(line));
    }
    return all;
  }

  static std::vector<json> of_kind(const std::vector<json>& all, const std::string& kind) {
    std::vector<json> some;
    for (const json& line : all) {
      if (line.at("kind") == kind) some.push_back(line);
    }
    return some;
  }

  std::string error(const ExportChoice& choice) const {
    return message_of<Error>([&] { lines(choice); });
  }

  std::string gold_ = "1";
  const TemporaryFolder folder_;
  Store store_{folder_.path() / "a.sqlite"};
};

using export_samples_ = ExportTest;

TEST_F(export_samples_, have_one_request_for_each_choice) {
  fill(plan_of());
  const auto requests = of_kind(lines(), "request");
  ASSERT_EQ(requests.size(), 8U) << "one for each choice, not for each filter";
  EXPECT_EQ(requests[1], json::parse(R"({"kind": "request", "task": "quiz_a", "doc": 0, "choice": 1,
      "context_tokens": 12, "continuation_tokens": 1, "tokens_sha256": "70", "continuation": " 1",
      "loglikelihood": -2.5, "is_greedy": false, "prompt_sha256": "90", "truncated_tokens": 0})"));
}

TEST_F(export_samples_, have_one_line_for_each_question) {
  fill(plan_of());
  const auto documents = of_kind(lines(), "doc");
  ASSERT_EQ(documents.size(), 4U);
  EXPECT_EQ(documents[0], json::parse(R"({"kind": "doc", "task": "quiz_a", "doc": 0,
      "filter": "none", "target": 1, "metrics": {"acc": 1.0, "acc_norm": 0.0}})"));
}

TEST_F(export_samples_, have_one_line_for_each_task_and_group_with_all_metrics) {
  RunRow plan = plan_of();
  plan.cases[0].point_json = R"({"shots":5})";
  fill(plan);
  const auto all = lines();
  EXPECT_EQ(of_kind(all, "task").size(), 2U);
  const auto groups = of_kind(all, "group");
  ASSERT_EQ(groups.size(), 2U) << "quiz and quiz_group; the use of experts is no score";
  EXPECT_EQ(groups[0], json::parse(R"({"kind": "group", "task": "quiz", "n": 2, "version": 3,
      "shots": 5, "metrics": {"acc,none": 0.5, "acc_stderr,none": 0.1, "acc_norm,none": 0.25,
      "acc_norm_stderr,none": "N/A"}})"));
  EXPECT_EQ(groups[1].at("task"), "quiz_group");
}

TEST_F(export_samples_, keep_a_gold_text_that_looks_like_a_number) {
  RunRow plan = plan_of();
  plan.suites[0].kind = "generation";
  gold_ = "42";
  fill(plan);
  EXPECT_EQ(of_kind(lines(), "doc").at(0).at("target"), "42");
}

TEST_F(export_samples_, of_a_perplexity_suite_are_pages_and_chunks) {
  RunRow plan = plan_of();
  plan.suites[0].kind = "perplexity";
  Recorder run(store_, plan);
  const std::int64_t launch = run.begin_launch("t0", 0);
  for (const std::string task : {"wikitext", "llamacpp"}) {
    Document d = document_of("c0", 0, 1);
    d.task = task;
    d.target = "";
    run.record(launch, d);
    Answer a = answer_of("c0", 0, 0);
    a.task = task;
    run.record(launch, a);
  }
  run.write_metrics("c0", "wikitext", 0, R"({"word_perplexity":[-9.5,4]})");
  run.end_case("c0", {});
  const auto all = lines();
  const auto requests = of_kind(all, "request");
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_FALSE(requests[0].contains("is_greedy"));
  EXPECT_FALSE(requests[0].contains("continuation"));
  EXPECT_EQ(of_kind(all, "chunk").size(), 1U) << "which the harness knows nothing of";
  EXPECT_FALSE(of_kind(all, "doc").at(0).contains("target"));
}

TEST_F(export_samples_, say_which_run_it_was) {
  RunRow plan = plan_of();
  plan.question_limit = -1;
  fill(plan);
  const json run = lines().front();
  EXPECT_EQ(run.at("kind"), "run");
  EXPECT_EQ(run.at("model"), "synthetic:tiny");
  EXPECT_TRUE(run.at("limit").is_null()) << "all questions";
}

/// Two targets of one short name, one case each.
RunRow two_targets() {
  RunRow plan = plan_of(2);
  plan.targets.push_back(plan.targets[0]);
  plan.targets[1].identity = "t1";
  plan.targets[1].spec = "synthetic:tiny@dtype=bf16";
  plan.cases[1].target = 1;
  return plan;
}

TEST_F(export_samples_, of_two_targets_of_one_name_are_not_mixed) {
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

TEST_F(export_samples_, of_two_points_of_a_suite_are_not_mixed) {
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

TEST_F(export_samples_, of_a_sweep_are_exported_when_it_is_named) {
  RunRow plan = plan_of();
  plan.suites[0].kind = "sparsity";
  fill(plan);
  EXPECT_NE(error({}).find("stored no questions of that choice"), std::string::npos);
  EXPECT_EQ(of_kind(lines({.target = {}, .suite = "quiz", .point = {}}), "doc").size(), 4U);
}

TEST_F(export_samples_, leave_out_the_prompts_of_timed_cases) {
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

TEST_F(export_samples_, of_a_run_that_is_not_there_are_an_error) {
  const std::string message = error({});
  EXPECT_NE(message.find("no run 1"), std::string::npos) << message;
  EXPECT_NE(message.find(store_.file().string()), std::string::npos) << message;
}

}  // namespace
}  // namespace moe
