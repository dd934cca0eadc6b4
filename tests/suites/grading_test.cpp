#include "suites/grading.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "harness/error.h"
#include "suites/questions.h"
#include "tests/goldens/lm_eval/golden.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

constexpr double kExact = 1e-12;

Suite graded_suite() {
  Suite suite;
  suite.name = suite.task = "g";
  suite.kind = "multiple_choice";
  suite.options = Json::parse(R"({"score": {"metrics": ["acc", "acc_norm"]},
                                  "groups": {"pair": ["two", "three"], "single": ["four"]}})");
  return suite;
}

/// A question with its answers, as a case of `record`.
void add(CaseRecord& record, const std::string& task, std::int64_t index, std::int64_t gold,
         const std::vector<std::string>& choices, const std::vector<double>& log_likelihood) {
  std::vector<std::int64_t> characters;
  for (const std::string& choice : choices) characters.push_back(code_points(choice));
  const Json facts = {{"choices", choices.size()}, {"characters", characters}};
  record.documents.push_back({"case", task, index, std::to_string(gold), facts.dump()});
  for (std::size_t c = 0; c < log_likelihood.size(); ++c) {
    Answer answer;
    answer.task = task;
    answer.document = index;
    answer.choice = static_cast<std::int64_t>(c);
    answer.log_likelihood = log_likelihood[c];
    record.answers.push_back(answer);
  }
}

CaseRecord record_of(const Json& golden) {
  CaseRecord record;
  for (const Json& task : golden["tasks"]) {
    std::int64_t index = 0;
    for (const Json& d : task["documents"])
      add(record, "g_" + task["name"].get<std::string>(), index++, d["gold"], d["choices"],
          d["log_likelihood"]);
  }
  return record;
}

const Value& value_of(const Summary& summary, std::string_view metric, std::string_view scope) {
  const auto found = std::ranges::find_if(
      summary.values, [&](const Value& v) { return v.metric->name == metric && v.scope == scope; });
  require(found != summary.values.end(), "no value {} {}", metric, scope);
  return *found;
}

TEST(grading, questions_score_as_lm_eval_scores_them) {
  const Json golden = lm_eval_golden("grading.json");
  const std::vector<Graded> graded = grade(record_of(golden));
  std::size_t at = 0;
  for (const Json& task : golden["tasks"]) {
    for (const Json& d : task["documents"]) {
      ASSERT_LT(at, graded.size());
      EXPECT_EQ(graded[at].acc, d["acc"].get<double>()) << d;
      EXPECT_EQ(graded[at].acc_norm, d["acc_norm"].get<double>()) << d;
      ++at;
    }
  }
  EXPECT_EQ(at, graded.size());
}

TEST(grading, counts_questions_whose_best_score_two_choices_share) {
  CaseRecord record;
  add(record, "g_one", 0, 0, {"a", "b", "c"}, {-1, -1, -2});
  add(record, "g_one", 1, 0, {"a", "b", "c"}, {-1, -2, -2});
  add(record, "g_one", 2, 1, {"a", "b", "c"}, {-3, -3, -3});
  const Summary summary = accuracy_summary(graded_suite(), record);
  EXPECT_EQ(value_of(summary, "ties", "").estimate, 2);
  EXPECT_EQ(value_of(summary, "ties", "").n, 3);
}

/// By hand: bytes of "\u00e9\u00e9" are 4 and code points 2; what a choice has without its context
/// is taken off; of three choices two are right.
TEST(grading, other_scores_of_a_question) {
  CaseRecord record;
  const std::string task = "g";
  const Json facts = {{"choices", 3},
                      {"characters", {2, 3, 3}},
                      {"bytes", {4, 3, 3}},
                      {"right", {1, 2}},
                      {"answers", 6}};
  record.documents.push_back({"case", task, 0, "1", facts.dump()});
  const double with[] = {-6, -7, -8}, alone[] = {-1, -4, -6};
  for (std::int64_t c = 0; c < 3; ++c) {
    for (const bool unconditional : {false, true}) {
      Answer answer;
      answer.task = task;
      answer.choice = c;
      answer.log_likelihood = unconditional ? alone[c] : with[c];
      if (unconditional) answer.filter = kUnconditional;
      record.answers.push_back(answer);
    }
  }
  const std::vector<Graded> graded = grade(record);
  ASSERT_EQ(graded.size(), 1U);
  EXPECT_EQ(graded[0].acc, 0);              // -6 is the largest
  EXPECT_EQ(graded[0].acc_norm, 1);         // -3, -2.33, -2.67
  EXPECT_EQ(graded[0].acc_bytes, 0);        // -1.5, -2.33, -2.67
  EXPECT_EQ(graded[0].acc_mutual_info, 1);  // -5, -3, -2
  EXPECT_NEAR(graded[0].mc2,
              (std::exp(-7) + std::exp(-8)) / (std::exp(-6) + std::exp(-7) + std::exp(-8)), kExact);
  record.answers.pop_back();
  EXPECT_TRUE(grade(record).empty()) << "an answer is missing";
}

/// Log-likelihoods of which no exponential is above 0.
TEST(grading, the_mass_of_tiny_probabilities_is_a_share) {
  CaseRecord record;
  add(record, "g", 0, 0, {"a", "b"}, {-1000, -1000});
  EXPECT_DOUBLE_EQ(grade(record).at(0).mc2, 0.5);
}

TEST(grading, tasks_and_groups_have_lm_evals_means_and_standard_errors) {
  const Json golden = lm_eval_golden("grading.json");
  const Summary summary = accuracy_summary(graded_suite(), record_of(golden));
  for (const char* metric : {"acc", "acc_norm"}) {
    const std::string error = std::string(metric) + "_stderr";
    for (const Json& task : golden["tasks"]) {
      const Value& value = value_of(summary, metric, "g_" + task["name"].get<std::string>());
      EXPECT_NEAR(value.estimate, task[metric].get<double>(), kExact);
      EXPECT_NEAR(value.standard_error, task[error].get<double>(), kExact);
      EXPECT_EQ(value.n, static_cast<std::int64_t>(task["documents"].size()));
    }
    for (const auto& [group, row] : golden["groups"].items()) {
      const Value& value = value_of(summary, metric, group.empty() ? "" : "g_" + group);
      EXPECT_NEAR(value.estimate, row[metric].get<double>(), kExact) << group;
      EXPECT_NEAR(value.standard_error, row[error].get<double>(), kExact) << group;
      EXPECT_LE(value.low, value.estimate);
      EXPECT_GE(value.high, value.estimate);
    }
  }
  EXPECT_EQ(summary.documents.size(), 62U);
}

TEST(grading, the_first_of_equals_wins) {
  CaseRecord record;
  add(record, "g", 0, 0, {"a", "b"}, {-1, -1});
  add(record, "g", 1, 1, {"a", "b"}, {-1, -1});
  add(record, "g", 2, 2, {"ab", "a", "abc"}, {-2, -1, -3});  // -1 a character, all of them
  const auto graded = grade(record);
  EXPECT_EQ(graded[0].acc, 1);
  EXPECT_EQ(graded[1].acc, 0);
  EXPECT_EQ(graded[2].acc_norm, 0);
}

TEST(grading, exact_counts_the_right_choices_that_the_model_goes_on_with) {
  CaseRecord record;
  add(record, "g_two", 0, 0, {"a", "b"}, {-1, -2});
  add(record, "g_two", 1, 1, {"a", "b"}, {-1, -2});
  add(record, "g_three", 0, 1, {"a", "b"}, {-2, -1});
  for (Answer& answer : record.answers) answer.is_greedy = answer.choice == 0;
  Suite suite = graded_suite();
  EXPECT_FALSE(
      Json::parse(accuracy_summary(suite, record).documents[0].metrics_json).contains("exact"))
      << "the suite does not ask for it";
  suite.options["score"]["metrics"] = {"acc", "exact"};
  const Summary summary = accuracy_summary(suite, record);
  EXPECT_NEAR(value_of(summary, "exact", "").estimate, 1.0 / 3, kExact);
  EXPECT_EQ(value_of(summary, "exact", "g_pair").n, 3);
  EXPECT_EQ(value_of(summary, "exact", "g_three").estimate, 0);
  EXPECT_EQ(Json::parse(summary.documents[0].metrics_json), (Json{{"acc", 1.0}, {"exact", 1.0}}));
  EXPECT_EQ(Json::parse(summary.documents[1].metrics_json), (Json{{"acc", 0.0}, {"exact", 0.0}}));
}

TEST(grading, a_question_that_is_not_answered_in_full_does_not_count) {
  CaseRecord record;
  add(record, "g", 0, 0, {"a", "b"}, {-1, -2});
  add(record, "g", 1, 0, {"a", "b"}, {-1});
  add(record, "g", 2, 0, {"a", "b"}, {});
  EXPECT_EQ(grade(record).size(), 1U);
  EXPECT_EQ(value_of(accuracy_summary(graded_suite(), record), "acc", "").n, 1);
}

TEST(grading, one_question_has_no_standard_error) {
  CaseRecord record;
  add(record, "g", 0, 0, {"a", "b"}, {-1, -2});
  const Summary summary = accuracy_summary(graded_suite(), record);
  EXPECT_TRUE(std::isnan(value_of(summary, "acc", "").standard_error));
  EXPECT_EQ(value_of(summary, "acc", "").estimate, 1);
}

TEST(grading, what_is_broken_in_the_store_names_case_task_and_document) {
  const auto message = [](const std::string& target, const std::string& facts) {
    CaseRecord record;
    add(record, "g", 7, 0, {"a", "b"}, {-1, -2});
    record.documents[0].target = target;
    record.documents[0].facts_json = facts;
    return message_of<Error>([&] { accuracy_summary(graded_suite(), record); });
  };
  const std::string good = R"({"choices": 2, "characters": [1, 1]})";
  EXPECT_EQ(message("0", good), "");
  for (const auto& [target, facts] : std::vector<std::pair<std::string, std::string>>{
           {"-1", good},
           {"2", good},
           {"1.5", good},
           {"", good},
           {"0", "{"},
           {"0", "[]"},
           {"0", R"({"choices": "two", "characters": [1, 1]})"},
           {"0", R"({"choices": 2})"},
           {"0", R"({"choices": 2, "characters": [1]})"},
           {"0", R"({"choices": 2, "characters": ["a", "b"]})"}}) {
    const std::string found = message(target, facts);
    EXPECT_NE(found.find("case case, task g, document 7"), std::string::npos)
        << target << " " << facts << ": " << found;
  }
}

TEST(grading, nothing_answered_is_no_value) {
  EXPECT_TRUE(accuracy_summary(graded_suite(), {}).values.empty());
}

TEST(grading, even_routing_has_entropy_one_and_no_dead_experts) {
  const std::vector<RoutingCount> counts = {{"c", 0, 0, 5}, {"c", 0, 1, 5}, {"c", 2, 0, 8},
                                            {"c", 2, 1, 0}, {"c", 3, 0, 0}, {"c", 3, 1, 0}};
  Summary summary;
  summary.values = routing_values(counts);
  EXPECT_NEAR(value_of(summary, "routing_entropy", "layer.0").estimate, 1, kExact);
  EXPECT_NEAR(value_of(summary, "load_imbalance", "layer.0").estimate, 1, kExact);
  EXPECT_NEAR(value_of(summary, "routing_entropy", "layer.2").estimate, 0, kExact);
  EXPECT_NEAR(value_of(summary, "load_imbalance", "layer.2").estimate, 2, kExact);
  EXPECT_EQ(value_of(summary, "dead_experts", "layer.2").estimate, 1);
  EXPECT_NEAR(value_of(summary, "dead_experts", "").estimate, 0.5, kExact);  // layer 3 saw nothing
}

}  // namespace
}  // namespace moe
