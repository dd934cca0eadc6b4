#include "models/tokenizer/added_tokens.h"

#include <gtest/gtest.h>

#include "tests/models/tokenizer/tokenizer_json.h"

namespace moe {
namespace {

using Pieces = std::vector<std::pair<std::string, TokenId>>;  // -1: text

Json token(int id, const char* content, const Json& options = Json::object()) {
  Json json = {{"id", id}, {"content", content}, {"special", false}, {"normalized", false}};
  json.update(options);
  return json;
}

Pieces pieces(const Json& list, std::string_view text) {
  Pieces out;
  for (const TextPiece& piece : AddedTokens(list, Normalizer(nullptr, "f"), "f").split(text, false))
    out.emplace_back(piece.text, piece.id.value_or(-1));
  return out;
}

TEST(added_tokens, are_found_anywhere_the_longest_first) {
  const Json list = {token(1, "<a>"), token(2, "<a><b>"), token(3, "<")};
  EXPECT_EQ(pieces(list, "x<a>y<a><b><"),
            (Pieces{{"x", -1}, {"<a>", 1}, {"y", -1}, {"<a><b>", 2}, {"<", 3}}));
  EXPECT_EQ(pieces(list, ""), Pieces{});
  EXPECT_EQ(pieces(nullptr, "<a>"), (Pieces{{"<a>", -1}}));
}

TEST(added_tokens, lstrip_and_rstrip_take_white_space_with_them) {
  const char* text = "a \n<m>\u00A0 b";
  EXPECT_EQ(pieces(Json::array({token(1, "<m>", {{"lstrip", true}})}), text),
            (Pieces{{"a", -1}, {" \n<m>", 1}, {"\u00A0 b", -1}}));
  EXPECT_EQ(pieces(Json::array({token(1, "<m>", {{"rstrip", true}})}), text),
            (Pieces{{"a \n", -1}, {"<m>\u00A0 ", 1}, {"b", -1}}));
}

TEST(added_tokens, lstrip_leaves_what_rstrip_of_the_one_before_took) {
  const Json list = {token(1, "<r>", {{"rstrip", true}}), token(2, "<l>", {{"lstrip", true}})};
  EXPECT_EQ(pieces(list, "<r>  <l>"), (Pieces{{"<r>  ", 1}, {"<l>", 2}}));
}

TEST(added_tokens, single_words_stand_between_what_is_no_word) {
  const Json list = Json::array({token(1, "no", {{"single_word", true}})});
  const auto found = [&](const char* text) {
    const Pieces all = pieces(list, text);
    return std::ranges::any_of(all, [](const auto& piece) { return piece.second == 1; });
  };
  for (const char* text : {"no", "a no b", "-no-", "no.", "\u00BDno"})
    EXPECT_TRUE(found(text)) << text;
  for (const char* text : {"nose", "\u00E9no", "_no", "no1", "e\u0301no", "\u65E5no"})
    EXPECT_FALSE(found(text)) << text;
}

TEST(added_tokens, normalized_ones_are_looked_for_in_normalized_text) {
  Json json = byte_level_json();
  json["normalizer"] = {{"type", "Lowercase"}};
  json["added_tokens"] = {token(300, "RAW"), token(301, "Norm", {{"normalized", true}})};
  const Tokenizer tokenizer = tokenizer_of(json);
  EXPECT_EQ(tokens_of(tokenizer, "RAW"), (std::vector<std::string>{"RAW"}));
  EXPECT_EQ(tokens_of(tokenizer, "raw"), (std::vector<std::string>{"r", "a", "w"}));
  EXPECT_EQ(tokens_of(tokenizer, "nORM"), (std::vector<std::string>{"Norm"}));
}

TEST(added_tokens, special_ones_are_left_out_of_decoded_text_where_asked) {
  Json json = byte_level_json();
  json["added_tokens"] = {token(256, "<s>", {{"special", true}}), token(300, "<kept>")};
  const Tokenizer tokenizer = tokenizer_of(json);
  const std::vector<TokenId> ids = tokenizer.encode("<s>a<kept>b");
  EXPECT_EQ(ids, (std::vector<TokenId>{256, 'a', 300, 'b'}));
  EXPECT_EQ(tokenizer.decode(ids), "a<kept>b");
  EXPECT_EQ(tokenizer.decode(ids, /*skip_special_tokens=*/false), "<s>a<kept>b");
}

TEST(added_tokens, one_text_with_two_ids_is_refused) {
  Json json = byte_level_json();
  json["added_tokens"] = Json::array({token(300, "a")});
  EXPECT_TRUE(has(refusal(json), "300")) << refusal(json);
  json["added_tokens"] = {token(300, "<x>"), token(301, "<x>")};
  EXPECT_TRUE(has(refusal(json), "<x>")) << refusal(json);
}

}  // namespace
}  // namespace moe
