// Audits: the same questions asked twice, and what is said of the difference.
#include "suites/audited.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "harness/error.h"
#include "models/target_keys.h"
#include "tests/suites/case.h"

namespace moe {
namespace {

/// The bundled world in 8 subjects: 2 questions of each, with 4 choices.
struct Audit : Case {
  explicit Audit(std::string_view name) : Case(name, {{"suite", "world"}}) {
    task.limit = 2;
    task.target = "fake";
    engine.set_invariant(true);
  }
};

constexpr double kLikelihoods = 8 * 2 * 4;

double n_of(const Summary& summary, std::string_view metric, std::string_view scope = "") {
  for (const Value& value : summary.values) {
    if (value.metric->name == metric && value.scope == scope) return static_cast<double>(value.n);
  }
  return -1;
}

TEST(audit, of_an_engine_whose_rows_are_their_own_finds_no_bit_that_differs) {
  for (const auto& [suite, askings] :
       {std::pair("audit_sharing", 1), std::pair("audit_batch", 4)}) {
    Audit run(suite);
    EXPECT_EQ(run.run().outcome, Outcome::ok);
    const Summary summary = run.summary();
    EXPECT_EQ(estimate(summary, "differing_log_likelihoods"), 0) << suite;
    EXPECT_EQ(n_of(summary, "differing_log_likelihoods"), askings * kLikelihoods) << suite;
    EXPECT_EQ(estimate(summary, "max_log_likelihood_difference"), 0);
    EXPECT_EQ(n_of(summary, "flipped_answers"), askings * 16);
    EXPECT_EQ(summary.verdict.outcome, Outcome::ok);
    EXPECT_EQ(run.engine.requests_scored, (1 + askings) * kLikelihoods);
  }
}

TEST(audit, of_an_engine_that_promises_equal_bits_and_gives_others_is_wrong) {
  Audit run("audit_sharing");
  run.engine.by_neighbour = 1e-9;
  EXPECT_EQ(run.run().outcome, Outcome::ok);
  const Summary summary = run.summary();
  EXPECT_EQ(estimate(summary, "differing_log_likelihoods"), kLikelihoods);
  // Of 64 requests together and of one: 63 times 1e-9, to the rounding of numbers below 32.
  EXPECT_NEAR(estimate(summary, "max_log_likelihood_difference"), 63e-9, 8e-15);
  EXPECT_EQ(summary.verdict.outcome, Outcome::wrong);
  EXPECT_NE(summary.verdict.reason.find("64 of 64"), std::string::npos) << summary.verdict.reason;
  Audit humble("audit_sharing");
  humble.engine.by_neighbour = 1e-9;
  humble.engine.set_invariant(false);
  humble.run();
  EXPECT_EQ(humble.summary().verdict.outcome, Outcome::ok) << "it promised nothing";
  EXPECT_EQ(estimate(humble.summary(), "differing_log_likelihoods"), kLikelihoods);
}

TEST(audit, of_batches_says_which_of_them_differ) {
  Audit run("audit_batch");
  run.engine.by_neighbour = 1e-9;
  run.run();
  const Summary summary = run.summary();
  EXPECT_EQ(estimate(summary, "differing_log_likelihoods", "shuffled"), 0) << "all at once again";
  for (const char* scope : {"by_2", "by_7", "by_32"})
    EXPECT_EQ(estimate(summary, "differing_log_likelihoods", scope), kLikelihoods) << scope;
  EXPECT_EQ(estimate(summary, "differing_log_likelihoods"), 3 * kLikelihoods);
  EXPECT_EQ(summary.verdict.outcome, Outcome::wrong);
}

TEST(audit, stores_both_askings_and_says_how_many_answers_make_a_question_done) {
  Audit run("audit_sharing");
  run.run();
  for (const Document& document : run.sink.all<Document>())
    EXPECT_EQ(Json::parse(document.facts_json).at("answers"), 8);
  const auto answers = run.sink.all<Answer>();
  EXPECT_EQ(std::ranges::count(answers, "none", &Answer::filter), kLikelihoods);
  EXPECT_EQ(std::ranges::count(answers, "alone", &Answer::filter), kLikelihoods);
}

TEST(audit, counts_the_questions_that_were_asked_both_ways_alone) {
  Audit run("audit_sharing");
  run.run();
  CaseRecord record = run.record();
  std::erase_if(record.answers, [](const Answer& answer) {
    return answer.filter == "alone" && (answer.document == 1 || answer.choice == 3);
  });
  const Summary cut = run.kind.summarise(run.suite, record);
  EXPECT_EQ(cut.verdict.outcome, Outcome::failed) << "of no question are all choices there twice";
  record = run.record();
  std::erase_if(record.answers, [](const Answer& answer) {
    return answer.filter == "alone" && answer.document == 1;
  });
  EXPECT_EQ(n_of(run.kind.summarise(run.suite, record), "flipped_answers"), 8);
}

TEST(audit, of_numerics_holds_scores_answers_and_experts_against_the_reference) {
  Audit run("audit_numerics");
  std::string opened;
  run.task.open = [&opened](const std::string& target) {
    opened = target;
    auto reference = std::make_unique<FakeEngine>(fake_config());
    reference->offset = 0.5;  // equal for all choices: no answer changes
    reference->expert_shift = 100;
    return reference;
  };
  EXPECT_EQ(run.run().outcome, Outcome::ok);
  EXPECT_EQ(opened, "fake@numerics=reference");
  const Summary summary = run.summary();
  EXPECT_EQ(summary.verdict.outcome, Outcome::ok) << "nobody promised the reference's bits";
  EXPECT_EQ(estimate(summary, "max_log_likelihood_difference"), 0.5);
  EXPECT_EQ(estimate(summary, "flipped_answers"), 0);
  EXPECT_EQ(estimate(summary, "flipped_expert_choices", "layer.0"), 0);
  EXPECT_EQ(estimate(summary, "flipped_expert_choices", "layer.2"), 16) << "one of its two";
  EXPECT_EQ(n_of(summary, "flipped_expert_choices", "layer.2"), 32);
  EXPECT_EQ(n_of(summary, "flipped_expert_choices"), 48);
}

TEST(audit, of_numerics_says_why_there_is_no_reference) {
  Audit run("audit_numerics");
  run.task.target = "fake@numerics=reference";
  EXPECT_EQ(run.run().outcome, Outcome::skipped);
  run.task.target = "fake";
  run.task.open = [](const std::string&) -> std::unique_ptr<Engine> {
    require(false, "not enough memory for it");
    return nullptr;
  };
  EXPECT_THROW(run.run(), Error);
  EXPECT_TRUE(run.sink.all<Answer>().empty()) << "known before anything was asked";
}

TEST(audit, asks_about_as_many_questions_as_it_is_told_with_the_most_examples) {
  Case run("audit_sharing", {{"suite", "world_letters"}});
  const PlanSummary plan = run.kind.plan(run.task, run.engine.tokenizer(), 8192);
  EXPECT_EQ(plan.questions, 8 * 15) << "114 of 8 subjects, rounded up";
  EXPECT_GT(plan.prompt_tokens / plan.requests, 400) << "five examples, not none";
}

TEST(audit, is_another_case_where_its_questions_are_others) {
  const Suite audit = find_suite("audit_sharing");
  EXPECT_NE(data_digest(audit, {{"suite", "world"}}, ""),
            data_digest(audit, {{"suite", "world_letters"}}, ""));
  EXPECT_EQ(data_digest(audit, {{"suite", "world"}}, ""),
            data_digest(audit, {{"suite", "world"}}, ""));
}

TEST(reference_of, is_the_same_target_without_what_the_reference_does_not_have) {
  EXPECT_EQ(reference_of("a%40b@dtype=bf16,weights=int8"), "a%40b@dtype=bf16,numerics=reference");
  EXPECT_EQ(reference_of("m@numerics=reference"), std::nullopt);
  EXPECT_EQ(reference_of("m@device=cuda"), std::nullopt) << "a GPU runs on the reference";
}

}  // namespace
}  // namespace moe
