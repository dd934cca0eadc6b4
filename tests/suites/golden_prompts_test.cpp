// Prompts that others made: OLMES's golden requests, MMLU by its authors and by HELM, and questions
// that are answered with reasons by lm-evaluation-harness.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <tuple>

#include "harness/sha256.h"
#include "suites/data.h"
#include "suites/matching.h"
#include "suites/prompt.h"
#include "suites/questions.h"
#include "suites/shots.h"
#include "tests/goldens/lm_eval/golden.h"
#include "tests/suites/case.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

std::filesystem::path data_root() {
  const char* data = std::getenv("MOEBENCH_DATA");
  return data == nullptr ? "" : data;
}

/// The lines of a gzip file, each as JSON.
std::vector<Json> records_of(const std::filesystem::path& file) {
  std::vector<Json> out;
  const std::string command = "gzip -dc " + file.string();
  // NOLINTNEXTLINE(bugprone-command-processor): of a file's name that the test has put together
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return out;
  char* line = nullptr;
  std::size_t room = 0;
  for (ssize_t size = 0; (size = getline(&line, &room, pipe)) > 0;)
    out.push_back(Json::parse(std::string_view(line, static_cast<std::size_t>(size))));
  std::free(line);  // NOLINT(cppcoreguidelines-no-malloc): getline's
  EXPECT_EQ(pclose(pipe), 0) << file;
  return out;
}

struct Golden {
  std::string folder, suite;
};

class Olmes : public testing::TestWithParam<Golden> {
 protected:
  static constexpr std::int64_t kAlone = 1000000;  // documents of choices without their questions

  void SetUp() override {
    folder_ = data_root() / "fixtures/oe_eval_requests" / GetParam().folder;
    if (data_root().empty()) GTEST_SKIP() << "MOEBENCH_DATA is not set";
    if (!std::filesystem::exists(folder_)) GTEST_SKIP() << folder_ << " is not there";
    for (const Item& shot : load(dataset_, "", "olmes", data_root())) shots_.push_back(shot);
    for (const Item& shot : shots_) examples_.push_back(&shot);
  }

  /// The question that a golden request asks. Of BoolQ they are 1,000, with the titles that the
  /// hub's passages have and other copies lack, so that their text is taken from the request.
  Item item_of(const Json& doc, std::size_t number, const std::vector<Item>& items) const {
    if (!GetParam().folder.starts_with("boolq")) return items.at(number);
    const Item& there = items.at(doc.value("idx", doc.value("id", std::size_t{0})));
    const std::string query = doc.at("query"), place = "\nQuestion: ";
    Item item = there;
    item.fields["passage"] = query.substr(0, query.find(place));
    EXPECT_TRUE(item.fields["passage"].ends_with(there.fields.at("passage")));
    return item;
  }

  std::filesystem::path folder_;
  const Suite suite_ = find_suite(GetParam().suite);
  const PromptTemplate prompt_ = prompt_of(suite_);
  const Dataset& dataset_ = dataset_of(suite_);
  std::vector<Item> shots_;
  std::vector<const Item*> examples_;
};

TEST_P(Olmes, every_golden_request_is_made_byte_for_byte) {
  const std::vector<Item> items = load(dataset_, "", suite_.split, data_root());
  const std::string lead = lead_of(prompt_, "", examples_);
  std::int64_t requests = 0, alone = 0;
  for (const Json& golden : records_of(folder_ / "requests.jsonl.gz")) {
    const auto number = golden.at("doc_id").get<std::int64_t>();
    const Item item = item_of(golden["doc"], static_cast<std::size_t>(number % kAlone), items);
    const Json& request = golden.at("request");
    const auto choice = golden.at("idx").get<std::size_t>();
    const std::vector<std::string> answers = answers_of(prompt_, "", item);
    ASSERT_LT(choice, answers.size());
    ASSERT_EQ(prompt_.delimiter + answers[choice], request.at("continuation").get<std::string>());
    ASSERT_EQ(number < kAlone ? lead + question_of(prompt_, "", item) : prompt_.alone,
              request.at("context").get<std::string>());
    ASSERT_EQ(item.gold, golden.at("label").get<std::int64_t>());
    ++(number < kAlone ? requests : alone);
  }
  EXPECT_GT(requests, 1000);
  EXPECT_EQ(alone, asks_for(suite_, "acc_mutual_info") ? requests : 0);
}

INSTANTIATE_TEST_SUITE_P(
    golden, Olmes,
    testing::Values(Golden{"arc_challenge/test_mc_5shot", "arc_challenge_olmes_mc"},
                    Golden{"arc_challenge/test_rc_5shot", "arc_challenge_olmes_rc"},
                    Golden{"arc_easy/test_mc_5shot", "arc_easy_olmes_mc"},
                    Golden{"arc_easy/test_rc_5shot", "arc_easy_olmes_rc"},
                    Golden{"boolq/mc_5shot", "boolq_olmes_mc"},
                    Golden{"boolq/rc_5shot", "boolq_olmes_rc"},
                    Golden{"piqa/val_mc_5shot", "piqa_olmes_mc"},
                    Golden{"piqa/val_rc_5shot", "piqa_olmes_rc"}),
    [](const auto& golden) { return golden.param.suite; });

/// What a case asks, examples included, is what the templates give: five fixed ones, and what
/// stands before a choice alone.
TEST(olmes, examples_that_come_with_the_program_are_asked_with) {
  Case run("piqa_olmes_rc", {{"shots", 5}});
  const TemporaryFolder folder;
  folder.write("piqa/own.jsonl", R"({"goal": "Eat?", "sol1": "Yes.", "sol2": "No.", "label": 1})"
                                 "\n");
  auto own = std::make_shared<Dataset>(find_dataset("piqa"));
  own->splits.front() = {"validation", "own.jsonl", ""};
  own->splits.push_back(find_split(find_dataset("piqa"), "olmes"));
  run.suite.own_data = own;
  run.task.data_root = folder.path();
  const std::vector<Question> questions = questions_of(run.task, run.engine.tokenizer());
  ASSERT_EQ(questions.size(), 1U);
  ASSERT_EQ(questions[0].requests.size(), 4U);
  const std::string& context = *questions[0].requests[0].context;
  EXPECT_TRUE(
      context.starts_with("Goal: how do you stab something?\nAnswer: stick a sharp object"));
  EXPECT_TRUE(context.ends_with("use it as an ice pack.\n\nGoal: Eat?\nAnswer:")) << context;
  EXPECT_EQ(questions[0].requests[3].context, "Answer:");
  EXPECT_EQ(questions[0].requests[3].continuation, " No.");
}

/// As OLMES's paper shows them.
TEST(olmes, sentences_to_go_on_with_are_put_as_questions_by_letter) {
  Item item{.question = "Roofs: A man sits. He", .choices = {"x.", "y."}};
  EXPECT_EQ(question_of(prompt_of(find_suite("hellaswag_olmes_mc")), "", item),
            "Roofs: A man sits. He\nChoose the best continuation:\n A. x.\n B. y.\nAnswer:");
  EXPECT_EQ(question_of(prompt_of(find_suite("hellaswag_olmes_rc")), "", item), item.question);
  item.fields = {{"before", "So "}, {"after", " won it."}, {"context", "Ann ran."}};
  item.choices = {"Ann", "Bo"};
  EXPECT_EQ(question_of(prompt_of(find_suite("winogrande_olmes_mc")), "", item),
            "Fill in the blank: So _ won it.\n A. Ann\n B. Bo\nAnswer:");
  item.question = "Why?";
  EXPECT_EQ(question_of(prompt_of(find_suite("social_iqa_olmes_mc")), "", item),
            "Question: Ann ran. Why?\n A. Ann\n B. Bo\nAnswer:");
  EXPECT_EQ(answers_of(prompt_of(find_suite("social_iqa_olmes_mc")), "", item),
            (std::vector<std::string>{"A", "B"}));
}

/// Of the first ten questions of every subject, as variants.py makes them.
TEST(mmlu, of_its_authors_and_of_helm_is_theirs) {
  if (data_root().empty()) GTEST_SKIP() << "MOEBENCH_DATA is not set";
  const Json golden = lm_eval_golden("variants.json")["suites"];
  for (const auto& [name, subjects] : golden.items()) {
    Case run(name, {{"shots", 5}});
    run.task.data_root = data_root();
    run.task.limit = 10;
    const std::vector<Question> questions =
        run.suite.kind == "generation"
            ? text_questions_of(run.task, run.engine.tokenizer(), {.stop = {"\n"}})
            : questions_of(run.task, run.engine.tokenizer());
    std::map<std::string, std::string> lines;
    for (const Question& question : questions)
      lines[question.document.task] += sha256_hex(*question.requests.at(0).context) + "\n";
    EXPECT_EQ(lines.size(), 57U);
    for (const auto& [subject, digest] : subjects.items())
      EXPECT_EQ(sha256_hex(lines[task_name(run.suite, subject)]), digest.get<std::string>())
          << name << ", " << subject;
  }
}

TEST(mmlu, a_letter_that_is_generated_is_right_where_the_choice_is) {
  Case run("world_letters", {{"shots", 0}});
  run.task.limit = 1;
  for (const Question& question : text_questions_of(run.task, run.engine.tokenizer(), {})) {
    const auto right = Json::parse(question.document.facts_json).at("targets");
    ASSERT_EQ(right.size(), 1U);
    EXPECT_NE(std::string("ABCD").find(right[0].get<std::string>()), std::string::npos);
  }
}

std::string lines_of(const Json& records) {
  std::string out;
  for (const Json& record : records) out += record.dump() + "\n";
  return out;
}

/// reasons.json: records with the hub's fields, and what lm-evaluation-harness asks about them.
TEST(reasons, are_asked_for_and_judged_as_lm_eval_does_it) {
  const Json golden = lm_eval_golden("reasons.json");
  const TemporaryFolder folder;
  for (const char* split : {"test", "validation"})
    folder.write(fmt::format("mmlu_pro/{}/computer_science.jsonl", split),
                 lines_of(golden["mmlu_pro"][split]));
  for (const auto& [name, task] : golden["tasks"].items()) {
    const std::string suite = name.starts_with("bbh") ? "bbh" : "mmlu_pro";
    Case run(suite, {{"shots", suite == "bbh" ? 3 : 5}});
    const std::string subset = name.substr(run.suite.task.size() + 1);
    if (suite == "bbh")
      folder.write(fmt::format("bbh/test/{}.jsonl", subset), lines_of(golden["bbh"]["test"]));
    auto own = std::make_shared<Dataset>(dataset_of(run.suite));
    own->subsets = {subset};
    if (suite == "bbh") {
      Json& descriptions = run.suite.options["prompt"]["descriptions"];
      descriptions = Json{{subset, descriptions.at(subset)}};
    }
    for (Split& split : own->splits) split.sha256.clear();  // they are of all subsets
    run.suite.own_data = own;
    run.task.data_root = folder.path();
    const Json& generate = run.suite.options["generate"];
    EXPECT_EQ(generate["until"], task["until"]);
    EXPECT_EQ(generate["max_new_tokens"], task["max_gen_toks"]);
    const auto questions = text_questions_of(run.task, run.engine.tokenizer(), {});
    ASSERT_EQ(questions.size(), task["contexts"].size());
    for (std::size_t q = 0; q < questions.size(); ++q) {
      const std::string& context = *questions[q].requests.at(0).context;
      const auto expected = task["contexts"][q].get<std::string>();
      EXPECT_EQ(expected.size() == 64 ? sha256_hex(context) : context, expected) << name;
    }
    const TextMatch match = text_match(run.suite);
    const auto right =
        Json::parse(questions[0].document.facts_json).at("targets").get<std::vector<std::string>>();
    for (const Json& row : task.value("answers", Json::array())) {
      const std::string text = extracted(match.filters.at(0), row["generated"].get<std::string>());
      EXPECT_EQ(text, row["extracted"].get<std::string>()) << row;
      EXPECT_EQ(matches(match, text, right), row["right"].get<bool>()) << row;
    }
  }
  EXPECT_EQ(golden["tasks"].size(), 28U);
}

}  // namespace
}  // namespace moe
