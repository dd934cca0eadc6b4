#include "models/tokenizer/pre_tokenizer.h"

#include <gtest/gtest.h>

#include "models/tokenizer/byte_level.h"
#include "tests/models/tokenizer/tokenizer_json.h"

namespace moe {
namespace {

using Words = std::vector<std::string>;

Words words(const Json& json, std::string_view text, bool first = true) {
  std::deque<std::string> storage;
  std::vector<std::string_view> views;
  PreTokenizer(json, "tokenizer.json").split(text, first, storage, views);
  return {views.begin(), views.end()};
}

Json split(const char* kind, const char* pattern, const char* behaviour, bool invert = false) {
  return {{"type", "Split"},
          {"pattern", {{kind, pattern}}},
          {"behavior", behaviour},
          {"invert", invert}};
}

TEST(pre_tokenizer, none_leaves_one_word) {
  EXPECT_EQ(words(nullptr, "a b"), (Words{"a b"}));
  EXPECT_EQ(words(nullptr, ""), Words{});
}

TEST(pre_tokenizer, byte_level_words_are_those_of_gpt2s_pattern) {
  const Regex pattern{std::string(kGpt2Pattern)};
  std::mt19937_64 random(4);
  const std::vector<std::string> parts = {"a",
                                          "Zq",
                                          " ",
                                          "  ",
                                          "\n",
                                          "\t",
                                          "'s",
                                          "'ll",
                                          "'",
                                          "12",
                                          "\u00BD",
                                          "\u00E9",
                                          "\u65E5\u672C",
                                          "\u2003",
                                          "\u00A0",
                                          "!?",
                                          "_",
                                          std::string(1, '\0'),
                                          "\U0001F999"};
  for (int i = 0; i < 3000; ++i) {
    std::string text = random_text(random, 3);
    for (std::uint64_t n = random() % 12; n > 0; --n) text += parts[random() % parts.size()];
    std::vector<std::string_view> by_hand;
    split_gpt2(text, by_hand);
    std::vector<std::string_view> by_pattern;
    for (const auto& [begin, end] : pattern.matches(text))
      by_pattern.push_back(std::string_view(text).substr(begin, end - begin));
    EXPECT_EQ(by_hand, by_pattern) << text;
  }
}

TEST(pre_tokenizer, byte_level_may_begin_with_a_blank_and_may_leave_text_whole) {
  Json json = {{"type", "ByteLevel"}, {"add_prefix_space", true}, {"use_regex", true}};
  EXPECT_EQ(words(json, "a b"), (Words{" a", " b"}));
  EXPECT_EQ(words(json, " a b"), (Words{" a", " b"}));
  json["add_prefix_space"] = false;
  EXPECT_EQ(words(json, "a b"), (Words{"a", " b"}));
  json["use_regex"] = false;
  EXPECT_EQ(words(json, "a b"), (Words{"a b"}));
  EXPECT_TRUE(PreTokenizer(json, "f").byte_level());
}

TEST(pre_tokenizer, split_has_five_behaviours) {
  const char* text = "the-final--word";
  const auto by = [&](const char* behaviour) {
    return words(split("String", "-", behaviour), text);
  };
  EXPECT_EQ(by("Removed"), (Words{"the", "final", "word"}));
  EXPECT_EQ(by("Isolated"), (Words{"the", "-", "final", "-", "-", "word"}));
  EXPECT_EQ(by("MergedWithPrevious"), (Words{"the-", "final-", "-", "word"}));
  EXPECT_EQ(by("MergedWithNext"), (Words{"the", "-final", "-", "-word"}));
  EXPECT_EQ(by("Contiguous"), (Words{"the", "-", "final", "--", "word"}));
}

TEST(pre_tokenizer, split_inverted_takes_what_lies_between) {
  EXPECT_EQ(words(split("Regex", "\\p{L}+", "Removed", true), "ab 1cd"), (Words{"ab", "cd"}));
  EXPECT_EQ(words(split("Regex", "\\p{L}+", "Isolated", true), "ab 1cd"),
            (Words{"ab", " 1", "cd"}));
}

TEST(pre_tokenizer, words_of_every_behaviour_but_removed_cover_the_text) {
  std::mt19937_64 random(5);
  for (const char* behaviour : {"Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"}) {
    for (const char* pattern : {"\\s", "[a-z]+", "a|", "(?=b)", "."}) {
      for (const bool invert : {false, true}) {
        const PreTokenizer cut(split("Regex", pattern, behaviour, invert), "f");
        for (int i = 0; i < 20; ++i) {
          const std::string text = random_text(random, 20) + "ab a";
          std::deque<std::string> storage;
          std::vector<std::string_view> views;
          cut.split(text, true, storage, views);
          std::string joined;
          for (const std::string_view view : views) joined += view;
          EXPECT_EQ(joined, text) << behaviour << " " << pattern;
        }
      }
    }
  }
}

TEST(pre_tokenizer, metaspace_writes_blanks_as_a_character) {
  Json json = {{"type", "Metaspace"}, {"replacement", "_"}, {"prepend_scheme", "always"}};
  EXPECT_EQ(words(json, "a  b"), (Words{"_a", "_", "_b"}));
  EXPECT_EQ(words(json, " a"), (Words{"_a"}));
  json["split"] = false;
  EXPECT_EQ(words(json, "a b"), (Words{"_a_b"}));
  json["prepend_scheme"] = "never";
  EXPECT_EQ(words(json, "a b"), (Words{"a_b"}));
  json["prepend_scheme"] = "first";
  EXPECT_EQ(words(json, "a b", /*first=*/true), (Words{"_a_b"}));
  EXPECT_EQ(words(json, "a b", /*first=*/false), (Words{"a_b"}));
  json["prepend_scheme"] = "sometimes";
  EXPECT_TRUE(has(message_of<Error>([&] { words(json, "a"); }), "sometimes"));
}

TEST(pre_tokenizer, digits_stand_alone_or_together) {
  Json json = {{"type", "Digits"}, {"individual_digits", true}};
  EXPECT_EQ(words(json, "ab12c\u00BD"), (Words{"ab", "1", "2", "c", "\u00BD"}));
  json["individual_digits"] = false;
  EXPECT_EQ(words(json, "ab12c"), (Words{"ab", "12", "c"}));
}

TEST(pre_tokenizer, a_sequence_cuts_what_the_one_before_left) {
  const Json json = {{"type", "Sequence"},
                     {"pretokenizers",
                      {split("String", " ", "MergedWithNext"),
                       {{"type", "Digits"}, {"individual_digits", true}}}}};
  EXPECT_EQ(words(json, "a 12 b"), (Words{"a", " ", "1", "2", " b"}));
}

TEST(pre_tokenizer, nothing_may_stand_behind_byte_level) {
  const Json json = {{"type", "Sequence"},
                     {"pretokenizers", {{{"type", "ByteLevel"}}, {{"type", "Digits"}}}}};
  const std::string message = message_of<Error>([&] { words(json, "a"); });
  EXPECT_TRUE(has(message, "Digits") && has(message, "ByteLevel")) << message;
}

}  // namespace
}  // namespace moe
