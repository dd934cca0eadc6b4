// Which experts serve which subject: what is stored of a question, and what it says.
#include <gtest/gtest.h>

#include "harness/error.h"
#include "suites/information.h"
#include "tests/suites/case.h"

namespace moe {
namespace {

/// So many questions about each of `labels` subjects, all experts by label.
std::vector<Routed> sorted(std::size_t labels, std::int64_t each) {
  std::vector<Routed> questions;
  for (std::int64_t i = 0; i < each; ++i) {
    for (std::size_t label = 0; label < labels; ++label) {
      const auto expert = static_cast<std::int64_t>(label);
      questions.push_back({.label = label, .experts = {expert, 100 + expert}});
    }
  }
  return questions;
}

TEST(information, of_experts_that_follow_the_subject_is_all_there_is_to_know) {
  const std::vector<Routed> questions = sorted(8, 5);
  EXPECT_NEAR(label_entropy(questions), 3, 1e-12);
  EXPECT_NEAR(information(questions), 3, 1e-12);
}

TEST(information, of_experts_that_know_nothing_of_the_subject_is_none) {
  std::vector<Routed> questions;
  for (std::size_t i = 0; i < 64; ++i)
    questions.push_back({.label = i % 8, .experts = {static_cast<std::int64_t>(i / 8)}});
  EXPECT_NEAR(information(questions), 0, 1e-12);
  EXPECT_EQ(information({}), 0);
  EXPECT_EQ(label_entropy({}), 0);
}

TEST(information, by_chance_is_less_the_more_questions_there_are) {
  const double few = information_by_chance(sorted(8, 5)),
               many = information_by_chance(sorted(8, 500));
  EXPECT_GT(few, 0.3);
  EXPECT_LT(many, 0.02);
  EXPECT_GT(many, 0);
  EXPECT_EQ(few, information_by_chance(sorted(8, 5)));
}

TEST(specialisation, stores_the_experts_of_every_question_and_no_answer) {
  Case run("specialisation"), asked("world", {{"shots", 0}});
  run.task.limit = asked.task.limit = 3;
  EXPECT_EQ(run.run().outcome, Outcome::ok);
  asked.run();
  const auto documents = run.sink.all<Document>(), questions = asked.sink.all<Document>();
  ASSERT_EQ(documents.size(), questions.size());
  EXPECT_EQ(documents.back().task, questions.back().task);
  const Json facts = Json::parse(documents.front().facts_json);
  EXPECT_EQ(facts.at("experts").size(), 3U);
  EXPECT_FALSE(facts.contains("choices")) << "a store would wait for answers";
  EXPECT_TRUE(run.sink.all<Answer>().empty());
  EXPECT_TRUE(run.sink.all<RoutingCount>().empty());
}

TEST(specialisation, says_how_much_experts_tell_of_subject_and_attribute) {
  Case run("specialisation");
  CaseRecord record;
  for (std::int64_t i = 0; i < 40; ++i) {
    const std::int64_t subject = i % 4, attribute = i / 4 % 2;
    const Json facts = {{"attribute", attribute == 0 ? "size" : "colour"},
                        {"experts", {{subject}, Json::array(), {2 * subject + attribute}}}};
    record.documents.push_back({"case", fmt::format("world_{}", subject), i, "0", facts.dump()});
  }
  const Summary summary = run.kind.summarise(run.suite, record);
  EXPECT_NEAR(estimate(summary, "subject_entropy"), 2, 1e-12);
  EXPECT_NEAR(estimate(summary, "subject_information", "layer.0"), 2, 1e-12);
  EXPECT_NEAR(estimate(summary, "subject_information"), 2, 1e-12);
  EXPECT_TRUE(std::isnan(estimate(summary, "subject_information", "layer.1")));
  EXPECT_NEAR(estimate(summary, "attribute_entropy"), 3, 1e-12);
  EXPECT_NEAR(estimate(summary, "attribute_information", "layer.0"), 2, 1e-12);
  EXPECT_NEAR(estimate(summary, "attribute_information", "layer.2"), 3, 1e-12);
  EXPECT_LT(estimate(summary, "subject_information_by_chance"), 1);
  record.documents[7].facts_json = R"({"experts": [[0], [], [1]]})";
  EXPECT_FALSE(names_of(run.kind.summarise(run.suite, record)).contains("attribute_information"));
  record.documents[7].facts_json = "{}";
  EXPECT_THROW(run.kind.summarise(run.suite, record), Error);
}

TEST(specialisation, a_dense_model_is_skipped_and_a_plan_counts_one_prompt_a_question) {
  Case run("specialisation");
  FakeEngine dense(fake_config(0));
  EXPECT_EQ(run.kind.run(run.task, dense, run.sink).outcome, Outcome::skipped);
  run.task.limit = 2;
  const PlanSummary plan = run.kind.plan(run.task, Tokenizer::bytes(), 8192);
  EXPECT_EQ(plan.questions, plan.requests);
}

}  // namespace
}  // namespace moe
