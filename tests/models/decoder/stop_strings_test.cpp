// Where stop strings end a text.
#include "models/decoder/stop_strings.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/models/decoder/generation.h"
#include "tests/models/tokenizer/tokenizer_json.h"

namespace moe {
namespace {

/// A byte-level BPE of 330 tokens, some of several letters.
Tokenizer pieces() {
  return Tokenizer::load(std::filesystem::path(MOE_SOURCE_DIR) /
                         "tests/goldens/lm_eval/tokenizer.json");
}

/// Every stop string splits what the ones before it have left, as lm-evaluation-harness does it:
/// one token may hold two of them.
TEST(generation, cuts_the_text_at_every_stop_string) {
  const Config config = tiny_config({.vocab = 330});
  Request request = prompts(config.vocab).front();
  request.max_new_tokens = 60;
  TinyWeights weights(config);
  NativeEngine engine(config, weights, pieces(), NativeOptions{.threads = 1, .limits = {}});
  const auto whole = generated(engine, std::span(&request, 1)).front();
  const Tokenizer tokenizer = pieces();
  const auto plain_letter = [](char c) { return c >= ' ' && c <= '~'; };
  for (std::size_t i = 0; i < whole.ids.size(); ++i) {
    const std::span ids(whole.ids);
    const std::string before = tokenizer.decode(ids.first(i)),
                      piece = tokenizer.decode(ids.subspan(i, 1));
    if (piece.size() < 2 || piece.front() == piece.back() || !plain_letter(piece.front()) ||
        !plain_letter(piece.back()) || before.find_first_of(piece) != std::string::npos)
      continue;
    request.stop = {piece.substr(piece.size() - 1), piece.substr(0, 1)};
    EXPECT_EQ(generated(engine, std::span(&request, 1)).front().text, before);
    return;
  }
  FAIL() << "no token of several letters among " << whole.text;
}

TEST(generation, ends_where_a_stop_string_appears) {
  Config config = tiny_config({.vocab = 258});
  config.eos_ids = {257};
  Request request = prompts(258).front();
  request.max_new_tokens = 24;
  const auto engine = engine_of(config, 1);
  const Ids whole = generated(*engine, std::span(&request, 1)).front().ids;
  const auto letter = std::ranges::find_if(whole, [](TokenId id) { return id < 128; });
  ASSERT_NE(letter, whole.end());
  request.stop = {std::string(1, static_cast<char>(*letter))};
  EXPECT_EQ(generated(*engine, std::span(&request, 1)).front().ids, Ids(whole.begin(), letter + 1));
}

/// Found after the same token as by reading the whole text, which costs its square.
void expect_found_as_in_the_whole(const Tokenizer& tokenizer, std::mt19937_64& random) {
  for (int round = 0; round < 300; ++round) {
    Ids ids;
    for (int i = 0; i < 200; ++i)
      ids.push_back(static_cast<TokenId>(random() % static_cast<std::uint64_t>(tokenizer.size())));
    const std::string whole = tokenizer.decode(ids);
    const std::size_t at = random() % whole.size();
    const std::vector<std::string> stop = {whole.substr(at, 1 + random() % 40), ""};
    StopSearch search(tokenizer, stop);
    for (std::size_t n = 1; n <= ids.size(); ++n) {
      const std::span<const TokenId> so_far = std::span(ids).first(n);
      std::string text = tokenizer.decode(so_far);
      const bool expected = cut_at_stop(text, stop);
      ASSERT_EQ(search.found(so_far), expected) << round << " after " << n;
      if (expected) break;
    }
  }
}

TEST(stop_search, finds_what_the_whole_text_has) {
  std::mt19937_64 random(9);
  expect_found_as_in_the_whole(pieces(), random);
  const std::string blank = "\u2581";
  expect_found_as_in_the_whole(
      tokenizer_of(sentencepiece_json({blank, "a", "b", "\u00E9"}, {{blank, "a"}, {"a", "b"}})),
      random);
}

TEST(stop_search, without_stop_strings_finds_none) {
  const Tokenizer tokenizer = Tokenizer::bytes();
  const Ids ids = {65, 66};
  EXPECT_FALSE(StopSearch(tokenizer, {}).found(ids));
  const std::vector<std::string> empty = {""};
  EXPECT_FALSE(StopSearch(tokenizer, empty).found(ids));
}

}  // namespace
}  // namespace moe
