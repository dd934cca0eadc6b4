// Generated texts: what filters take out of them, and which are right.
#include "suites/matching.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "harness/error.h"
#include "suites/kind.h"
#include "tests/goldens/lm_eval/golden.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

TEST(matching, takes_out_and_finds_right_what_lm_eval_does) {
  const Json golden = lm_eval_golden("matching.json")["tasks"];
  for (const auto& [task, cases] : golden.items()) {
    const TextMatch match = text_match(find_suite(task));
    const auto texts = cases["texts"].get<std::vector<std::vector<std::string>>>();
    for (const Json& row : cases["rows"]) {
      SCOPED_TRACE(task + " " + row.dump());
      const std::string name = row["filter"];
      const auto filter = std::ranges::find(match.filters, name, &TextFilter::name);
      ASSERT_NE(filter, match.filters.end());
      const std::string text = extracted(*filter, row["generated"].get<std::string>());
      EXPECT_EQ(text, row["extracted"].get<std::string>());
      for (std::size_t i = 0; i < texts.size(); ++i)
        EXPECT_EQ(matches(match, text, texts[i]), row["right"][i].get<bool>()) << texts[i][0];
    }
  }
}

TEST(matching, filters_are_in_the_order_of_the_file) {
  const TextMatch match = text_match(find_suite("gsm8k"));
  ASSERT_EQ(match.filters.size(), 2U);
  EXPECT_EQ(match.filters[0].name, "strict-match");
  EXPECT_EQ(match.filters[1].name, "flexible-extract");
}

TEST(matching, what_is_no_utf8_is_kept_as_it_is) {
  TextMatch match;
  match.ignore_case = true;
  EXPECT_TRUE(matches(match, "A\xff", std::vector<std::string>{"a\xff"}));
}

TEST(matching, wrong_keys_are_named) {
  Suite suite = find_suite("gsm8k");
  const auto failure = [&] { return message_of<Error>([&] { text_match(suite); }); };
  suite.options["filters"]["strict-match"] = {{"regex", "("}};
  EXPECT_NE(failure().find("strict-match: \"(\" is no regular expression"), std::string::npos);
  suite.options["filters"]["strict-match"] = {{"pattern", "a"}};
  EXPECT_NE(failure().find("unknown key \"pattern\""), std::string::npos);
  suite.options["filters"]["strict-match"] = {{"last", "yes"}};
  EXPECT_NE(failure().find("last: expected true or false"), std::string::npos);
}

Answer answer_to(std::string task, std::int64_t document) {
  Answer answer;
  answer.case_key = "case";
  answer.task = std::move(task);
  answer.document = document;
  return answer;
}

/// Values are computed from what was generated: the first filter's is the case's.
TEST(generation, is_right_by_each_filter) {
  const Suite suite = find_suite("gsm8k");
  CaseRecord record;
  const char* generated[] = {"So #### 2", "It is 2", "It is 3"};
  for (std::int64_t i = 0; i < 3; ++i) {
    record.documents.push_back(
        {"case", "gsm8k", i, "#### 2", R"({"choices": 1, "targets": ["#### 2"]})"});
    record.answers.push_back(answer_to("gsm8k", i));
    record.answers.back().generated = generated[i];
  }
  const Summary summary = find_kind("generation").summarise(suite, record);
  ASSERT_EQ(summary.values.size(), 2U);
  EXPECT_EQ(summary.values[0].scope, "");
  EXPECT_DOUBLE_EQ(summary.values[0].estimate, 1.0 / 3);
  EXPECT_EQ(summary.values[1].scope, "flexible-extract");
  EXPECT_DOUBLE_EQ(summary.values[1].estimate, 2.0 / 3);
  EXPECT_EQ(summary.documents.at(1).metrics_json,
            R"({"exact_match":0.0,"exact_match_flexible-extract":1.0})");
}

TEST(continuation, is_greedy_or_not_and_has_a_perplexity) {
  CaseRecord record;
  for (std::int64_t i = 0; i < 4; ++i) {
    record.answers.push_back(answer_to("lambada_openai", i));
    record.answers.back().log_likelihood = -static_cast<double>(i);
    record.answers.back().is_greedy = i == 0;
  }
  const Summary summary = find_kind("continuation").summarise(find_suite("lambada_openai"), record);
  ASSERT_EQ(summary.values.size(), 2U);
  EXPECT_DOUBLE_EQ(summary.values[0].estimate, 0.25);
  EXPECT_DOUBLE_EQ(summary.values[1].estimate, std::exp(1.5));
  EXPECT_LT(summary.values[1].low, summary.values[1].estimate);
  EXPECT_GT(summary.values[1].standard_error, 0);
}

}  // namespace
}  // namespace moe
