// Whole cases of the kinds that ask questions.
#include "suites/questions.h"

#include <gtest/gtest.h>

#include <set>
#include <tuple>

#include "harness/error.h"
#include "tests/suites/case.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

TEST(multiple_choice, asks_every_question_once_and_keeps_what_was_asked) {
  Case run("world", {{"shots", 0}});
  EXPECT_EQ(run.run().outcome, Outcome::ok);
  EXPECT_EQ(run.sink.all<Document>().size(), 8U * 180);
  std::set<std::tuple<std::string, std::int64_t, std::int64_t>> seen;
  for (const Answer& answer : run.sink.all<Answer>()) {
    EXPECT_TRUE(seen.emplace(answer.task, answer.document, answer.choice).second);
    EXPECT_GT(answer.context_tokens, 0);
    EXPECT_EQ(answer.prompt_sha256.size(), 64U);
  }
  EXPECT_EQ(seen.size(), 8U * 180 * 4);
  const double acc = estimate(run.summary(), "acc");
  EXPECT_GT(acc, 0.1);  // answers by chance
  EXPECT_LT(acc, 0.4);
  EXPECT_EQ(names_of(run.summary()),
            (std::set<std::string>{"acc", "acc_norm", "ece", "exact", "load_imbalance",
                                   "routing_entropy", "dead_experts", "ties"}));
}

TEST(multiple_choice, whatever_a_worker_was_killed_at_no_answer_is_without_its_routing) {
  Case run("world", {{"shots", 0}});
  run.task.limit = 1;  // 32 requests, four steps
  run.engine.counts = true;
  run.engine.step_s = 0.3;
  run.run();
  std::int64_t routed = 0, answered = 0, times = 0;
  bool in_answers = false;
  for (const Event& event : run.sink.events()) {
    if (const auto* count = std::get_if<RoutingCount>(&event)) {
      EXPECT_EQ(routed, answered) << "routing goes out with all that its steps answered";
      routed += count->tokens;
    }
    const bool is_answer = std::holds_alternative<Answer>(event);
    answered += is_answer ? 1 : 0;
    times += is_answer && !in_answers ? 1 : 0;
    in_answers = is_answer;
    EXPECT_GE(routed, answered);
  }
  EXPECT_EQ(routed, 32);
  EXPECT_EQ(answered, 32);
  EXPECT_GE(times, 2) << "in the course of the work, not all at its end";
}

TEST(multiple_choice, limit_and_done_leave_questions_out_and_the_rest_is_unchanged) {
  Case whole("world", {{"shots", 0}}), rest("world", {{"shots", 0}});
  whole.task.limit = rest.task.limit = 3;
  whole.run();
  EXPECT_EQ(whole.sink.all<Document>().size(), 8U * 3);
  rest.task.done = {{"world_planets", 0}, {"world_planets", 2}, {"world_people", 1}};
  rest.run();
  EXPECT_EQ(rest.sink.all<Document>().size(), 8U * 3 - 3);
  CaseRecord record = rest.record();  // and what an earlier launch had answered
  for (const Document& d : whole.sink.all<Document>()) {
    if (rest.task.done.contains({d.task, d.document})) record.documents.push_back(d);
  }
  for (const Answer& a : whole.sink.all<Answer>()) {
    if (rest.task.done.contains({a.task, a.document})) record.answers.push_back(a);
  }
  sort_answers(record);
  EXPECT_EQ(estimate(rest.kind.summarise(rest.suite, record), "acc"),
            estimate(whole.summary(), "acc"));
}

TEST(multiple_choice, an_answer_that_is_not_a_number_stops_the_case_and_names_the_question) {
  Case run("world", {{"shots", 0}});
  run.task.limit = 1;
  run.engine.offset = std::nan("");
  const std::string message = message_of<Error>([&] { run.run(); });
  EXPECT_NE(message.find("world_"), std::string::npos) << message;
}

TEST(multiple_choice, answers_by_letter_are_as_long_as_letters) {
  Case run("world_letters", {{"shots", 5}});
  run.task.limit = 2;
  for (const Question& question : questions_of(run.task, run.engine.tokenizer())) {
    const Json facts = Json::parse(question.document.facts_json);
    EXPECT_EQ(facts["characters"], Json({1, 1, 1, 1}));
  }
}

TEST(multiple_choice, more_examples_than_the_split_has_are_an_error) {
  Case run("world_letters", {{"shots", 6}});
  const std::string message = message_of<Error>([&] { run.run(); });
  EXPECT_NE(message.find("shots=6"), std::string::npos) << message;
}

TEST(multiple_choice, a_plan_counts_what_a_run_asks) {
  Case run("world_letters", {{"shots", 5}});
  run.task.limit = 2;
  const PlanSummary plan = run.kind.plan(run.task, run.engine.tokenizer(), 8192);
  run.run();
  EXPECT_EQ(plan.questions, 16);
  EXPECT_EQ(plan.requests, run.engine.requests_scored);
  EXPECT_LT(plan.shared_tokens, plan.prompt_tokens / 4);
  EXPECT_EQ(plan.truncated_requests, 0);
  EXPECT_EQ(run.kind.plan(run.task, run.engine.tokenizer(), 100).truncated_requests, 64);
}

}  // namespace
}  // namespace moe
