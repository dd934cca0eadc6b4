// Whole cases of the kind that scores texts.
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <utility>

#include "datasets/dataset.h"
#include "harness/error.h"
#include "suites/wikitext.h"
#include "tests/goldens/lm_eval/golden.h"
#include "tests/suites/case.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

/// WikiText-2's own pages; only they have the digests that its dataset pins.
class Perplexity : public testing::Test {
 protected:
  void SetUp() override {
    const char* data = std::getenv("MOEBENCH_DATA");
    if (data == nullptr) GTEST_SKIP() << "MOEBENCH_DATA is not set: no WikiText-2";
    run_.task.data_root = data;
    run_.task.limit = 3;
  }
  std::set<std::pair<std::string, std::int64_t>> asked() const {
    std::set<std::pair<std::string, std::int64_t>> out;
    for (const Answer& answer : run_.sink.all<Answer>())
      EXPECT_TRUE(out.emplace(answer.task, answer.document).second);
    return out;
  }

  Case run_{"wikitext2"};
};

TEST_F(Perplexity, pages_and_chunks_are_asked_as_many_as_the_limit_says) {
  EXPECT_EQ(run_.run().outcome, Outcome::ok);
  EXPECT_EQ(asked(), (std::set<std::pair<std::string, std::int64_t>>{{"wikitext", 0},
                                                                     {"wikitext", 1},
                                                                     {"wikitext", 2},
                                                                     {"llamacpp", 0},
                                                                     {"llamacpp", 1},
                                                                     {"llamacpp", 2}}));
  EXPECT_EQ(run_.sink.all<Document>().size(), 6U);
  EXPECT_TRUE(run_.sink.all<LogLine>().empty());
  const auto page = load(find_dataset("wikitext2"), "", "test", run_.task.data_root).at(0);
  const Json facts = Json::parse(run_.sink.all<Document>()[0].facts_json);
  EXPECT_EQ(facts["words"], words_of(page.question));
  EXPECT_EQ(facts["bytes"], page.question.size());
  for (const Answer& answer : run_.sink.all<Answer>()) {
    if (answer.task == "llamacpp") {
      EXPECT_EQ(answer.continuation_tokens, 255);
    } else if (answer.document == 0) {  // bytes, and the tokenizer's own BOS
      EXPECT_EQ(answer.continuation_tokens, 1 + wikitext_detokenized(page.question).size());
    }
  }
  EXPECT_EQ(names_of(run_.summary()),
            (std::set<std::string>{"word_perplexity", "byte_perplexity", "bits_per_byte",
                                   "llamacpp_perplexity", "load_imbalance", "routing_entropy",
                                   "dead_experts"}));
}

TEST_F(Perplexity, what_is_done_is_not_asked_again) {
  run_.task.done = {{"wikitext", 0}, {"wikitext", 2}, {"llamacpp", 1}};
  run_.run();
  EXPECT_EQ(asked(), (std::set<std::pair<std::string, std::int64_t>>{
                         {"wikitext", 1}, {"llamacpp", 0}, {"llamacpp", 2}}));
}

TEST_F(Perplexity, a_model_shorter_than_a_chunk_is_told_that_this_metric_is_left_out) {
  Config config = fake_config();
  config.max_positions = 256;
  FakeEngine small(config);
  EXPECT_EQ(run_.kind.run(run_.task, small, run_.sink).outcome, Outcome::ok);
  ASSERT_EQ(run_.sink.all<LogLine>().size(), 1U);
  const LogLine line = run_.sink.all<LogLine>()[0];
  EXPECT_EQ(line.level, "warning");
  EXPECT_NE(line.text.find("llamacpp_perplexity"), std::string::npos) << line.text;
  EXPECT_NE(line.text.find("512"), std::string::npos) << line.text;
  EXPECT_EQ(asked().size(), 3U);
  EXPECT_EQ(run_.kind.plan(run_.task, small.tokenizer(), 256).questions, 3);
}

TEST_F(Perplexity, a_plan_counts_what_a_run_asks) {
  const PlanSummary plan = run_.kind.plan(run_.task, run_.engine.tokenizer(), 8192);
  run_.run();
  EXPECT_EQ(plan.questions, 6);
  EXPECT_EQ(plan.requests, run_.engine.requests_scored);
  EXPECT_EQ(plan.truncated_requests, 0);
  std::int64_t scored = 0;  // the model's inputs hold every scored token but the last, and more
  for (const Answer& answer : run_.sink.all<Answer>()) scored += answer.continuation_tokens;
  EXPECT_GE(plan.prompt_tokens, scored);
  EXPECT_LE(plan.shared_tokens, plan.prompt_tokens);
}

TEST(perplexity, a_fact_that_is_broken_in_the_store_names_case_task_and_document) {
  for (const char* facts : {"{", "{}", R"({"words": "many", "bytes": 3})", R"({"words": 1})"}) {
    CaseRecord record;
    record.documents.push_back({"case", "wikitext", 4, "", facts});
    Answer& answer = record.answers.emplace_back();
    answer.task = "wikitext";
    answer.document = 4;
    answer.log_likelihood = -1;
    const std::string message = message_of<Error>(
        [&] { find_kind("perplexity").summarise(find_suite("wikitext2"), record); });
    EXPECT_NE(message.find("case case, task wikitext, document 4"), std::string::npos)
        << facts << ": " << message;
  }
}

TEST(perplexity, of_known_log_likelihoods_is_lm_evals) {
  const Json golden = lm_eval_golden("wikitext.json")["perplexity"];
  const Suite suite = find_suite("wikitext2");
  CaseRecord record;
  std::int64_t index = 0;
  for (const Json& d : golden["documents"]) {
    const Json facts = {{"choices", 1}, {"words", d[1]}, {"bytes", d[2]}};
    record.documents.push_back({"case", "wikitext", index, "", facts.dump()});
    Answer& answer = record.answers.emplace_back();
    answer.task = "wikitext";
    answer.document = index++;
    answer.log_likelihood = d[0];
  }
  const Summary summary = find_kind("perplexity").summarise(suite, record);
  for (const auto& [metric, value] : golden["values"].items())
    EXPECT_NEAR(estimate(summary, metric), value, 1e-9 * value.get<double>()) << metric;
  EXPECT_EQ(summary.documents.size(), 62U);
  EXPECT_TRUE(std::isnan(estimate(summary, "llamacpp_perplexity")));
}

TEST(perplexity, of_chunks_is_per_token_under_its_own_name) {
  CaseRecord record;
  for (std::int64_t i = 0; i < 3; ++i) {
    record.documents.push_back({"case", "llamacpp", i, "", R"({"choices": 1, "tokens": 4})"});
    Answer& answer = record.answers.emplace_back();
    answer.task = "llamacpp";
    answer.document = i;
    answer.log_likelihood = -4.0 * static_cast<double>(i + 1);
  }
  const Summary summary = find_kind("perplexity").summarise(find_suite("wikitext2"), record);
  EXPECT_NEAR(estimate(summary, "llamacpp_perplexity"), std::exp(2.0), 1e-9);
  EXPECT_TRUE(std::isnan(estimate(summary, "word_perplexity")));
}

}  // namespace
}  // namespace moe
