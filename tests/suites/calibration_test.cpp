#include "suites/calibration.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "datasets/dataset.h"
#include "harness/error.h"
#include "harness/paired.h"
#include "suites/questions.h"
#include "tests/suites/case.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

Suite plain_suite() {
  Suite suite;
  suite.name = suite.task = "g";
  suite.kind = "multiple_choice";
  return suite;
}

Graded graded(std::int64_t answer, std::int64_t gold, double confidence) {
  Graded question{.task = "g"};
  question.choices = 4;
  question.answer = answer;
  question.gold = gold;
  question.acc = answer == gold ? 1 : 0;
  question.confidence = confidence;
  return question;
}

/// The answers to `questions` questions, each choice by its text.
std::vector<Answer> answers_by(const std::vector<std::string>& texts, std::int64_t questions) {
  std::vector<Answer> answers;
  for (std::int64_t document = 0; document < questions; ++document) {
    for (std::size_t c = 0; c < texts.size(); ++c) {
      Answer answer;
      answer.document = document;
      answer.choice = static_cast<std::int64_t>(c);
      answer.continuation = texts[c];
      answers.push_back(answer);
    }
  }
  return answers;
}

const std::vector<std::string> kLetters = {" A", " B", " C", " D"};

std::vector<Value> values_of(const std::vector<Graded>& questions) {
  return calibration_values(plain_suite(), questions, answers_by(kLetters, std::ssize(questions)));
}

/// Without what the questions were answered by.
Value ece_of(const std::vector<Graded>& questions) {
  const std::vector<Value> values = calibration_values(plain_suite(), questions, {});
  EXPECT_EQ(values.size(), 1U);
  EXPECT_EQ(values.at(0).metric->name, "ece");
  return values.at(0);
}

const Value* find(const std::vector<Value>& values, std::string_view metric,
                  std::string_view scope = "") {
  const auto found = std::ranges::find_if(
      values, [&](const Value& v) { return v.metric->name == metric && v.scope == scope; });
  return found == values.end() ? nullptr : &*found;
}

const Value& value(const std::vector<Value>& values, std::string_view metric,
                   std::string_view scope = "") {
  const Value* found = find(values, metric, scope);
  require(found != nullptr, "no value {} {}", metric, scope);
  return *found;
}

/// By hand. In the bin (0.4, 0.467] one of two is right at a mean confidence of 0.43, in (0.867,
/// 0.933] none of one at 0.9, in (0.933, 1] one of one at 1: (2 * 0.07 + 0.9 + 0) / 4.
TEST(calibration, ece_is_the_distance_of_accuracy_and_confidence_bin_by_bin) {
  const auto values =
      values_of({graded(0, 0, 0.42), graded(1, 0, 0.44), graded(2, 3, 0.9), graded(3, 3, 1)});
  EXPECT_NEAR(value(values, "ece").estimate, (2 * 0.07 + 0.9) / 4, 1e-12);
  EXPECT_EQ(value(values, "ece").n, 4);
}

/// 4,000 questions that are right as often as they are sure: each of some 11 bins deviates by
/// chance by sqrt(2 / pi) standard errors, together by at most sqrt(bins / n) / 2 * 0.8 = 0.021 on
/// average.
TEST(calibration, ece_of_who_knows_how_right_it_is_is_small_and_of_who_is_too_sure_is_the_excess) {
  std::mt19937 random(1);
  std::vector<Graded> knows, too_sure;
  for (int i = 0; i < 4000; ++i) {
    const double p = std::uniform_real_distribution<double>(0.25, 0.8)(random);
    const bool right = std::uniform_real_distribution<double>()(random) < p;
    knows.push_back(graded(right ? 0 : 1, 0, p));
    too_sure.push_back(graded(right ? 0 : 1, 0, p + 0.2));
  }
  EXPECT_LT(ece_of(knows).estimate, 0.03);
  EXPECT_NEAR(ece_of(too_sure).estimate, 0.2, 0.02);
}

/// Too sure by 0.2 at every confidence: no bin's sign is in doubt, so the estimate is unbiased. 400
/// intervals have a standard error of 1.1 %.
TEST(calibration, the_interval_of_ece_holds_the_truth_as_often_as_it_says) {
  std::mt19937 random(2);
  int held = 0;
  for (int round = 0; round < 400; ++round) {
    std::vector<Graded> questions;
    for (int i = 0; i < 300; ++i) {
      const double p = i % 2 == 0 ? 0.5 : 0.7;
      const bool right = std::uniform_real_distribution<double>()(random) < p;
      questions.push_back(graded(right ? 0 : 1, 0, p + 0.2));
    }
    const Value ece = ece_of(questions);
    held += ece.low <= 0.2 && 0.2 <= ece.high ? 1 : 0;
  }
  EXPECT_NEAR(held / 400.0, 0.95, 0.035);
}

TEST(calibration, a_letter_that_is_always_answered_is_a_bias) {
  std::vector<Graded> always, even;
  for (std::int64_t i = 0; i < 40; ++i) {
    always.push_back(graded(0, i % 4, 0.5));
    even.push_back(graded((i + 1) % 4, i % 4, 0.5));
  }
  const auto values = values_of(always);
  EXPECT_NEAR(value(values, "letter_bias").estimate, 0.75, 1e-12);
  EXPECT_LT(value(values, "letter_bias").low, 0.75);
  EXPECT_NEAR(value(values, "answer_share", "choice.A").estimate, 1, 1e-12);
  EXPECT_NEAR(value(values, "gold_share", "choice.D").estimate, 0.25, 1e-12);
  EXPECT_EQ(value(values_of(even), "letter_bias").estimate, 0) << "wrong on all, and no bias";
}

/// Half the sum of the shares' differences, whatever the answers.
TEST(calibration, letter_bias_is_the_total_variation_of_the_shares) {
  std::mt19937 random(4);
  for (int round = 0; round < 50; ++round) {
    std::vector<Graded> questions;
    for (int i = 0; i < 30; ++i) {
      const std::int64_t gold = std::uniform_int_distribution<std::int64_t>(0, 3)(random);
      const std::int64_t answer = std::geometric_distribution<std::int64_t>(0.6)(random);
      questions.push_back(graded(std::min<std::int64_t>(answer, 3), gold, 0.5));
    }
    const auto values = values_of(questions);
    double distance = 0;
    for (const char* scope : {"choice.A", "choice.B", "choice.C", "choice.D"})
      distance += std::abs(value(values, "answer_share", scope).estimate -
                           value(values, "gold_share", scope).estimate) /
                  2;
    EXPECT_NEAR(value(values, "letter_bias").estimate, distance, 1e-12);
  }
}

TEST(calibration, choices_that_are_no_letters_have_no_bias) {
  const std::vector<Graded> questions = {graded(0, 1, 0.5), graded(1, 1, 0.5)};
  std::vector<Answer> answers = answers_by(kLetters, 2);
  EXPECT_NE(find(calibration_values(plain_suite(), questions, answers), "letter_bias"), nullptr);
  answers.back().continuation = " none of these";
  const auto texts = calibration_values(plain_suite(), questions, answers);
  EXPECT_EQ(find(texts, "letter_bias"), nullptr);
  EXPECT_NE(find(texts, "ece"), nullptr);
  std::vector<Graded> fewer = questions;
  fewer.back().choices = 3;
  EXPECT_EQ(find(calibration_values(plain_suite(), fewer, answers_by(kLetters, 2)), "letter_bias"),
            nullptr);
  EXPECT_TRUE(calibration_values(plain_suite(), {}, {}).empty());
}

TEST(calibration, clusters_have_a_standard_error_of_their_own) {
  std::vector<Graded> questions;
  std::vector<double> acc;
  std::vector<std::string> clusters;
  for (std::int64_t i = 0; i < 30; ++i) {
    questions.push_back(graded(i / 3 % 2, 0, 0.5));  // three of a passage are right or wrong
    questions.back().cluster = fmt::format("passage {}", i / 3);
    acc.push_back(questions.back().acc);
    clusters.push_back(questions.back().cluster);
  }
  const auto values = values_of(questions);
  EXPECT_EQ(value(values, "acc_stderr_clustered").estimate,
            clustered_standard_error(acc, clusters));
  EXPECT_GT(value(values, "acc_stderr_clustered").estimate, 1.6 * standard_error(acc))
      << "near the square root of 3";
  EXPECT_EQ(value(values, "acc_stderr_clustered").n, 10);
  EXPECT_EQ(find(values, "acc_norm_stderr_clustered"), nullptr) << "the suite does not ask for it";
  for (Graded& question : questions) question.cluster = "one";
  EXPECT_EQ(find(values_of(questions), "acc_stderr_clustered"), nullptr);
  for (Graded& question : questions) question.cluster.clear();
  EXPECT_EQ(find(values_of(questions), "acc_stderr_clustered"), nullptr);
}

TEST(calibration, groups_are_about_their_own_questions) {
  Suite suite = plain_suite();
  suite.options = Json::parse(R"({"groups": {"pair": ["two", "three"], "unasked": ["nine"]}})");
  std::vector<Graded> questions;
  for (const char* task : {"g_two", "g_three", "g_four"}) {
    questions.push_back(graded(0, 0, 0.5));
    questions.back().task = task;
  }
  const auto values = calibration_values(suite, questions, answers_by(kLetters, 3));
  EXPECT_EQ(value(values, "ece").n, 3);
  EXPECT_EQ(value(values, "ece", "g_pair").n, 2);
  EXPECT_EQ(find(values, "ece", "g_unasked"), nullptr);
}

TEST(calibration, is_part_of_a_multiple_choice_case) {
  Case run("world_letters", {{"shots", 0}});
  run.task.limit = 5;
  run.run();
  const Summary summary = run.summary();
  EXPECT_GE(value(summary.values, "ece").estimate, 0);
  EXPECT_EQ(value(summary.values, "letter_bias").n, 40);
  EXPECT_EQ(value(summary.values, "answer_share", "choice.D").n, 40);
}

/// Questions with the same text of the field that [data] names are of one cluster.
TEST(calibration, clusters_come_from_the_data) {
  const TemporaryFolder folder;
  folder.write("own.toml",
               "kind = \"multiple_choice\"\nversion = 1\ntitle = \"own\"\n[data]\nfile = "
               "\"own.jsonl\"\nquestion = \"q\"\nfixed_choices = [\"no\", \"yes\"]\ngold = "
               "\"a\"\ncluster = \"page\"\n[prompt]\nquestion = \"{page} {q}\"\n");
  folder.write("own.jsonl",
               "{\"q\": \"x\", \"page\": \"one\", \"a\": 0}\n{\"q\": \"y\", \"page\": \"one\", "
               "\"a\": 1}\n{\"q\": \"x\", \"page\": \"two\", \"a\": 1}\n");
  const Suite suite = find_suite((folder.path() / "own.toml").string());
  CaseTask task;
  task.suite = &suite;
  task.point = Json::object();
  const Tokenizer tokenizer = Tokenizer::load(std::filesystem::path(MOE_SOURCE_DIR) /
                                              "models/bundled/world-moe/tokenizer.json");
  std::vector<std::string> clusters;
  for (const Question& question : questions_of(task, tokenizer))
    clusters.push_back(Json::parse(question.document.facts_json).at("cluster"));
  ASSERT_EQ(clusters.size(), 3U);
  EXPECT_EQ(clusters[0], clusters[1]);
  EXPECT_NE(clusters[0], clusters[2]);
  folder.write("own.jsonl", "{\"q\": \"x\", \"a\": 0}\n");
  const std::string message = message_of<Error>([&] { questions_of(task, tokenizer); });
  EXPECT_NE(message.find("page"), std::string::npos) << message;
}

TEST(calibration, boolq_has_clusters_by_passage_and_mmlu_by_subject) {
  EXPECT_EQ(find_dataset("boolq").cluster, "passage");
  EXPECT_EQ(find_dataset("mmlu").cluster, "subset");
  const std::string boolq =
      "reader = \"records\"\nsource = \"s\"\nrevision = \"r\"\nlicence = \"l\"\ndirectory = "
      "\"d\"\ncluster = \"page\"\n[record]\nquestion = \"q\"\nfields = {passage = \"p\"}\n"
      "fixed_choices = [\"a\", \"b\"]\ngold = \"g\"\n[splits]\ntest = {file = \"f\"}\n";
  const std::string message = message_of<Error>([&] { parse_dataset("own", boolq); });
  EXPECT_NE(message.find("line 6: key \"cluster\": \"page\""), std::string::npos) << message;
}

}  // namespace
}  // namespace moe
