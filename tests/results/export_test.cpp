// The export's lines are those that lm-evaluation-harness results are compared in.
#include <sstream>
#include <utility>

#include "results/catalogue.h"
#include "tests/results/export_fixture.h"

namespace moe {
namespace {

using nlohmann::json;
using testing::answer_of;
using testing::document_of;
using testing::plan_of;

using export_samples_ = testing::ExportTest;

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

TEST_F(export_samples_, leave_out_what_no_question_has) {
  fill(plan_of());
  const Metric speed = {"questions_per_s", "1/s", true, false};
  insert_value(store_, 1, {&speed, "", 20, 19, 21, 0.5, 4});
  for (const json& line : of_kind(lines(), "group"))
    EXPECT_FALSE(line.at("metrics").contains("questions_per_s,none")) << line;
}

/// Takes text and, once, deletes all answers while it does.
class DeletingBuffer : public std::stringbuf {
 public:
  explicit DeletingBuffer(std::filesystem::path store) : store_(std::move(store)) {}

 protected:
  std::streamsize xsputn(const char* text, std::streamsize size) override {
    if (!std::exchange(done_, true)) Store(store_).query("DELETE FROM answer");
    return std::stringbuf::xsputn(text, size);
  }

 private:
  std::filesystem::path store_;
  bool done_ = false;
};

TEST_F(export_samples_, are_of_one_moment_of_the_store) {
  fill(plan_of());
  DeletingBuffer buffer(store_.file());
  std::ostream out(&buffer);
  export_samples(store_, 1, {}, out);
  EXPECT_NE(buffer.str().find(R"("kind":"request")"), std::string::npos) << buffer.str();
  EXPECT_EQ(testing::cell(store_, "SELECT count(*) FROM answer"), "0");
}

}  // namespace
}  // namespace moe
