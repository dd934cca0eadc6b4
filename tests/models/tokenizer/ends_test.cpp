// What tokenizer_config.json says of a tokenizer's ends, and what it does not.
#include <gtest/gtest.h>

#include "tests/models/tokenizer/tokenizer_json.h"

namespace moe {
namespace {

const std::string kBlank = "\u2581";

TEST(tokenizer, ends_are_named_beside_the_file_or_guessed) {
  const TemporaryFolder folder;
  const auto file = folder.write("tokenizer.json", sentencepiece_json({kBlank}).dump());
  EXPECT_EQ(Tokenizer::load(file).bos(), 1);
  EXPECT_EQ(Tokenizer::load(file).eos(), 2);
  folder.write("tokenizer_config.json", R"({"bos_token": null, "eos_token": {"content": "<s>"}})");
  EXPECT_FALSE(Tokenizer::load(file).bos());
  EXPECT_EQ(Tokenizer::load(file).eos(), 1);
  folder.write("tokenizer_config.json", R"({"eos_token": "<s>"})");
  EXPECT_EQ(Tokenizer::load(file).bos(), 1);
  EXPECT_EQ(Tokenizer::load(file).eos(), 1);
  folder.write("tokenizer_config.json", R"({"bos_token": 7, "eos_token": {"content": []}})");
  EXPECT_FALSE(Tokenizer::load(file).eos());
}

TEST(tokenizer, the_post_processor_decides_what_is_added_and_not_the_flags_beside_it) {
  const TemporaryFolder folder;
  const auto file = folder.write("tokenizer.json", sentencepiece_json({kBlank, "a"}).dump());
  const std::vector<TokenId> expected = Tokenizer::load(file).encode("a");
  EXPECT_EQ(expected.front(), 1);
  for (const char* flags : {R"("add_bos_token": false)", R"("add_eos_token": true)"}) {
    folder.write("tokenizer_config.json",
                 fmt::format(R"({{"bos_token": "<s>", "eos_token": "</s>", {}}})", flags));
    EXPECT_EQ(Tokenizer::load(file).encode("a"), expected) << flags;
  }
}

}  // namespace
}  // namespace moe
