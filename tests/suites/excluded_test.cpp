// Questions that cannot be asked as they stand: each is marked with its reason, the others are
// asked, and the case says how many are missing.
#include "suites/excluded.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "harness/error.h"
#include "models/tokenizer/tokenizer.h"
#include "suites/asking.h"
#include "suites/data.h"
#include "suites/facts.h"
#include "tests/suites/case.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

constexpr std::string_view kSuite = R"(kind    = "multiple_choice"
version = 1
title   = "words"

[data]
file     = "words.jsonl"
question = "text"
choices  = "ends"
gold     = "gold"

[prompt]
question  = "{text}"
delimiter = ""

[score]
metrics = ["acc"]
)";
constexpr std::string_view kGood = "{\"text\": \"one\", \"ends\": [\" a\", \" b\"], \"gold\": 0}\n";

/// A case of a suite file over `lines`; the engine reads bytes.
class Excluded : public testing::Test {
 protected:
  Summary run(const std::string& lines, const std::string& suite = std::string(kSuite)) {
    folder_.write("words.jsonl", lines);
    suite_ = find_suite(folder_.write("words.toml", suite).string());
    const Kind& kind = find_kind(suite_.kind);
    task_.suite = &suite_;
    task_.case_key = "case";
    task_.point = Json::object();
    sink_ = {};
    EXPECT_EQ(kind.run(task_, engine_, sink_).outcome, Outcome::ok);
    CaseRecord record;
    record.documents = sink_.all<Document>();
    record.answers = sink_.all<Answer>();
    sort_answers(record);
    return kind.summarise(suite_, record);
  }

  std::string reason(std::size_t document) {
    return facts_of(sink_.all<Document>().at(document)).value("excluded", "");
  }

  TemporaryFolder folder_;
  Suite suite_;
  CaseTask task_;
  FakeEngine engine_{fake_config()};
  ListSink sink_;
};

std::string with(std::string suite, std::string_view from, std::string_view to) {
  const std::size_t at = suite.find(from);
  EXPECT_NE(at, std::string::npos);
  return suite.replace(at, from.size(), to);
}

TEST_F(Excluded, an_empty_continuation_leaves_its_question_out_and_the_rest_is_asked) {
  const std::string empty = "{\"text\": \"two\", \"ends\": [\"\", \" b\"], \"gold\": 1}\n";
  const Summary summary = run(std::string(kGood) + empty + std::string(kGood));
  EXPECT_EQ(sink_.all<Document>().size(), 3U);
  EXPECT_EQ(sink_.all<Answer>().size(), 4U);
  EXPECT_NE(reason(1).find("adds no token"), std::string::npos) << reason(1);
  EXPECT_EQ(reason(0), "");
  EXPECT_EQ(estimate(summary, "excluded_questions"), 1);
  EXPECT_EQ(summary.documents.size(), 2U) << "in no score";
  EXPECT_EQ(summary.verdict.outcome, Outcome::wrong) << "a score of two is not one of three";
  EXPECT_NE(summary.verdict.reason.find("1 of 3"), std::string::npos) << summary.verdict.reason;
  EXPECT_NE(summary.verdict.reason.find("words 1"), std::string::npos) << summary.verdict.reason;
}

TEST_F(Excluded, a_suite_may_say_how_many_it_does_without) {
  const std::string empty = "{\"text\": \"two\", \"ends\": [\"\", \" b\"], \"gold\": 1}\n";
  const std::string one = with(std::string(kSuite), "[score]", "[score]\nmay_exclude = 1");
  const Summary allowed = run(std::string(kGood) + empty, one);
  EXPECT_EQ(allowed.verdict.outcome, Outcome::ok);
  EXPECT_EQ(estimate(allowed, "excluded_questions"), 1) << "told all the same";
  EXPECT_EQ(run(std::string(kGood) + empty + empty, one).verdict.outcome, Outcome::wrong);
  folder_.write("words.toml", with(std::string(kSuite), "[score]", "[score]\nmay_exclude = -1"));
  EXPECT_THROW(find_suite((folder_.path() / "words.toml").string()), Error);
}

TEST_F(Excluded, a_case_of_which_nothing_can_be_asked_has_no_score) {
  const Summary summary = run("{\"text\": \"two\", \"ends\": [\"\", \"\"], \"gold\": 1}\n");
  EXPECT_EQ(summary.verdict.outcome, Outcome::wrong);
  EXPECT_FALSE(names_of(summary).contains("acc"));
}

TEST_F(Excluded, a_merge_across_the_join_that_leaves_nothing_to_score) {
  folder_.write("words.jsonl",
                "{\"text\": \"It is th\", \"ends\": [\"e\", \"in\"], \"gold\": 0}\n");
  const Suite suite = find_suite(folder_.write("words.toml", kSuite).string());
  task_.suite = &suite;
  task_.point = Json::object();
  const Tokenizer merges = Tokenizer::load(std::filesystem::path(MOE_SOURCE_DIR) /
                                           "models/bundled/world-moe/tokenizer.json");
  ASSERT_LE(merges.encode("It is the").size(), merges.encode("It is th").size())
      << "this tokenizer does not merge here: the test says nothing";
  const std::vector<Question> asked = questions_of(task_, merges);
  EXPECT_TRUE(asked.at(0).requests.empty());
  EXPECT_NE(facts_of(asked[0].document).value("excluded", "").find("\"e\" adds no token"),
            std::string::npos);
}

TEST_F(Excluded, a_continuation_longer_than_the_model) {
  Config config = fake_config();
  config.max_positions = 8;
  const FakeEngine small(config);
  std::vector<Question> questions;
  folder_.write(
      "words.jsonl",
      std::string(kGood) +
          "{\"text\": \"t\", \"ends\": [\" a\", \" 23456789\"], \"gold\": 1}\n"
          "{\"text\": \"twelve bytes\", \"ends\": [\" a\", \" 2345678\"], \"gold\": 1}\n");
  const Suite suite = find_suite(folder_.write("words.toml", kSuite).string());
  task_.suite = &suite;
  task_.point = Json::object();
  questions = questions_of(task_, small.tokenizer());
  exclude_too_long(questions, small.capabilities().max_tokens);
  EXPECT_EQ(questions[0].requests.size(), 2U);
  EXPECT_TRUE(questions[1].requests.empty());
  EXPECT_EQ(facts_of(questions[1].document).value("excluded", ""),
            "a continuation of 9 tokens is longer than the model's 8");
  EXPECT_EQ(questions[2].requests.size(), 2U) << "a long context is cut, not left out";
  const PlanSummary plan = plan_of(questions_of(task_, small.tokenizer()), 8);
  EXPECT_EQ(plan.requests, 4);
  EXPECT_EQ(plan.truncated_requests, 2);
}

TEST_F(Excluded, a_context_of_white_space_without_a_special_token_and_one_that_is_empty) {
  constexpr std::string_view kBare = R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1},
    "merges": []}, "added_tokens": []})";
  const Tokenizer bare = Tokenizer::parse(kBare, "bare");
  folder_.write("words.jsonl",
                "{\"text\": \"\", \"ends\": [\"a\", \"b\"], \"gold\": 0}\n"
                "{\"text\": \" \", \"ends\": [\"a\", \"b\"], \"gold\": 0}\n"
                "{\"text\": \"a\", \"ends\": [\"a\", \"b\"], \"gold\": 0}\n");
  const Suite suite = find_suite(folder_.write("words.toml", kSuite).string());
  task_.suite = &suite;
  task_.point = Json::object();
  const std::vector<Question> asked = questions_of(task_, bare);
  EXPECT_NE(facts_of(asked[0].document).value("excluded", "").find("neither a BOS nor an EOS"),
            std::string::npos);
  EXPECT_NE(facts_of(asked[1].document).value("excluded", "").find("has no token"),
            std::string::npos);
  EXPECT_EQ(asked[2].requests.size(), 2U);
  const std::vector<Question> with_bos = questions_of(task_, Tokenizer::bytes());
  EXPECT_EQ(with_bos[0].requests.at(0).context_ids, std::vector<TokenId>{256}) << "its BOS";
}

TEST_F(Excluded, data_that_is_broken_is_refused_whole_and_its_line_named) {
  const auto refused = [&](const std::string& lines) {
    folder_.write("words.jsonl", lines);
    const Suite suite = find_suite(folder_.write("words.toml", kSuite).string());
    return message_of<Error>([&] { load(dataset_of(suite), "", suite.split, ""); });
  };
  const std::string good(kGood);
  EXPECT_NE(refused(good + "{\"text\": \"\xff\", \"ends\": [\"a\"], \"gold\": 0}\n")
                .find("words.jsonl, line 2: byte"),
            std::string::npos);
  for (const char* gold :
       {"", ", \"gold\": null", ", \"gold\": \"\"", ", \"gold\": 2", ", \"gold\": -1"}) {
    const std::string message =
        refused(good + good + "{\"text\": \"t\", \"ends\": [\"a\", \"b\"]" + gold + "}\n");
    EXPECT_NE(message.find("words.jsonl, line 3"), std::string::npos) << message;
    EXPECT_NE(message.find("gold"), std::string::npos) << message;
  }
}

TEST_F(Excluded, records_alike_are_questions_of_their_own_and_known_by_their_line) {
  const std::string same =
      "{\"id\": 7, \"text\": \"one\", \"ends\": [\" a\", \" b\"], \"gold\": 0}\n";
  const Summary summary = run(same + same);
  const auto documents = sink_.all<Document>();
  ASSERT_EQ(documents.size(), 2U);
  EXPECT_EQ(documents[0].document, 0);
  EXPECT_EQ(documents[1].document, 1);
  EXPECT_EQ(sink_.all<Answer>().size(), 4U);
  EXPECT_EQ(summary.verdict.outcome, Outcome::ok);
}

}  // namespace
}  // namespace moe
