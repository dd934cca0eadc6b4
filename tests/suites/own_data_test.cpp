// A suite of files of one's own: a dozen lines, records with names of their own.
#include <gtest/gtest.h>

#include <filesystem>

#include "datasets/dataset.h"
#include "harness/error.h"
#include "models/tokenizer/tokenizer.h"
#include "suites/data.h"
#include "suites/questions.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

constexpr std::string_view kSuite = R"(kind    = "multiple_choice"
version = 1
title   = "capitals"

[data]
file     = "capitals.jsonl"
question = "country"
choices  = "cities"
gold     = "capital"

[prompt]
question = "The capital of {country} ({continent}) is"

[score]
metrics = ["acc", "acc_norm", "acc_bytes", "acc_mutual_info"]
)";
constexpr std::string_view kData =
    "{\"country\": \"France\", \"continent\": \"Europe\", \"cities\": [\"Lyon\", \"Paris\"], "
    "\"capital\": \"Paris\"}\n"
    "{\"country\": \"Peru\", \"continent\": \"America\", \"cities\": [\"Lima\", \"Cusco\"], "
    "\"capital\": 0}\n";

class OwnData : public testing::Test {
 protected:
  OwnData() {
    folder_.write("capitals.toml", kSuite);
    folder_.write("capitals.jsonl", kData);
  }
  Suite suite() const { return find_suite((folder_.path() / "capitals.toml").string()); }
  std::vector<Question> questions() const {
    const Suite suite = this->suite();
    CaseTask task;
    task.suite = &suite;
    task.point = Json::object();
    return questions_of(task, Tokenizer::load(std::filesystem::path(MOE_SOURCE_DIR) /
                                              "models/bundled/world-moe/tokenizer.json"));
  }

  TemporaryFolder folder_;
};

TEST_F(OwnData, is_asked_by_the_names_of_its_own_fields) {
  const std::vector<Question> asked = questions();
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(asked[0].requests[1].context, "The capital of France (Europe) is");
  EXPECT_EQ(asked[0].requests[1].continuation, " Paris");
  EXPECT_EQ(asked[0].document.task, "capitals");
  EXPECT_EQ(asked[0].document.target, "1");
  EXPECT_EQ(asked[1].document.target, "0");
  EXPECT_EQ(asked[0].unconditional, 2U);  // of acc_mutual_info
  EXPECT_EQ(asked[0].requests[3].context, "");
  EXPECT_EQ(asked[0].requests[3].continuation, " Paris");
}

TEST_F(OwnData, has_a_digest_that_changes_with_it) {
  const std::string before = data_digest(suite(), Json::object(), "");
  const TemporaryFolder other;
  other.write("capitals.toml", kSuite);
  other.write("capitals.jsonl", std::string(kData) + std::string(kData));
  const Suite longer = find_suite((other.path() / "capitals.toml").string());
  EXPECT_NE(data_digest(longer, Json::object(), ""), before);
}

TEST_F(OwnData, a_file_that_is_not_there_and_a_field_that_is_none_are_named) {
  std::filesystem::remove(folder_.path() / "capitals.jsonl");
  EXPECT_NE(message_of<Error>([&] { questions(); }).find("capitals.jsonl is not there"),
            std::string::npos);
  std::string typo(kSuite);
  typo.replace(typo.find("{continent}"), 11, "{contient}");
  folder_.write("capitals.toml", typo);
  folder_.write("capitals.jsonl", kData);
  const std::string message = message_of<Error>([&] { questions(); });
  EXPECT_NE(message.find("{contient}"), std::string::npos) << message;
  EXPECT_NE(message.find("continent"), std::string::npos) << message;
}

TEST_F(OwnData, stands_in_place_of_a_dataset_and_needs_a_folder) {
  EXPECT_NE(message_of<Error>([] { parse_suite(kSuite, "mine"); }).find("suite file of yours"),
            std::string::npos);
  folder_.write("capitals.toml", "dataset = \"mmlu\"\nsplit = \"test\"\n" + std::string(kSuite));
  EXPECT_NE(message_of<Error>([&] { suite(); }).find("expected one of both"), std::string::npos);
}

}  // namespace
}  // namespace moe
