#include "models/tokenizer/normalizer.h"

#include <gtest/gtest.h>

#include "tests/models/tokenizer/tokenizer_json.h"

namespace moe {
namespace {

std::string normal(const Json& json, std::string text) {
  return Normalizer(json, "tokenizer.json").apply(std::move(text));
}

Json replace(const char* kind, const char* what, const char* with) {
  return {{"type", "Replace"}, {"pattern", {{kind, what}}}, {"content", with}};
}

TEST(normalizer, none_leaves_text_as_it_is) {
  EXPECT_TRUE(Normalizer(nullptr, "f").is_identity());
  EXPECT_EQ(normal(nullptr, " \u00C5\n"), " \u00C5\n");
}

TEST(normalizer, the_four_unicode_forms) {
  const std::string text = "\u00E9 e\u0301 \uFB01";  // e acute, e and an accent, the ligature fi
  EXPECT_EQ(normal({{"type", "NFC"}}, text), "\u00E9 \u00E9 \uFB01");
  EXPECT_EQ(normal({{"type", "NFD"}}, text), "e\u0301 e\u0301 \uFB01");
  EXPECT_EQ(normal({{"type", "NFKC"}}, text), "\u00E9 \u00E9 fi");
  EXPECT_EQ(normal({{"type", "NFKD"}}, text), "e\u0301 e\u0301 fi");
}

TEST(normalizer, unicode_forms_are_idempotent_on_any_text) {
  std::mt19937_64 random(3);
  for (const char* form : {"NFC", "NFD", "NFKC", "NFKD"}) {
    const Normalizer normalizer({{"type", form}}, "f");
    for (int i = 0; i < 100; ++i) {
      const std::string once = normalizer.apply(random_text(random, 30));
      EXPECT_EQ(normalizer.apply(once), once) << form;
    }
  }
}

TEST(normalizer, lowercase_knows_more_than_ascii) {
  EXPECT_EQ(normal({{"type", "Lowercase"}}, "\u00C4bC\u03A3"), "\u00E4bc\u03C3");
  EXPECT_EQ(normal({{"type", "Lowercase"}}, "\u0130"), "i\u0307");
}

TEST(normalizer, strip_takes_white_space_of_all_kinds_from_the_ends_it_names) {
  const std::string text = "\u2003\n a b\u00A0 ";
  EXPECT_EQ(normal({{"type", "Strip"}}, text), "a b");
  EXPECT_EQ(normal({{"type", "Strip"}, {"strip_left", false}}, text), "\u2003\n a b");
  EXPECT_EQ(normal({{"type", "Strip"}, {"strip_right", false}}, text), "a b\u00A0 ");
  EXPECT_EQ(normal({{"type", "Strip"}}, " \n"), "");
}

TEST(normalizer, prepend_leaves_empty_text_empty) {
  EXPECT_EQ(normal({{"type", "Prepend"}, {"prepend", "_"}}, "a"), "_a");
  EXPECT_EQ(normal({{"type", "Prepend"}, {"prepend", "_"}}, ""), "");
}

TEST(normalizer, replaces_strings_and_patterns) {
  EXPECT_EQ(normal(replace("String", "aa", "b"), "aaaaa."), "bba.");
  EXPECT_EQ(normal(replace("String", ".", "!"), "a.b"), "a!b");
  EXPECT_EQ(normal(replace("Regex", "\\s+", " "), "a\n\t b  c"), "a b c");
  EXPECT_EQ(normal(replace("String", "", "!"), "ab"), "ab");
}

TEST(normalizer, a_sequence_runs_in_its_order) {
  const Json a = replace("String", "a", "b"), b = replace("String", "b", "c");
  EXPECT_EQ(normal({{"type", "Sequence"}, {"normalizers", {a, b}}}, "ab"), "cc");
  EXPECT_EQ(normal({{"type", "Sequence"}, {"normalizers", {b, a}}}, "ab"), "bc");
  EXPECT_EQ(normal({{"type", "Sequence"}, {"normalizers", Json::array()}}, "ab"), "ab");
}

TEST(normalizer, a_broken_pattern_is_named) {
  const std::string message = message_of<Error>([] { normal(replace("Regex", "a(", ""), "a"); });
  EXPECT_TRUE(has(message, "a(")) << message;
  EXPECT_TRUE(has(message_of<Error>([] { normal(replace("Glob", "a", ""), "a"); }), "Glob"));
}

}  // namespace
}  // namespace moe
