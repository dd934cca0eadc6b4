// JSON records as items: what a map says, and what is said of records that are not so.
#include "datasets/record.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "harness/toml_reader.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

Item made(std::string_view map, std::string_view record) {
  const toml::table table = parse_toml(map, "map");
  return item_of(read_record_map("map", table), nlohmann::ordered_json::parse(record), "here");
}

std::string said(std::string_view map, std::string_view record) {
  return message_of<Error>([&] { made(map, record); });
}

using Texts = std::vector<std::string>;

TEST(record, the_first_path_that_a_record_has_counts) {
  constexpr std::string_view kMap =
      "question = \"q|stem\"\nchoices = \"choices.text|choices\"\nlabels = \"choices.label\"\n"
      "gold = \"key|answer\"\n";
  const Item hub = made(
      kMap, R"({"stem": "?", "choices": {"text": ["x", "y"], "label": ["1", "2"]}, "key": " 2"})");
  EXPECT_EQ(hub.question, "?");
  EXPECT_EQ(hub.choices, (Texts{"x", "y"}));
  EXPECT_EQ(hub.gold, 1);
  const Item plain =
      made(kMap, R"({"q": "!", "stem": "?", "choices": ["x", "y", "z"], "answer": 2})");
  EXPECT_EQ(plain.question, "!");
  EXPECT_EQ(plain.gold, 2);
}

TEST(record, an_answer_is_a_number_a_letter_a_label_a_truth_or_the_choice) {
  const auto gold = [](std::string_view keys, std::string_view answer) {
    return made(fmt::format("question = \"q\"\nchoices = [\"a\", \"b\"]\ngold = \"g\"\n{}", keys),
                fmt::format(R"({{"q": "?", "a": "no", "b": "yes", "g": {}}})", answer))
        .gold;
  };
  EXPECT_EQ(gold("", "1"), 1);
  EXPECT_EQ(gold("", "\"1\""), 1);
  EXPECT_EQ(gold("first = 1", "\"1\""), 0);
  EXPECT_EQ(gold("first = 1", "2"), 1);
  EXPECT_EQ(gold("", "\"B\""), 1);
  EXPECT_EQ(gold("", "true"), 1);
  EXPECT_EQ(gold("", "false"), 0);
  EXPECT_EQ(gold("", "\"yes\""), 1);
  // A text that is a choice means that one, whatever else it could mean.
  const auto among = [](std::string_view a, std::string_view b, std::string_view answer) {
    return made("question = \"q\"\nchoices = [\"a\", \"b\"]\ngold = \"g\"\n",
                fmt::format(R"({{"q": "?", "a": "{}", "b": "{}", "g": "{}"}})", a, b, answer))
        .gold;
  };
  EXPECT_EQ(among("1", "0", "0"), 1);
  EXPECT_EQ(among("2", "1", "2"), 0);
  EXPECT_EQ(among("B", "A", "A"), 1);
}

TEST(record, reversed_choices_take_what_is_right_with_them) {
  const Item item =
      made("question = \"q\"\nfixed_choices = [\"no\", \"yes\"]\ngold = \"g\"\nreversed = true",
           R"({"q": "?", "g": true})");
  EXPECT_EQ(item.choices, (Texts{"yes", "no"}));
  EXPECT_EQ(item.gold, 0);
  const Item several = made("question = \"q\"\nchoices = \"c\"\nright = \"r\"\nreversed = true",
                            R"({"q": "?", "c": ["x", "y", "z"], "r": [1, 1, 0]})");
  EXPECT_EQ(several.right, (std::vector<std::int64_t>{1, 2}));
}

TEST(record, several_may_be_right_in_a_list_or_an_object_whose_order_stays) {
  constexpr std::string_view kMap =
      "question = \"q\"\nchoices = \"t.choices|t\"\nright = \"t.labels|t\"\n";
  const Item object = made(kMap, R"({"q": "?", "t": {"z": 0, "a": 1, "m": 1}})");
  EXPECT_EQ(object.choices, (Texts{"z", "a", "m"}));
  EXPECT_EQ(object.right, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(object.gold, 1);
  const Item lists =
      made(kMap, R"({"q": "?", "t": {"choices": ["z", "a", "m"], "labels": [0, 1, 1]}})");
  EXPECT_EQ(lists.choices, object.choices);
  EXPECT_EQ(lists.right, object.right);
}

TEST(record, fields_answers_and_wrappings) {
  const Item item = made(
      "question = \"q\"\nunwrap = [\"Q: \", \" A:\"]\nanswers = \"a\"\nfields = {passage = "
      "\"p.text\"}\n",
      R"({"q": "Q: why A:", "a": ["so", "thus"], "p": {"text": "once"}})");
  EXPECT_EQ(item.question, "why");
  EXPECT_EQ(item.answers, (Texts{"so", "thus"}));
  EXPECT_EQ(item.fields.at("passage"), "once");
  EXPECT_TRUE(item.choices.empty());
}

TEST(record, what_is_not_as_expected_is_named_by_place_and_path) {
  constexpr std::string_view kMap = "question = \"q\"\nchoices = \"c\"\ngold = \"g\"\n";
  const std::pair<std::string_view, std::string_view> cases[] = {
      {R"({"c": ["x"], "g": 0})", "expected \"q\""},
      {R"({"q": 1.5, "c": [], "g": 0})", "\"c\": expected at least one"},
      {R"({"q": ["?"], "c": ["x"], "g": 0})", "\"q\": expected a text"},
      {R"({"q": "?", "c": "x", "g": 0})", "\"c\": expected a list"},
      {R"({"q": "?", "c": ["x"], "g": 1})", "\"g\" is 1, expected one of its 1 choices"},
      {R"({"q": "?", "c": ["x"], "g": null})", "\"g\" is null"},
      {R"({"q": "?", "c": ["x"], "g": "C"})", "\"g\" is \"C\""},
      {R"(["q"])", "expected a JSON object"}};
  for (const auto& [record, part] : cases) {
    const std::string message = said(kMap, record);
    EXPECT_TRUE(message.starts_with("here: ")) << message;
    EXPECT_NE(message.find(part), std::string::npos) << message;
  }
  EXPECT_NE(said("question = \"q\"\nchoices = [\"c\"]\n", "{}").find("without \"gold\""),
            std::string::npos);
}

}  // namespace
}  // namespace moe
