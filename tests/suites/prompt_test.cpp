#include "suites/prompt.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "harness/build_info.h"
#include "harness/error.h"
#include "harness/sha256.h"
#include "models/engine/growing_text.h"
#include "models/tokenizer/tokenizer.h"
#include "suites/questions.h"
#include "tests/goldens/lm_eval/golden.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

std::vector<Item> items_of(const Json& documents) {
  std::vector<Item> out;
  for (const Json& d : documents) {
    Item& item = out.emplace_back();
    item.question = d.at("question");
    item.choices = d.at("choices").get<std::vector<std::string>>();
    item.gold = d.at("answer");
  }
  return out;
}

std::string context_of(const PromptTemplate& prompt, std::string_view subset,
                       std::span<const Item> shots, const Item& item) {
  std::vector<const Item*> examples;
  for (const Item& shot : shots) examples.push_back(&shot);
  return lead_of(prompt, subset, examples) + question_of(prompt, subset, item);
}

std::vector<std::string> continuations_of(const PromptTemplate& prompt, const Item& item) {
  std::vector<std::string> out = answers_of(prompt, "", item);
  for (std::string& text : out) text.insert(0, prompt.delimiter);
  return out;
}

TEST(prompt, mmlu_is_lm_evals_byte_for_byte) {
  const Json golden = lm_eval_golden("mmlu.json");
  const PromptTemplate prompt = prompt_of(find_suite("mmlu"));
  const auto items = items_of(golden["documents"]), examples = items_of(golden["examples"]);
  for (const auto& [shots, contexts] : golden["contexts"].items()) {
    const auto some = std::span(examples).first(std::stoul(shots));
    for (std::size_t i = 0; i < items.size(); ++i) {
      EXPECT_EQ(context_of(prompt, "college_biology", some, items[i]),
                contexts[i].get<std::string>());
    }
  }
  EXPECT_EQ(continuations_of(prompt, items[0]), (std::vector<std::string>{" A", " B", " C", " D"}));
}

/// All 5-shot requests of a subject, in the order of the file.
TEST(prompt, all_mmlu_requests_are_lm_evals) {
  const char* data = std::getenv("MOEBENCH_DATA");
  if (data == nullptr) GTEST_SKIP() << "MOEBENCH_DATA is not set";
  const Json golden = lm_eval_golden("mmlu.json")["subjects"];
  const PromptTemplate prompt = prompt_of(find_suite("mmlu"));
  const Dataset& mmlu = find_dataset("mmlu");
  EXPECT_EQ(golden.size(), mmlu.subsets.size());
  for (const std::string& subject : mmlu.subsets) {
    const auto shots = load(mmlu, subject, "dev", data);
    std::string lines;
    for (const Item& item : load(mmlu, subject, "test", data)) {
      const std::string context = context_of(prompt, subject, shots, item);
      for (const std::string& continuation : continuations_of(prompt, item))
        lines += sha256_hex(context + continuation) + "\n";
    }
    EXPECT_EQ(sha256_hex(lines), golden.at(subject).get<std::string>()) << subject;
  }
}

/// Beginnings that prompts share are encoded once; what comes out are the ids of each whole text.
TEST(prompt, all_mmlu_requests_have_the_ids_of_their_whole_texts) {
  const char* data = std::getenv("MOEBENCH_DATA");
  if (data == nullptr) GTEST_SKIP() << "MOEBENCH_DATA is not set";
  const std::size_t every = why_slow(build_info().flags).empty() ? 1 : 50;
  CaseTask task;
  const Suite suite = find_suite("mmlu");
  task.suite = &suite;
  task.data_root = data;
  task.point = {{"shots", 5}};
  for (const char* name :
       {"mixtral/tokenizer.json", "olmo/allenai_gpt-neox-olmo-dolma-v1_5.json"}) {
    const Tokenizer tokenizer = Tokenizer::load(std::filesystem::path(data) / "tokenizers" / name);
    const std::vector<Question> questions = questions_of(task, tokenizer);
    ASSERT_EQ(questions.size(), 14042U);
    for (std::size_t q = 0; q < questions.size(); q += every) {
      for (const Request& request : questions[q].requests) {
        ASSERT_EQ(*request.context_ids, encode_whole(tokenizer, *request.context));
        std::vector<TokenId> ids = *request.context_ids;
        ids.insert(ids.end(), request.continuation_ids.begin(), request.continuation_ids.end());
        ASSERT_EQ(ids, encode_whole(tokenizer, *request.context + request.continuation));
      }
    }
  }
}

/// The digest of a case's first questions: of each request's text, one a line.
std::string digest_of(const Suite& suite, std::int64_t shots, const Tokenizer& tokenizer,
                      std::string_view subset) {
  CaseTask task;
  task.suite = &suite;
  task.limit = 200;
  task.data_root = std::getenv("MOEBENCH_DATA");
  task.point = {{"shots", shots}};
  std::string lines;
  for (const Question& question : questions_of(task, tokenizer)) {
    if (!subset.empty() && question.document.task != subset) continue;
    for (const Request& request : question.requests)
      lines += sha256_hex(*request.context + request.continuation) + "\n";
  }
  return sha256_hex(lines);
}

/// Every task that is asked by log-likelihood and whose data is there, with as many examples as
/// leaderboards take: prompts with examples drawn at random too.
TEST(prompt, two_hundred_documents_of_every_task_are_lm_evals) {
  const char* data = std::getenv("MOEBENCH_DATA");
  if (data == nullptr) GTEST_SKIP() << "MOEBENCH_DATA is not set";
  const auto tokenizer =
      Tokenizer::load(std::filesystem::path(data) / "checkpoints/stories260K/hf/tokenizer.json");
  const Json golden = lm_eval_golden("prompts.json")["tasks"];
  for (const auto& [name, by_shots] : golden.items()) {
    if (name == "gsm8k") continue;
    const bool is_leaf = name.ends_with("_continuation");
    const Suite suite = find_suite(is_leaf ? "mmlu_continuation" : name);
    for (const auto& [shots, expected] : by_shots.items())
      EXPECT_EQ(digest_of(suite, std::stoll(shots), tokenizer, is_leaf ? name : ""),
                expected["sha256"].get<std::string>())
          << name << ", " << shots << " shots";
  }
}

TEST(prompt, answers_are_the_choices_text_where_no_letters_are_given) {
  const PromptTemplate prompt = prompt_of(find_suite("world"));
  Item item;
  item.question = "Which?";
  item.choices = {"one", " two"};
  EXPECT_EQ(context_of(prompt, "planets", {}, item), "Question: Which?\nAnswer:");
  EXPECT_EQ(continuations_of(prompt, item), (std::vector<std::string>{" one", "  two"}));
}

TEST(prompt, what_a_field_holds_is_not_read_as_a_template) {
  const PromptTemplate prompt = prompt_of(find_suite("world"));
  Item item;
  item.question = "{subject} {unknown} {";
  EXPECT_EQ(context_of(prompt, "planets", {}, item), "Question: {subject} {unknown} {\nAnswer:");
}

TEST(prompt, strip_takes_pythons_white_space) {
  EXPECT_EQ(stripped(" \t\xc2\xa0 a b\xe3\x80\x80\n"), "a b");
  EXPECT_EQ(stripped("\xe2\x80\x8b"), "\xe2\x80\x8b");  // U+200B is none
  EXPECT_EQ(stripped(" \n "), "");
}

TEST(prompt, too_few_answers_or_choices_are_errors_that_show_the_question) {
  PromptTemplate prompt;
  prompt.question = "{question} {choice_1}";
  prompt.answers = {"A"};
  Item item;
  item.question = "Which?";
  item.choices = {"x", "y"};
  EXPECT_NE(message_of<Error>([&] { continuations_of(prompt, item); }).find("Which?"),
            std::string::npos);
  item.choices = {"x"};
  EXPECT_NE(message_of<Error>([&] { context_of(prompt, "", {}, item); }).find("choice_1"),
            std::string::npos);
}

TEST(prompt, an_example_without_an_answer_is_an_error) {
  const PromptTemplate prompt = prompt_of(find_suite("world"));
  Item item;
  item.question = "Which?";
  item.choices = {"x"};
  EXPECT_THROW(context_of(prompt, "", std::span(&item, 1), item), Error);
}

TEST(prompt, characters_are_code_points) {
  EXPECT_EQ(code_points(""), 0);
  EXPECT_EQ(code_points("caf\xc3\xa9"), 4);
  EXPECT_EQ(code_points("\xe4\xb8\x96\xe7\x95\x8c\xf0\x9f\x98\x80"), 3);
  EXPECT_EQ(code_points("e\xcc\x81"), 2);  // a letter and its accent
}

}  // namespace
}  // namespace moe
