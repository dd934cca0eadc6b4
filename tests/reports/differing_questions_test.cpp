#include "reports/differing_questions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "harness/error.h"
#include "tests/reports/fixture.h"
#include "tests/temporary_folder.h"

namespace moe::testing {
namespace {

class DifferingQuestions : public ::testing::Test {
 protected:
  void SetUp() override { fill(temporary_.store()); }
  Article article(const QuestionChoice& choice = {}) const {
    return differing_questions(temporary_.store(), kDense, kMixture, choice);
  }
  Table table(const QuestionChoice& choice = {}) const {
    return std::get<Exhibit>(article(choice).blocks.at(1)).table;
  }
  std::string text(const QuestionChoice& choice = {}) const {
    return std::get<Prose>(article(choice).blocks.at(0)).markdown;
  }
  TemporaryStore temporary_;
};

constexpr std::size_t kDocument = 3, kRight = 4, kGold = 5, kChoseA = 6, kMarginA = 8, kMarginB = 9;

/// Of every four questions the dense model is right on 0, 2 and the mixture on 0, 1, 2.
TEST_F(DifferingQuestions, are_those_that_one_alone_got_right) {
  const Table found = table();
  EXPECT_EQ(found.rows.size(), 15U);
  double before = INFINITY;
  for (const auto& row : found.rows) {
    EXPECT_EQ(std::get<std::int64_t>(row[kDocument]) % 4, 1);
    EXPECT_EQ(to_text(row[kRight]), "B");
    EXPECT_EQ(to_text(row[kGold]), "A");
    EXPECT_EQ(to_text(row[kChoseA]), "B");
    EXPECT_EQ(to_text(row[kChoseA + 1]), "A");
    const double a = std::get<double>(row[kMarginA]), b = std::get<double>(row[kMarginB]);
    EXPECT_LT(a, 0) << "the dense model is wrong";
    EXPECT_GT(b, 0);
    EXPECT_LE(std::abs(a - b), before + 1e-12) << "the surest first";
    before = std::abs(a - b);
  }
  EXPECT_NE(text().find("world: A alone is right on 0 questions, B alone on 15."),
            std::string::npos)
      << text();
}

TEST_F(DifferingQuestions, turn_round_with_the_sides) {
  const Article turned = differing_questions(temporary_.store(), kMixture, kDense, {});
  EXPECT_EQ(to_text(std::get<Exhibit>(turned.blocks.at(1)).table.rows.at(0)[kRight]), "A");
}

TEST_F(DifferingQuestions, of_a_run_with_itself_are_none) {
  const Article same = differing_questions(temporary_.store(), "1", "1", {});
  EXPECT_TRUE(std::get<Exhibit>(same.blocks.at(1)).table.rows.empty());
  EXPECT_NE(std::get<Prose>(same.blocks.at(0)).markdown.find("world (small-8x)"),
            std::string::npos);
}

TEST_F(DifferingQuestions, of_one_suite_and_no_more_than_asked) {
  EXPECT_EQ(table({.suite = "world", .first = 4}).rows.size(), 4U);
  EXPECT_NE(text({.suite = "world", .first = 4}).find("the first 4 of 15"), std::string::npos);
  EXPECT_EQ(table({.suite = "world", .first = 40}).rows.size(), 15U);
  const std::string message = message_of<Error>([&] { article({.suite = "mmlu", .first = {}}); });
  EXPECT_NE(message.find("no questions both of suite \"mmlu\""), std::string::npos) << message;
}

TEST_F(DifferingQuestions, are_not_paired_where_the_prompts_differ) {
  temporary_.store().query(
      "UPDATE answer SET prompt_sha256 = 'other' WHERE case_run = 1 AND choice = 2 AND document = "
      "1");
  EXPECT_EQ(table().rows.size(), 12U);
  EXPECT_NE(text().find("3 questions were asked in other words"), std::string::npos) << text();
}

TEST_F(DifferingQuestions, of_generated_texts_show_them) {
  temporary_.store().query("DELETE FROM answer WHERE choice > 0");
  temporary_.store().query(
      "UPDATE answer SET generated = ' Paris' || char(10) || 'or so', log_likelihood = NULL");
  temporary_.store().query(
      "UPDATE document SET target = 'Paris', facts = json_set(facts, '$.choices', 1)");
  const Table found = table();
  ASSERT_EQ(found.rows.size(), 15U);
  EXPECT_EQ(to_text(found.rows[0][kGold]), "Paris");
  EXPECT_EQ(to_text(found.rows[0][kChoseA]), "Paris or so");
  EXPECT_TRUE(std::holds_alternative<std::nullptr_t>(found.rows[0][kMarginA]));
}

}  // namespace
}  // namespace moe::testing
