#include "models/tokenizer/tokenizer.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/models/tokenizer/tokenizer_json.h"

namespace moe {
namespace {

using Tokens = std::vector<std::string>;
const std::string kBlank = "\u2581";

TEST(tokenizer, merges_apply_in_the_order_of_the_file) {
  const Tokenizer tokenizer = tokenizer_of(byte_level_json({{"a", "b"}, {"b", "c"}, {"ab", "c"}}));
  EXPECT_EQ(tokens_of(tokenizer, "abc"), (Tokens{"abc"}));
  EXPECT_EQ(tokens_of(tokenizer_of(byte_level_json({{"b", "c"}, {"a", "b"}})), "abc"),
            (Tokens{"a", "bc"}));
  EXPECT_EQ(tokens_of(tokenizer, "bcab"), (Tokens{"bc", "ab"}));
}

TEST(tokenizer, the_last_of_two_equal_merges_counts) {
  const Tokenizer tokenizer = tokenizer_of(byte_level_json({{"a", "b"}, {"b", "c"}, {"a", "b"}}));
  EXPECT_EQ(tokens_of(tokenizer, "abc"), (Tokens{"a", "bc"}));
}

TEST(tokenizer, merges_stop_at_words) {
  const Tokenizer tokenizer = tokenizer_of(byte_level_json({{"a", "\u0120"}, {"\u0120", "b"}}));
  EXPECT_EQ(tokens_of(tokenizer, "a b"), (Tokens{"a", "\u0120b"}));
}

TEST(tokenizer, bytes_and_back_is_the_same_text) {
  const Tokenizer bytes = Tokenizer::bytes();
  const Tokenizer merged = tokenizer_of(byte_level_json(
      {{"\u00C3", "\u00A9"}, {"\u0120", "a"}, {"a", "a"}, {"aa", "aa"}, {"\u0100", "\u0100"}}));
  std::mt19937_64 random(6);
  for (int i = 0; i < 1000; ++i) {
    const std::string text = random_text(random, 60) + (i % 3 == 0 ? "aaa \u00E9" : "");
    for (const Tokenizer* tokenizer : {&bytes, &merged}) {
      const std::vector<TokenId> ids = tokenizer->encode(text);
      EXPECT_EQ(tokenizer->decode(ids), text);
      for (const TokenId id : ids) EXPECT_LT(id, tokenizer->size());
    }
  }
}

TEST(tokenizer, nul_is_a_byte_like_any_other) {
  const std::string text("a\0b\0", 4);
  const Tokenizer tokenizer = Tokenizer::bytes();
  EXPECT_EQ(tokenizer.encode(text, false), (std::vector<TokenId>{'a', 0, 'b', 0}));
  EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
}

TEST(tokenizer, bytes_that_are_not_utf8_are_replaced) {
  const Tokenizer tokenizer = Tokenizer::bytes();
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("a\xFF\xE2\x96z")), "a\uFFFD\uFFFDz");
  std::mt19937_64 random(7);
  const Tokenizer pieces = tokenizer_of(sentencepiece_json({kBlank, "a"}, {{kBlank, "a"}}));
  for (int i = 0; i < 300; ++i) {
    std::string text(random() % 30, '\0');
    for (char& byte : text) byte = static_cast<char>(random());
    EXPECT_EQ(tokenizer.encode(text), tokenizer.encode(to_utf8(text)));
    EXPECT_EQ(pieces.encode(text), pieces.encode(to_utf8(text)));
    EXPECT_EQ(pieces.decode(pieces.encode(text)), to_utf8(text));
  }
}

TEST(tokenizer, sentencepiece_text_begins_with_a_blank_that_decoding_drops) {
  const Tokenizer tokenizer =
      tokenizer_of(sentencepiece_json({kBlank, "a", "b"}, {{kBlank, "a"}, {"a", "b"}}));
  EXPECT_EQ(tokens_of(tokenizer, "a ab"), (Tokens{kBlank + "a", kBlank + "a", "b"}));
  for (const char* text : {"a ab", " a", "b  b ", "\n", " "})
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
}

TEST(tokenizer, characters_without_an_entry_are_bytes_or_unknown) {
  Json json = sentencepiece_json({kBlank, "a"});
  EXPECT_EQ(tokens_of(tokenizer_of(json), "a\u00E9"), (Tokens{kBlank, "a", "<0xC3>", "<0xA9>"}));
  json["model"]["byte_fallback"] = false;
  EXPECT_EQ(tokens_of(tokenizer_of(json), "\u00E9\u00E9a\u00E9"),
            (Tokens{kBlank, "<unk>", "a", "<unk>"}));
  json["model"]["fuse_unk"] = false;
  EXPECT_EQ(tokens_of(tokenizer_of(json), "\u00E9\u00E9"), (Tokens{kBlank, "<unk>", "<unk>"}));
  json["model"]["unk_token"] = nullptr;
  EXPECT_EQ(tokens_of(tokenizer_of(json), "\u00E9a\u00E9"), (Tokens{kBlank, "a"}));
}

TEST(tokenizer, whole_words_of_the_vocabulary_may_skip_the_merges) {
  Json json = byte_level_json({{"b", "c"}, {"a", "bc"}});
  json["model"]["vocab"]["ab"] = 400;
  EXPECT_EQ(tokens_of(tokenizer_of(json), "ab"), (Tokens{"a", "b"}));
  json["model"]["ignore_merges"] = true;
  EXPECT_EQ(tokens_of(tokenizer_of(json), "ab"), (Tokens{"ab"}));
}

TEST(tokenizer, long_text_without_words_equals_its_parts) {
  const Tokenizer tokenizer = tokenizer_of(
      sentencepiece_json({kBlank, "a", "b"}, {{kBlank, "a"}, {"b", "b"}, {"bb", "bb"}}));
  std::string text;
  Tokens expected;
  for (int i = 0; i < 20'000; ++i) {
    text += i == 0 ? "abbbbb" : " abbbbb";
    expected.insert(expected.end(), {kBlank + "a", "bbbb", "b"});
  }
  EXPECT_EQ(tokens_of(tokenizer, text), expected);
}

TEST(tokenizer, runs_of_blanks_stay_together) {
  const Tokenizer tokenizer =
      tokenizer_of(sentencepiece_json({kBlank, "a"}, {{kBlank, kBlank}, {kBlank + kBlank, "a"}}));
  EXPECT_EQ(tokens_of(tokenizer, "a  a   a"),
            (Tokens{kBlank, "a", kBlank + kBlank + "a", kBlank + kBlank, kBlank, "a"}));
}

TEST(tokenizer, only_the_first_piece_of_a_text_is_first) {
  Json json = sentencepiece_json({kBlank, "a"}, {{kBlank, "a"}});
  json["normalizer"] = nullptr;
  json["pre_tokenizer"] = {
      {"type", "Metaspace"}, {"replacement", kBlank}, {"prepend_scheme", "first"}};
  const Tokenizer tokenizer = tokenizer_of(json);
  EXPECT_EQ(tokens_of(tokenizer, "a<s>a"), (Tokens{kBlank + "a", "<s>", "a"}));
  EXPECT_EQ(tokens_of(tokenizer, "<s>a a"), (Tokens{"<s>", "a", kBlank + "a"}));
}

TEST(tokenizer, the_template_stands_around_every_text_where_asked) {
  Json json = sentencepiece_json({kBlank, "a"});
  json["post_processor"]["single"].push_back({{"SpecialToken", {{"id", "</s>"}}}});
  json["post_processor"]["special_tokens"]["</s>"] = {{"id", "</s>"}, {"ids", {2}}};
  const Tokenizer tokenizer = tokenizer_of(json);
  EXPECT_EQ(tokenizer.encode("").front(), 1);
  EXPECT_EQ(tokenizer.encode("a").front(), 1);
  EXPECT_EQ(tokenizer.encode("a").back(), 2);
  EXPECT_EQ(tokenizer.encode("a").size(), tokenizer.encode("a", false).size() + 2);
  json["post_processor"] = {{"type", "Sequence"},
                            {"processors", {{{"type", "ByteLevel"}}, json["post_processor"]}}};
  EXPECT_EQ(tokenizer_of(json).encode("a"), tokenizer.encode("a"));
}

TEST(tokenizer, empty_text_is_no_token) {
  EXPECT_TRUE(Tokenizer::bytes().encode("", false).empty());
  EXPECT_TRUE(tokenizer_of(sentencepiece_json({kBlank})).encode("", false).empty());
  EXPECT_EQ(Tokenizer::bytes().decode({}), "");
}

TEST(tokenizer, ids_out_of_range_have_no_text_and_no_name) {
  const Tokenizer tokenizer = Tokenizer::bytes();
  const std::vector<TokenId> ids = {
      -1, 'a', 258, std::numeric_limits<TokenId>::max(), 'b', std::numeric_limits<TokenId>::min()};
  EXPECT_EQ(tokenizer.decode(ids), "ab");
  for (const TokenId id : {-1, 258})
    EXPECT_TRUE(has(message_of<Error>([&] { tokenizer.token(id); }), std::to_string(id)));
  EXPECT_EQ(tokenizer.size(), 258);
}

TEST(tokenizer, the_digest_is_that_of_the_file) {
  const Json json = byte_level_json();
  EXPECT_EQ(tokenizer_of(json).digest(), tokenizer_of(json).digest());
  EXPECT_NE(tokenizer_of(json).digest(), tokenizer_of(byte_level_json({{"a", "b"}})).digest());
  EXPECT_EQ(tokenizer_of(json).digest().size(), 64U);
}

TEST(tokenizer, several_threads_may_encode_at_once) {
  const Tokenizer tokenizer = tokenizer_of(byte_level_json({{"a", "b"}, {"ab", "ab"}}));
  std::mt19937_64 random(8);
  std::vector<std::string> texts;
  for (int i = 0; i < 200; ++i) texts.push_back(random_text(random, 20) + "ababab abab");
  std::vector<std::vector<TokenId>> expected;
  const Tokenizer alone = tokenizer_of(byte_level_json({{"a", "b"}, {"ab", "ab"}}));
  for (const std::string& text : texts) expected.push_back(alone.encode(text));
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  for (int& count : wrong) {
    threads.emplace_back([&] {
      for (std::size_t i = 0; i < texts.size(); ++i)
        count += tokenizer.encode(texts[i]) == expected[i] ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

}  // namespace
}  // namespace moe
