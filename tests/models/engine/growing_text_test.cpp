// Texts that are encoded behind a common beginning: the same ids as of each whole text.
#include "models/engine/growing_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "models/tokenizer/tokenizer.h"
#include "tests/goldens/lm_eval/golden.h"

namespace moe {
namespace {

/// Blanks alone, in runs and beside every kind of character, what is composed with the one before
/// it, special tokens and what looks like one, and bytes that are no text.
std::string random_text(std::mt19937_64& random) {
  static constexpr std::string_view kPieces[] = {" ",
                                                 " ",
                                                 "  ",
                                                 "   ",
                                                 "\n",
                                                 "\n\n",
                                                 "\t",
                                                 "a",
                                                 "Answer",
                                                 "the",
                                                 "It",
                                                 "'s",
                                                 "12",
                                                 "3",
                                                 ".",
                                                 ":",
                                                 "(",
                                                 "\xcc\x81",
                                                 "\xc3\xa9",
                                                 "\xe4\xb8\xad",
                                                 "<s>",
                                                 "</s",
                                                 "|<|end",
                                                 "oftext|>",
                                                 "<|endoftext|>",
                                                 "\xe2\x96\x81",
                                                 "\xff",
                                                 "\xc2\xa0",
                                                 "z Z",
                                                 "e "};
  std::string text;
  for (std::uint64_t i = random() % 14; i > 0; --i) text += kPieces[random() % std::size(kPieces)];
  return text;
}

/// How many of many texts were cut at all.
std::int64_t compare_at_random(const Tokenizer& tokenizer) {
  std::int64_t cut = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    std::mt19937_64 random(seed);
    const std::string first = random_text(random), second = random_text(random),
                      third = random_text(random);
    const GrowingText lead(tokenizer, first);
    const GrowingText longer = lead.grown(second);
    cut += tokenizer.last_cut(first) > 0 ? 1 : 0;
    EXPECT_EQ(longer.text(), first + second);
    EXPECT_EQ(lead.ids_with(second), encode_whole(tokenizer, first + second))
        << first << "|" << second;
    EXPECT_EQ(longer.ids_with(third), encode_whole(tokenizer, longer.text() + third))
        << first << "|" << second << "|" << third;
    if (testing::Test::HasFailure()) break;
  }
  return cut;
}

TEST(growing_text, has_the_ids_of_the_whole_text) {
  compare_at_random(Tokenizer::bytes());
  EXPECT_GT(compare_at_random(Tokenizer::load(lm_eval_goldens() / "tokenizer.json")), 500);
}

/// Pre-tokenizers and normalizers of every kind, cut or not: over a vocabulary with merges across
/// blanks.
TEST(growing_text, has_the_ids_of_the_whole_text_with_every_part_of_a_tokenizer) {
  const std::string gpt2 = R"("pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": true},)";
  const std::string metaspace =
      R"("pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always"},)";
  const std::string sentencepiece =
      R"("normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "\u2581"},
         {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]},)";
  const std::string stripped = R"("normalizer": {"type": "Strip"},)";
  const std::string composed = R"("normalizer": {"type": "NFKC"},)" + gpt2;
  for (const std::string& parts :
       {gpt2, metaspace, sentencepiece, stripped, composed, std::string()}) {
    SCOPED_TRACE(parts);
    compare_at_random(Tokenizer::parse("{" + parts + R"("added_tokens": [
          {"id": 9, "content": "<|endoftext|>", "special": true, "normalized": false},
          {"id": 10, "content": "  ", "special": false, "normalized": true}],
        "model": {"type": "BPE", "byte_fallback": true, "unk_token": "?", "vocab": {"?": 0, "a": 1,
          " ": 2, "a ": 3, "\u2581": 4, "A": 5, "n": 6, "\u2581A": 7, "An": 8},
          "merges": [["a", " "], ["\u2581", "A"], ["A", "n"]]}})",
                                       "parts"));
  }
}

TEST(growing_text, has_the_ids_of_the_whole_text_with_real_tokenizers) {
  const char* data = std::getenv("MOEBENCH_DATA");  // NOLINT(concurrency-mt-unsafe): one thread
  if (data == nullptr) GTEST_SKIP() << "MOEBENCH_DATA is not set: no tokenizers";
  const std::filesystem::path folder = std::filesystem::path(data) / "tokenizers";
  for (const char* name :
       {"mixtral/tokenizer.json", "olmo/allenai_gpt-neox-olmo-dolma-v1_5.json"}) {
    SCOPED_TRACE(name);
    EXPECT_GT(compare_at_random(Tokenizer::load(folder / name)), 500);
  }
}

/// What may not be cut: a strip takes blanks, a pattern that nobody has looked at may go on across
/// one, and something may stand behind a text.
TEST(growing_text, is_cut_only_where_the_tokenizer_is_known_to_allow_it) {
  const std::string text = "one two three";
  EXPECT_EQ(Tokenizer::load(lm_eval_goldens() / "tokenizer.json").last_cut(text), 7U);
  EXPECT_EQ(Tokenizer::load(lm_eval_goldens() / "tokenizer.json").last_cut("one, ."), 0U);
  const auto with = [&](const std::string& parts) {
    return Tokenizer::parse(
               "{" + parts + R"("model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}})",
               "parts")
        .last_cut(text);
  };
  const std::string gpt2 = R"("pre_tokenizer": {"type": "ByteLevel"},)";
  EXPECT_EQ(with(gpt2), 7U);
  EXPECT_EQ(with(R"("normalizer": {"type": "Strip"},)" + gpt2), 0U);
  EXPECT_EQ(
      with(
          R"("pre_tokenizer": {"type": "Split", "pattern": {"Regex": "\\w+ \\w+"}, "behavior": "Isolated"},)"),
      0U);
  EXPECT_EQ(with(""), 0U);
  EXPECT_EQ(with(gpt2 + R"("added_tokens": [{"id": 1, "content": "e t", "normalized": false}],)"),
            0U);
  EXPECT_EQ(with(gpt2 + R"("added_tokens": [{"id": 1, "content": "e", "normalized": false}],)"),
            0U);
  EXPECT_EQ(with(gpt2 + R"("added_tokens": [{"id": 1, "content": "<x>", "lstrip": true}],)"), 0U);
  EXPECT_EQ(with(gpt2 + R"("added_tokens": [{"id": 1, "content": "<x>"}],)"), 7U);
}

}  // namespace
}  // namespace moe
