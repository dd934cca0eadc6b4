#include "datasets/dataset.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <set>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

constexpr std::string_view kCsv =
    "\"What, is 1+1?\",1,2,3,4,B\n\"Say \"\"no\"\"\nor yes\",a,b,c,d,D\n";
constexpr std::string_view kJsonLines =
    "{\"question\": \"What, is 1+1?\", \"choices\": [\"1\", \"2\", \"3\", \"4\"], \"answer\": 1}\n"
    "{\"question\": \"Say \\\"no\\\"\\nor yes\", \"subject\": \"x\", \"choices\": [\"a\", \"b\", "
    "\"c\", \"d\"], \"answer\": 3}\n";

Dataset small_mmlu(const std::string& sha256 = "") {
  return parse_dataset("small",
                       "reader = \"mmlu\"\nsource = \"s\"\nrevision = \"r\"\n"
                       "licence = \"l\"\ndirectory = \"m\"\nsubsets = [\"a\"]\n[splits]\n"
                       "test = {file = \"{subset}.csv|{subset}.jsonl\", sha256 = \"" +
                           sha256 + "\"}\n");
}

std::filesystem::path data_root() {
  const char* data = std::getenv("MOEBENCH_DATA");
  return data == nullptr ? "" : data;
}

TEST(dataset, csv_and_json_lines_of_the_same_records_have_one_digest) {
  const TemporaryFolder csv, json;
  csv.write("m/a.csv", kCsv);
  json.write("m/a.jsonl", kJsonLines);
  EXPECT_EQ(digest(small_mmlu(), "test", csv.path()), digest(small_mmlu(), "test", json.path()));
  const auto items = load(small_mmlu(), "a", "test", json.path());
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[1].question, "Say \"no\"\nor yes");
  EXPECT_EQ(items[1].gold, 3);
  EXPECT_EQ(items[1].index, 1);
}

TEST(dataset, a_digest_that_is_not_the_pinned_one_is_an_error_with_both) {
  const TemporaryFolder folder;
  folder.write("m/a.csv", kCsv);
  const std::string pinned(64, 'a');
  const std::string found = digest(small_mmlu(), "test", folder.path());
  const std::string message =
      message_of<Error>([&] { load(small_mmlu(pinned), "a", "test", folder.path()); });
  EXPECT_NE(message.find(pinned), std::string::npos) << message;
  EXPECT_NE(message.find(found), std::string::npos) << message;
  EXPECT_EQ(load(small_mmlu(found), "a", "test", folder.path()).size(), 2U);
}

TEST(dataset, a_missing_file_names_the_command_that_brings_it) {
  const TemporaryFolder folder;
  const std::string message =
      message_of<Error>([&] { load(small_mmlu(), "a", "test", folder.path()); });
  EXPECT_NE(message.find("moebench fetch dataset small"), std::string::npos) << message;
  EXPECT_NE(message.find("a.csv"), std::string::npos) << message;
}

TEST(dataset, broken_records_are_named_by_file_and_line) {
  for (const std::string_view bad : {"q,a,b,c,d,E\n", "q,a,b,c,d\n", "q,a,b,c,d,e,A\n",
                                     "q,a,b,c,d,AB\n", "", "\xff,a,b,c,d,A\n", "\"q,a,b,c,d,A\n"}) {
    const TemporaryFolder folder;
    folder.write("m/a.csv", bad);
    const std::string message =
        message_of<Error>([&] { load(small_mmlu(), "a", "test", folder.path()); });
    EXPECT_NE(message.find("a.csv"), std::string::npos) << bad << ": " << message;
  }
  for (const std::string_view bad :
       {"{", "[]\n", "{\"question\": 1}\n", "\n",
        "{\"question\": \"q\", \"choices\": [\"a\"], \"answer\": 0}\n",
        "{\"question\": \"q\", \"choices\": [\"a\", \"b\", \"c\", \"d\"], \"answer\": 2.9}\n",
        "{\"question\": \"q\", \"choices\": [\"a\", \"b\", \"c\", \"d\"], \"answer\": true}\n",
        "{\"question\": \"q\", \"choices\": [\"a\", \"b\", \"c\", \"d\"], \"answer\": -1}\n"}) {
    const TemporaryFolder folder;
    folder.write("m/a.jsonl", bad);
    const std::string message =
        message_of<Error>([&] { load(small_mmlu(), "a", "test", folder.path()); });
    EXPECT_NE(message.find("a.jsonl"), std::string::npos) << bad << ": " << message;
  }
}

TEST(dataset, unknown_names_are_errors_that_list_the_known_ones) {
  EXPECT_NE(message_of<Error>([] { find_dataset("nothing"); }).find("mmlu"), std::string::npos);
  EXPECT_NE(message_of<Error>([] { find_split(find_dataset("mmlu"), "x"); }).find("validation"),
            std::string::npos);
  EXPECT_THROW(load(find_dataset("world"), "dragons", "test", ""), Error);
}

TEST(dataset, an_unknown_key_of_a_description_is_named_with_its_line) {
  const auto failure = [](std::string_view toml) {
    return message_of<Error>([&] { parse_dataset("small", toml); });
  };
  EXPECT_NE(failure("reader = \"mmlu\"\ncolour = 1\n").find("line 2"), std::string::npos);
  EXPECT_NE(failure("reader = \"mmlu\"\ncolour = 1\n").find("colour"), std::string::npos);
  EXPECT_NE(failure("reader = \n").find("line 1"), std::string::npos);
  EXPECT_NE(failure("reader = \"mmlu\"\n").find("missing"), std::string::npos);
}

/// Of the others no copy that everybody has was seen.
TEST(dataset, every_bundled_digest_is_whole_and_these_are_pinned) {
  std::set<std::string> pinned;
  for (const Dataset& dataset : datasets()) {
    for (const Split& split : dataset.splits) {
      if (split.sha256.empty()) continue;
      EXPECT_EQ(split.sha256.size(), 64U) << dataset.name << " " << split.name;
      pinned.insert(dataset.name + " " + split.name);
    }
  }
  for (const char* split : {"mmlu test", "mmlu dev", "wikitext2 test", "world test",
                            "tinyshakespeare test", "arc_easy test", "arc_challenge test",
                            "openbookqa test", "piqa validation", "winogrande validation"})
    EXPECT_TRUE(pinned.contains(split)) << split;
}

TEST(dataset, a_recorded_digest_holds_for_what_has_no_pinned_one) {
  const TemporaryFolder folder;
  folder.write("m/a.csv", kCsv);
  record_digest(small_mmlu(), "test", folder.path());
  EXPECT_EQ(load(small_mmlu(), "a", "test", folder.path()).size(), 2U);
  const TemporaryFolder changed;
  changed.write("m/a.csv", "another,a,b,c,d,A\n");
  std::filesystem::copy(folder.path() / "m/digests.json", changed.path() / "m/digests.json");
  const std::string message =
      message_of<Error>([&] { load(small_mmlu(), "a", "test", changed.path()); });
  EXPECT_NE(message.find("recorded is"), std::string::npos) << message;
}

TEST(dataset, the_generated_world_is_the_pinned_one) {
  for (const char* split : {"test", "dev", "paraphrase"})
    EXPECT_EQ(digest(find_dataset("world"), split, "").size(), 64U);
  EXPECT_EQ(load(find_dataset("world"), "planets", "test", "").size(), 180U);
  EXPECT_EQ(load(find_dataset("world"), "planets", "paraphrase", "").size(), 90U);
}

TEST(dataset, examples_that_come_with_the_program_are_the_pinned_ones) {
  for (const Dataset& dataset : datasets()) {
    for (const Split& split : dataset.splits) {
      if (!split.file.starts_with("bundled:")) continue;
      EXPECT_EQ(digest(dataset, split.name, "/nowhere"), split.sha256) << dataset.name;
    }
  }
  const auto cot = load(find_dataset("bbh"), "date_understanding", "cot", "/nowhere");
  ASSERT_EQ(cot.size(), 3U);
  EXPECT_TRUE(cot[0].answers.at(0).ends_with("So the answer is (D)."));
  EXPECT_EQ(load(find_dataset("boolq_olmes"), "", "olmes", "/nowhere").at(0).choices.front(),
            "yes");
  Dataset none = find_dataset("piqa");
  none.splits = {{"x", "bundled:none.jsonl", ""}};
  EXPECT_NE(message_of<Error>([&] { load(none, "", "x", "/nowhere"); }).find("bundled:none.jsonl"),
            std::string::npos);
}

TEST(dataset, downloaded_data_is_the_pinned_one) {
  if (data_root().empty()) GTEST_SKIP() << "MOEBENCH_DATA is not set";
  for (const Dataset& dataset : datasets()) {
    for (const Split& split : dataset.splits) {
      if (split.sha256.empty()) continue;
      EXPECT_NO_THROW(digest(dataset, split.name, data_root())) << dataset.name << split.name;
    }
  }
}

TEST(dataset, mmlu_has_57_subjects_and_14042_questions_in_either_layout) {
  if (data_root().empty()) GTEST_SKIP() << "MOEBENCH_DATA is not set";
  const Dataset& mmlu = find_dataset("mmlu");
  EXPECT_EQ(mmlu.subsets.size(), 57U);
  const TemporaryFolder json;
  std::size_t questions = 0;
  for (const std::string& subset : mmlu.subsets) {
    std::string lines;
    for (const Item& item : load(mmlu, subset, "test", data_root())) {
      lines += nlohmann::json{{"question", item.question},
                              {"subject", subset},
                              {"choices", item.choices},
                              {"answer", item.gold}}
                   .dump() +
               "\n";
      ++questions;
    }
    json.write("mmlu/test/" + subset + ".jsonl", lines);
    EXPECT_EQ(load(mmlu, subset, "dev", data_root()).size(), 5U);
  }
  EXPECT_EQ(questions, 14042U);
  EXPECT_EQ(digest(mmlu, "test", json.path()), digest(mmlu, "test", data_root()));
}

TEST(dataset, wikitext_has_62_pages_that_together_are_the_file) {
  if (data_root().empty()) GTEST_SKIP() << "MOEBENCH_DATA is not set";
  const Dataset& wikitext = find_dataset("wikitext2");
  const auto pages = load(wikitext, "", "test", data_root());
  EXPECT_EQ(pages.size(), 62U);
  for (const Item& page : pages) EXPECT_TRUE(page.question.starts_with(" = ")) << page.index;
  const std::string whole = whole_text(wikitext, "test", data_root());
  std::size_t at = 0;
  for (const Item& page : pages) {
    at = whole.find(page.question, at);
    ASSERT_NE(at, std::string::npos);
  }
}

TEST(dataset, mutated_files_and_descriptions_are_errors_or_sound) {
  std::mt19937_64 random(7);
  const std::string toml =
      "reader = \"mmlu\"\nsource = \"s\"\nrevision = \"r\"\nlicence = \"l\"\n"
      "directory = \"m\"\n[splits]\ntest = {file = \"a.csv\", sha256 = \"\"}\n";
  for (int round = 0; round < 200; ++round) {
    const auto mutated = [&](std::string text) {
      if (random() % 3 == 0) return text.substr(0, random() % text.size());
      char& byte = text[random() % text.size()];
      byte = static_cast<char>(byte ^ (1 << (random() % 8)));
      return text;
    };
    const TemporaryFolder folder;
    folder.write("m/a.csv", mutated(std::string(kCsv)));
    folder.write("n/a.jsonl", mutated(std::string(kJsonLines)));
    const std::string csv =
        message_of<Error>([&] { load(small_mmlu(), "a", "test", folder.path()); });
    EXPECT_TRUE(csv.empty() || csv.find("a.csv") != std::string::npos) << csv;
    Dataset lines = small_mmlu();
    lines.directory = "n";
    const std::string jsonl = message_of<Error>([&] { load(lines, "a", "test", folder.path()); });
    EXPECT_TRUE(jsonl.empty() || jsonl.find("a.jsonl") != std::string::npos) << jsonl;
    const std::string description =
        message_of<Error>([&] { parse_dataset("small", mutated(toml)); });
    EXPECT_TRUE(description.empty() || description.find("small") != std::string::npos)
        << description;
  }
}

}  // namespace
}  // namespace moe
