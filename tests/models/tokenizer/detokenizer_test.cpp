#include "models/tokenizer/detokenizer.h"

#include <gtest/gtest.h>

#include "tests/models/tokenizer/tokenizer_json.h"

namespace moe {
namespace {

std::string joined(const Json& json, const std::vector<std::string>& tokens) {
  return Detokenizer(json, "tokenizer.json").join(tokens);
}

TEST(detokenizer, none_joins_tokens_by_blanks) {
  EXPECT_EQ(joined(nullptr, {"a", "b"}), "a b");
  EXPECT_EQ(joined(nullptr, {}), "");
}

TEST(detokenizer, byte_level_puts_bytes_together_before_they_are_read_as_text) {
  const Json json = {{"type", "ByteLevel"}};
  EXPECT_EQ(joined(json, {"\u00C3", "\u00A9", "\u0120x"}), "\u00E9 x");  // the bytes C3 A9 20
  EXPECT_EQ(joined(json, {"\u00C3", "x"}), "\uFFFDx");
  EXPECT_EQ(joined(json, {"\u65E5", "\u0120"}), "\u65E5 ");  // a token that is not of the alphabet
}

TEST(detokenizer, byte_fallback_reads_runs_of_bytes) {
  const Json json = {{"type", "ByteFallback"}};
  EXPECT_EQ(joined(json, {"a", "<0xC3>", "<0xA9>", "b"}), "a\u00E9b");
  EXPECT_EQ(joined(json, {"<0xC3>", "b", "<0xA9>"}), "\uFFFDb\uFFFD");
  EXPECT_EQ(joined(json, {"<0xE2>", "<0x96>"}), "\uFFFD\uFFFD");  // one for each byte
  EXPECT_EQ(joined(json, {"<0xZZ>", "<0x1>", "<0x041>"}), "<0xZZ><0x1><0x041>");
}

TEST(detokenizer, replace_and_fuse) {
  const Json replace = {{"type", "Replace"}, {"pattern", {{"String", "ab"}}}, {"content", "c"}};
  EXPECT_EQ(joined(replace, {"a", "b", "ab"}), "abc");
  const Json both = {{"type", "Sequence"}, {"decoders", {{{"type", "Fuse"}}, replace}}};
  EXPECT_EQ(joined(both, {"a", "b", "ab"}), "cc");
}

TEST(detokenizer, strip_takes_so_many_from_each_token) {
  const Json json = {{"type", "Strip"}, {"content", "_"}, {"start", 1}, {"stop", 2}};
  EXPECT_EQ(joined(json, {"__a___", "_"}), "_a_");
}

TEST(detokenizer, metaspace_drops_the_blanks_of_the_first_token_where_it_prepends) {
  Json json = {{"type", "Metaspace"}, {"replacement", "_"}, {"prepend_scheme", "always"}};
  EXPECT_EQ(joined(json, {"_a", "_b"}), "a b");
  EXPECT_EQ(joined(json, {"__a"}), "a");
  EXPECT_EQ(joined(json, {"_a_b", "_c"}), "ab c");
  EXPECT_EQ(joined(json, {"_", "_a"}), " a");
  json["prepend_scheme"] = "never";
  EXPECT_EQ(joined(json, {"__a"}), "  a");
  EXPECT_EQ(joined(json, {"_a", "_b"}), " a b");
}

}  // namespace
}  // namespace moe
