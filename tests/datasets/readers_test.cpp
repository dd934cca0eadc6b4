// Readers of datasets with a form of their own: the hub's records, and files that others made.
#include <gtest/gtest.h>

#include "datasets/dataset.h"
#include "harness/error.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

using Texts = std::vector<std::string>;

/// Items of a bundled dataset's split whose file has this content.
std::vector<Item> read(const std::string& name, const std::string& file, std::string_view content) {
  const Dataset& bundled = find_dataset(name);
  Dataset dataset = bundled;
  dataset.splits = {{"some", file, ""}};
  const TemporaryFolder folder;
  folder.write(dataset.directory + "/" + file, content);
  return load(dataset, "", "some", folder.path());
}

TEST(hellaswag, the_hubs_records_are_put_together_and_cleaned) {
  const auto items = read(
      "hellaswag", "a.jsonl",
      R"({"activity_label": "Roofs", "ctx_a": " A man sits. [title] So", "ctx_b": "\u00e9lan HE", )"
      R"("endings": ["x [step] y", "b", "c", "d"], "label": "2"})"
      "\n");
  EXPECT_EQ(items.at(0).question, "Roofs: A man sits.. So \u00c9lan he");
  EXPECT_EQ(items[0].choices, (Texts{"x y", "b", "c", "d"}));
  EXPECT_EQ(items[0].gold, 2);
}

TEST(hellaswag, six_lines_a_question_get_the_capital_of_an_unfinished_sentence) {
  const auto items = read("hellaswag", "a.txt",
                          "Roofs: A man sits. he And\n1\na\nb\nc\nd\n"
                          "Roofs: A man sits. he stands.\n0\na\nb\nc\nd\n");
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].question, "Roofs: A man sits. He and");
  EXPECT_EQ(items[1].question, "Roofs: A man sits. he stands.");
  EXPECT_EQ(items[0].gold, 1);
  EXPECT_NE(message_of<Error>([] {
              read("hellaswag", "a.txt", "c\n4\na\nb\nc\nd\n");
            }).find("line 2: \"4\""),
            std::string::npos);
  EXPECT_NE(message_of<Error>([] { read("hellaswag", "a.txt", "c\n"); }).find("1 lines"),
            std::string::npos);
}

TEST(winogrande, is_cut_at_the_blank) {
  const auto items =
      read("winogrande", "a.jsonl",
           R"({"sentence": "So _ won it.", "option1": "A", "option2": "B", "answer": "2"})");
  EXPECT_EQ(items.at(0).fields.at("before"), "So ");
  EXPECT_EQ(items[0].fields.at("after"), " won it.");
  EXPECT_EQ(items[0].gold, 1);
  EXPECT_NE(message_of<Error>([] {
              read("winogrande", "a.jsonl",
                   R"({"sentence": "So.", "option1": "A", "option2": "B", "answer": "2"})");
            }).find("line 1: a sentence without a blank"),
            std::string::npos);
}

TEST(lambada, is_cut_before_the_last_word_in_both_forms) {
  const auto items = read("lambada_openai", "a.jsonl",
                          "{\"text\": \"once upon a time\"}\n"
                          "{\"context\": \"once upon a\", \"continuation\": \"time\"}\n");
  for (const Item& item : items) {
    EXPECT_EQ(item.question, "once upon a");
    EXPECT_EQ(item.choices, (Texts{"time"}));
  }
}

TEST(copa, connects_premise_and_choices) {
  const auto items =
      read("copa", "a.jsonl",
           R"({"premise": "It rained. ", "choice1": "The street got wet.", "choice2": "X.", )"
           R"("question": "effect", "label": 0})");
  EXPECT_EQ(items.at(0).question, "It rained therefore");
  EXPECT_EQ(items[0].choices, (Texts{"the street got wet.", "x."}));
}

TEST(records, are_lines_or_a_list_and_a_broken_one_is_named) {
  const std::string record = R"({"question": "?", "mc1_targets": {"yes": 0, "no": 1}})";
  EXPECT_EQ(read("truthfulqa_mc1", "a.json", "[" + record + "]").at(0).gold, 1);
  EXPECT_EQ(read("truthfulqa_mc1", "a.jsonl", record + "\n" + record).at(1).index, 1);
  const auto failure = [](std::string_view text) {
    return message_of<Error>([&] { read("truthfulqa_mc1", "a.jsonl", text); });
  };
  EXPECT_NE(failure(record + "\n{").find("a.jsonl, line 2: not JSON"), std::string::npos);
  EXPECT_NE(failure("").find("no records"), std::string::npos);
  EXPECT_NE(failure(R"({"question": "?"})").find("expected \"mc1_targets.choices|mc1_targets\""),
            std::string::npos);
}

TEST(mmlu_pro, has_a_letter_and_its_reasons_without_their_first_words) {
  const auto read_pro = [](std::string_view answer, std::string_view category) {
    Dataset dataset = find_dataset("mmlu_pro");
    dataset.subsets = {"computer_science"};
    dataset.splits = {{"some", "a.jsonl", ""}};
    const TemporaryFolder folder;
    folder.write("mmlu_pro/a.jsonl",
                 fmt::format("{{\"question\": \"Why?\", \"options\": [\"a\", \"b\"], \"answer\": "
                             "\"{}\", \"answer_index\": 1, \"category\": \"{}\", \"cot_content\": "
                             "\"A: Let's think step by step. So. The answer is (B).\"}}\n",
                             answer, category));
    return load(dataset, "computer_science", "some", folder.path()).at(0);
  };
  const Item item = read_pro("B", "computer science");
  EXPECT_EQ(item.gold, 1);
  EXPECT_EQ(item.answers, Texts{"B"});
  EXPECT_EQ(item.fields.at("reasons"), "So. The answer is (B).");
  EXPECT_NE(message_of<Error>([&] { read_pro("A", "computer science"); }).find("answer \"A\""),
            std::string::npos);
  EXPECT_NE(message_of<Error>([&] { read_pro("B", "law"); }).find("expected computer_science"),
            std::string::npos);
}

}  // namespace
}  // namespace moe
