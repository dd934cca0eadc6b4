// Broken suites and datasets: an Error that says where and why, or a normal run. Never anything
// else.
#include <gtest/gtest.h>

#include <random>

#include "datasets/dataset.h"
#include "harness/error.h"
#include "suites/questions.h"
#include "tests/suites/fake_engine.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

/// A text with bytes flipped, a piece cut out, doubled or swapped for another's.
std::string mutated(std::string text, std::mt19937_64& random) {
  const auto place = [&] { return random() % (text.size() + 1); };
  for (std::uint64_t i = 0; i <= random() % 3; ++i) {
    const std::size_t at = place(), length = random() % 20;
    constexpr std::string_view kPieces[] = {
        "[",    "]",    "{",     "}",       "\"",
        "=",    "\n",   ",",     "-1",      "99999999999999999999",
        "nan",  "\xff", "''",    "{x}",     "[axes]\n",
        "true", "0x7f", "1e400", "\\u0000", "#",
        ".",    "\r",   "null"};
    switch (random() % 5) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, text.substr(place(), length));
        break;
      case 2:
        text.insert(at, kPieces[random() % std::size(kPieces)]);
        break;
      case 3:
        text.resize(at);
        break;
      default:
        if (at < text.size()) text[at] = static_cast<char>(random());
    }
  }
  return text;
}

/// Runs the case; an Error must say something.
template <typename F>
bool passes_or_says_why(const F& run, std::string_view names) {
  try {
    run();
    return true;
  } catch (const Error& error) {
    EXPECT_NE(std::string_view(error.what()).find(names), std::string::npos) << error.what();
    return false;
  }
}

/// What a parsed suite goes through before and after a model: points, questions, a summary.
void use(const Suite& suite) {
  const auto all = points(suite, {});
  CaseTask task;
  task.suite = &suite;
  task.point = all.front();
  task.limit = 1;
  const Kind& kind = find_kind(suite.kind);
  if (suite.dataset == "world" && kind.plan != nullptr) {
    const Tokenizer bytes = Tokenizer::bytes();
    kind.plan(task, bytes, 4096);
  }
  kind.summarise(suite, {});
}

TEST(fuzz, broken_suites_are_errors_that_name_the_suite_or_are_sound) {
  std::mt19937_64 random(11);
  int sound = 0, refused = 0;
  for (int round = 0; round < 400; ++round) {
    const auto bundled = bundled_suites();
    const std::string toml = mutated(bundled[random() % bundled.size()].toml, random);
    SCOPED_TRACE(toml);
    (passes_or_says_why([&] { parse_suite(toml, "mine"); }, "mine") ? sound : refused)++;
    passes_or_says_why([&] { use(parse_suite(toml, "mine")); }, "");
  }
  EXPECT_GT(refused, 100);
  EXPECT_GT(sound, 20);
}

Dataset dataset_of(const std::string& reader, const std::string& file, const std::string& sha256) {
  return parse_dataset("mine", "reader = \"" + reader +
                                   "\"\nsource = \"s\"\nrevision = \"r\"\nlicence = \"l\"\n"
                                   "directory = \"d\"\n[splits]\ntest = {file = \"" +
                                   file + "\", sha256 = \"" + sha256 + "\"}\n");
}

struct SampleFile {
  std::string reader, file, text;
};

std::vector<SampleFile> sample_files() {
  std::string csv, json;
  for (int i = 0; i < 4; ++i) {
    csv += "\"What, is \"\"" + std::to_string(i) + "\"\"?\",a,b,c,d,B\n";
    json += R"({"question": "What is )" + std::to_string(i) +
            R"(?", "choices": ["a", "b", "c", "d"], "answer": 1})" + "\n";
  }
  return {{"mmlu", "a.csv", csv},
          {"mmlu", "a.jsonl", json},
          {"text", "a.txt", "Some text.\nMore of it, caf\xc3\xa9.\n"},
          {"wikitext", "a.txt", " \n = One = \n \n Text . \n \n = = Part = = \n\n = Two = \n x\n"}};
}

TEST(fuzz, broken_data_is_an_error_that_names_the_file_or_is_sound) {
  std::mt19937_64 random(12);
  for (const SampleFile& sample : sample_files()) {
    int refused = 0;
    for (int round = 0; round < 60; ++round) {
      const TemporaryFolder folder;
      const std::string text = mutated(sample.text, random);
      folder.write("d/" + sample.file, text);
      SCOPED_TRACE(text);
      const Dataset dataset = dataset_of(sample.reader, sample.file, "");
      const bool sound = passes_or_says_why(
          [&] {
            for (const Item& item : load(dataset, "", "test", folder.path())) {
              EXPECT_TRUE(item.choices.empty() || item.choices.size() == 4);
              EXPECT_LT(item.gold, 4);
            }
          },
          sample.file);
      refused += sound ? 0 : 1;
    }
    EXPECT_GT(refused, 0) << sample.reader << " " << sample.file;
  }
}

TEST(fuzz, data_with_a_pinned_digest_that_changed_is_always_an_error) {
  std::mt19937_64 random(13);
  for (const SampleFile& sample : sample_files()) {
    const TemporaryFolder whole;
    whole.write("d/" + sample.file, sample.text);
    const Dataset open = dataset_of(sample.reader, sample.file, "");
    const std::string pinned = digest(open, "test", whole.path());
    const Dataset closed = dataset_of(sample.reader, sample.file, pinned);
    EXPECT_NO_THROW(load(closed, "", "test", whole.path()));
    std::vector<std::string> records;
    for (const Item& item : load(open, "", "test", whole.path()))
      records.push_back(canonical(item));
    for (int round = 0; round < 40; ++round) {
      const TemporaryFolder folder;
      folder.write("d/" + sample.file, mutated(sample.text, random));
      bool same = true;
      try {
        std::vector<std::string> found;
        for (const Item& item : load(open, "", "test", folder.path()))
          found.push_back(canonical(item));
        same = found == records;  // white space of JSON, line ends of CSV: nothing was changed
      } catch (const Error&) {
        same = false;
      }
      if (same) continue;
      EXPECT_THROW(load(closed, "", "test", folder.path()), Error);
    }
  }
}

TEST(fuzz, a_generated_world_with_another_digest_is_an_error) {
  Dataset world = find_dataset("world");
  for (const Split& split : find_dataset("world").splits) {
    for (std::size_t at = 0; at < split.sha256.size(); at += 8) {
      for (Split& mine : world.splits) {
        mine.sha256 = split.sha256;
        mine.sha256[at] = mine.sha256[at] == '0' ? '1' : '0';
      }
      EXPECT_THROW(load(world, "planets", split.name, ""), Error);
    }
  }
}

}  // namespace
}  // namespace moe
